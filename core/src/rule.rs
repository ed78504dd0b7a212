//! When a CLOSED circuit opens: the one decision that a rule makes.
//!
//! A rule is a type, chosen at compile time, so that the consecutive rule costs nothing for the others' sake. What a
//! rule remembers beyond the count in the state (a window of results, say) is recorded by the shell and reaches
//! [`step_with`](crate::machine::step_with) as the rule's evidence.
//!
//! ```
//! use halfopen::machine::{Consecutive, TripRule};
//! use halfopen::{Config, Reason};
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::circuit::CircuitState;
    use crate::config::CircuitBreakerConfiguration;
    use crate::event::{Event, Outcome};
    use crate::state::State;
    use crate::step::step_with;
    use crate::time::Timestamp;

    /// Opens when its memory, wherever that is, says so; a success can be what tips it.
    struct Remembered;

    impl TripRule for Remembered {
        type Evidence = bool;

        fn trips(_: &Policy, _: u16, too_many: bool) -> Option<Reason> {
            too_many.then_some(Reason::ConsecutiveFailures)
        }
    }

    #[test]
    fn another_rule_opens_by_its_own_evidence_alone() {
        let policy = CircuitBreakerConfiguration::new().failure_threshold(1).validate().unwrap();
        let settle = |outcome, too_many| {
            let event = Event::Settle(None, outcome);
            step_with::<Remembered>(&policy, State::NEW, event, Timestamp::ZERO, too_many).next.unwrap_or(State::NEW)
        };
        assert_eq!(settle(Outcome::Failure, false).circuit(), CircuitState::Closed);
        assert_eq!(settle(Outcome::Failure, true).circuit(), CircuitState::Open);
        assert_eq!(settle(Outcome::Success, true).circuit(), CircuitState::Open);
    }
}
