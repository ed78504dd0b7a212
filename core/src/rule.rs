//! When a CLOSED circuit opens: the one decision that a rule makes.
//!
//! A rule is a type, chosen at compile time, so that the consecutive rule costs nothing for the others' sake. What a
//! rule remembers beyond the count in the state (a window of results, say) is recorded by the shell and reaches
//! [`step_with`](crate::step_with) as the rule's evidence.
//!
//! ```
//! use halfopen::{Config, Consecutive, Reason, TripRule};
//!
//! let policy = Config::new().failure_threshold(3).validate().unwrap();
//! assert_eq!(Consecutive::trips(&policy, 2, ()), None);
//! assert_eq!(Consecutive::trips(&policy, 3, ()), Some(Reason::ConsecutiveFailures));
//! ```

use crate::config::Policy;
use crate::event::Reason;

/// Decides, after each outcome that is recorded in CLOSED, whether the circuit opens.
pub trait TripRule {
    /// What the rule's memory says once the outcome is in it; `()` where the state's own count is enough.
    type Evidence: Copy;

    /// Why the circuit opens, or `None` if it stays CLOSED.
    ///
    /// MUST be pure: it may be called several times for one outcome.
    fn trips(policy: &Policy, failure_count: u16, evidence: Self::Evidence) -> Option<Reason>;
}

/// Opens at the n-th consecutive failure; a success begins the count anew. The contract's rule, and the default.
#[derive(Clone, Copy, Debug, Default)]
pub struct Consecutive;

impl TripRule for Consecutive {
    type Evidence = ();

    #[inline]
    fn trips(policy: &Policy, failure_count: u16, (): ()) -> Option<Reason> {
        (failure_count >= policy.failure_threshold()).then_some(Reason::ConsecutiveFailures)
    }
}
