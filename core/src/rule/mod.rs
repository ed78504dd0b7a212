//! When a CLOSED circuit opens, and how it comes back: what differs from rule to rule.
//!
//! A rule is a type, chosen at compile time, so that the consecutive rule costs nothing for the others' sake. What a
//! rule remembers beyond the count in the state (a window of results, say) is recorded by the shell and reaches
//! [`step_with`](crate::machine::step_with) as the rule's evidence.
//!
//! ```
//! use halfopen::machine::{State, TripRule};
//! use halfopen::rules::Consecutive;
//! use halfopen::{Config, Outcome, Reason};
//!
//! let policy = Config::new().failure_threshold(2).validate()?;
//! let first = Consecutive::judge(&policy, State::NEW, Outcome::Failure, ());
//! assert_eq!(first.reason, None);
//! let second = Consecutive::judge(&policy, first.counted, Outcome::Failure, ());
//! assert_eq!(second.reason, Some(Reason::ConsecutiveFailures));
//! # Ok::<(), halfopen::ConfigError>(())
//! ```

mod rates;
mod recovery;
mod trials;

pub use rates::Counts;
pub use recovery::Luck;
pub(crate) use trials::{Round, Trials};

use crate::config::{Policy, Recovery};
use crate::event::Outcome;
use crate::state::State;
use crate::transition::{Reason, Tally};

/// What a rule makes of an outcome that was recorded in CLOSED.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Judgement {
    /// The state with its failure count as it is now.
    pub counted: State,
    /// Why the circuit opens, or `None` if it stays CLOSED.
    pub reason: Option<Reason>,
}

/// Decides when a CLOSED circuit opens and how it comes back.
///
/// Every function MUST be pure: it may be called several times for one event.
pub trait TripRule {
    /// The checked configuration.
    type Policy: Copy;
    /// What the rule's memory says of an event; `()` where the state's own count is enough.
    type Evidence: Copy + Default;
    /// Whether outcomes in CLOSED go into a window.
    const WINDOW: bool = false;

    /// The same for one policy, where the rule is chosen by it.
    #[inline(always)]
    fn windowed(policy: &Self::Policy) -> bool {
        let _ = policy;
        Self::WINDOW
    }

    /// What every rule has.
    fn base(policy: &Self::Policy) -> &Policy;

    /// What becomes of the failure count, and whether the circuit opens, once `outcome` is in the memory. Asked for each
    /// outcome in CLOSED that is not ignored.
    fn judge(policy: &Self::Policy, state: State, outcome: Outcome, evidence: Self::Evidence) -> Judgement;

    /// What the window held, for the transition that opens.
    #[inline(always)]
    fn tally(policy: &Self::Policy, evidence: Self::Evidence) -> Option<Tally> {
        let _ = (policy, evidence);
        None
    }

    /// What `outcome` counts as: a slow success may be a failure, perhaps only as a `probe`.
    #[inline(always)]
    fn weigh(policy: &Self::Policy, probe: bool, outcome: Outcome, evidence: Self::Evidence) -> Outcome {
        let _ = (policy, probe, evidence);
        outcome
    }

    /// A call that takes longer is slow, in milliseconds; 0 where calls are not timed.
    #[inline(always)]
    fn slow_call_ms(policy: &Self::Policy) -> u32 {
        let _ = policy;
        0
    }

    /// How the circuit comes back where that is not after a fixed time with one failed probe too many.
    #[inline(always)]
    fn recovery(policy: &Self::Policy) -> Option<&Recovery> {
        let _ = policy;
        None
    }

    /// Failures up to now, in a state that is to be kept as it is: of a window those that it holds.
    #[inline(always)]
    fn counted(state: State, evidence: Self::Evidence) -> u16 {
        let _ = evidence;
        state.failure_count()
    }

    /// What that depends on besides the state.
    #[inline(always)]
    fn luck(evidence: Self::Evidence) -> Luck {
        let _ = evidence;
        Luck::default()
    }
}
