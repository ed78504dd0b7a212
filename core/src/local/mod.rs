//! A breaker for one owner, whose rule is chosen when the program runs: for ports to languages in which it cannot be a type.
//!
//! One copy of the code serves every rule, which is what counts where code is downloaded. It decides by the same `step` and
//! remembers in the same windows as [`CircuitBreaker`](crate::CircuitBreaker); it has no name and no clock, and what happens
//! with a call is given by the caller: the time, and chance.
//!
//! ```
//! use halfopen::local::{At, LocalBreaker, LocalRule};
//! use halfopen::machine::{Event, Verdict};
//! use halfopen::{Config, Outcome, Receipt, Timestamp};
//!
//! let policy = LocalRule::Consecutive.check(&Config::new().failure_threshold(1), false)?;
//! let mut breaker = LocalBreaker::new(policy, &mut []);
//! let at = At { now: Timestamp::from_millis(7), random: 0 };
//! let settled = breaker.dispatch(Event::Settle(None, Outcome::Failure), None, at, &());
//! assert_eq!(settled, Verdict::Settled(Receipt::Recorded));
//! assert!(!breaker.allow_untimed());
//! assert!(matches!(breaker.dispatch(Event::Acquire, None, at, &()), Verdict::Refused(_)));
//! # Ok::<(), halfopen::ConfigError>(())
//! ```

mod kept;
mod look;
mod policy;
mod rule;
mod run;
mod window;

pub use policy::{LocalPolicy, LocalRule};
pub use run::At;
pub(crate) use window::BUCKETS;

pub use crate::config::{ConfigNumbers, NumbersError, NumbersProblem};
use crate::rules::opening::{Length, Opening};
use crate::state::State;
use crate::time::Timestamp;
use window::Head;

/// A breaker of one owner.
pub struct LocalBreaker<'a> {
    policy: LocalPolicy,
    state: State,
    opening: Opening,
    length: Length,
    last_failure: Option<Timestamp>,
    head: Head,
    words: &'a mut [u32],
}

impl<'a> LocalBreaker<'a> {
    /// What is shown of it.
    #[cfg(feature = "defmt")]
    pub(crate) const fn shown(&self) -> (State, &LocalPolicy) {
        (self.state, &self.policy)
    }

    /// A CLOSED circuit with nothing counted. `words` is what its window is kept in: as many as
    /// [`LocalPolicy::words`] says, with whatever in them. A call for which there is no room is forgotten.
    pub const fn new(policy: LocalPolicy, words: &'a mut [u32]) -> Self {
        let head = Head { at: 0, used: 0, failures: 0, slow_calls: 0 };
        let (opening, length) = (Opening::NONE, Length::NONE);
        Self { policy, state: State::NEW, opening, length, last_failure: None, head, words }
    }
}

impl core::fmt::Debug for LocalBreaker<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("LocalBreaker").field("state", &self.state).field("policy", &self.policy).finish_non_exhaustive()
    }
}
