//! The rules by which a circuit opens and comes back, and what each of them remembers.
//!
//! | rule | opens | remembers |
//! | --- | --- | --- |
//! | [`Consecutive`] (default) | at the n-th failure in a row | a count in the state |
//! | [`ConsecutiveSlow`] | the same, and a slow call is a failure | the same |
//! | [`CountWindow<N>`](CountWindow) | by the share of failures or slow calls among the last N | two bits a call |
//! | [`TimeWindow<B>`](TimeWindow) | the same, over a time in B buckets | 16 bytes a bucket |
//! | [`Adaptive<R>`](Adaptive) | as R; comes back by growing times, by rate, by a ramp | 8 bytes more |
//!
//! A rule is a type, and its checked configuration goes into [`CircuitBreaker::with_rule`](crate::CircuitBreaker::with_rule),
//! which is a `const fn`:
//!
//! ```
//! use core::time::Duration;
//! use halfopen::rules::{Adaptive, CountWindow};
//! use halfopen::{CircuitBreaker, Config, ManualClock, Reason};
//!
//! const CONFIG: Config = Config::new()
//!     .failure_rate_threshold(50)
//!     .minimum_calls(10)
//!     .recovery_timeout(Duration::from_secs(1))
//!     .recovery_multiplier_percent(200);
//!
//! static CLOCK: ManualClock = ManualClock::new();
//! static RADIO: CircuitBreaker<&ManualClock, (), &str, Adaptive<CountWindow<64>>> =
//!     CircuitBreaker::with_rule("radio", Adaptive::<CountWindow<64>>::with(CONFIG), &CLOCK, ());
//!
//! assert!(RADIO.try_acquire().is_ok());
//! ```
//!
//! A field of the configuration that a rule has no use for is an error, not a surprise:
//!
//! ```compile_fail,E0080
//! use halfopen::rules::{Checked, CountWindow};
//! use halfopen::Config;
//!
//! const RULE: Checked<CountWindow<64>> = CountWindow::<64>::with(Config::new().recovery_jitter_percent(20));
//! ```

/// The two constructors of a rule's checked configuration, which are `const fn` and so cannot be a trait's. A bound is that of
/// the functions and not of the `impl`, where the compiler would say nothing but that it is not met.
macro_rules! constructors {
    ([$($generics:tt)*] $rule:ty $(where [$($bound:tt)*])?, $config:ident => $check:expr) => {
        impl<$($generics)*> $rule {
            /// Checks `config` for this rule.
            ///
            /// # Errors
            ///
            /// A [`ConfigError`] for the first field that is out of its range, or that the rule has no use for.
            pub const fn try_with($config: CircuitBreakerConfiguration) -> Result<Checked<Self>, ConfigError>
            $(where $($bound)*)? {
                match ($config.not_in_memory(), $check) {
                    (Some(error), _) | (None, Err(error)) => Err(error),
                    (None, Ok(policy)) => Ok(Checked::new(policy)),
                }
            }

            /// As [`try_with`](Self::try_with).
            ///
            /// # Panics
            ///
            /// With the text of the error, which in a `const` or `static` is a compile error.
            #[track_caller]
            #[must_use]
            pub const fn with(config: CircuitBreakerConfiguration) -> Checked<Self>
            $(where $($bound)*)? {
                match Self::try_with(config) {
                    Ok(checked) => checked,
                    Err(error) => error.panic(),
                }
            }
        }
    };
}

mod adaptive;
pub(crate) mod consecutive;
mod count;
mod random;
mod time;
pub(crate) mod window;

pub use adaptive::Adaptive;
pub(crate) use adaptive::opening;
pub use consecutive::{Consecutive, ConsecutiveSlow};
pub use count::{Calls, CountWindow, Room};
pub use random::{Random, Weyl};
pub use time::TimeWindow;

use crate::config::CircuitBreakerConfiguration;
use crate::config_error::ConfigError;
use crate::event::Event;
use crate::rule::TripRule;
use crate::state::State;
use crate::time::Timestamp;

/// The checked configuration of a rule, by which a breaker or a table is made.
pub struct Checked<R: Rule> {
    policy: R::Policy,
}

impl<R: Rule> Checked<R> {
    pub(crate) const fn new(policy: R::Policy) -> Self {
        Self { policy }
    }

    /// The values.
    #[must_use]
    pub const fn policy(&self) -> &R::Policy {
        &self.policy
    }

    /// Checks a configuration that is only known at run time.
    ///
    /// # Errors
    ///
    /// A [`ConfigError`] for the first field that is out of its range, or that the rule has no use for.
    pub fn try_from_config(config: &CircuitBreakerConfiguration) -> Result<Self, ConfigError> {
        match config.not_in_memory() {
            Some(error) => Err(error),
            None => R::check(config).map(Self::new),
        }
    }
}

impl<R: Rule> Clone for Checked<R> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<R: Rule> Copy for Checked<R> {}

impl<R: Rule> core::fmt::Debug for Checked<R>
where
    R::Policy: core::fmt::Debug,
{
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_tuple("Checked").field(&self.policy).finish()
    }
}

/// A rule with the memory that it needs. Implemented by the rules of this module, and by no other.
#[diagnostic::on_unimplemented(note = "the rules are in `halfopen::rules`; see `Room` for the sizes of a count window")]
pub trait Rule: TripRule + sealed::Sealed + Sized {
    /// What is remembered between two calls.
    #[doc(hidden)]
    type Memory;

    #[doc(hidden)]
    #[cfg(not(halfopen_loom))]
    const EMPTY: Self::Memory;

    #[doc(hidden)]
    #[cfg(halfopen_loom)]
    fn empty() -> Self::Memory;

    #[doc(hidden)]
    fn check(config: &CircuitBreakerConfiguration) -> Result<Self::Policy, ConfigError>;

    /// Whether there are successes that leave the memory as it is.
    #[doc(hidden)]
    const QUIETS: bool = true;

    /// Whether a success of this generation that is not slow would leave the memory as it is.
    #[doc(hidden)]
    #[inline(always)]
    fn is_quiet(memory: &Self::Memory, generation: u16) -> bool {
        let _ = (memory, generation);
        true
    }

    /// Puts a call into the memory of this generation.
    #[doc(hidden)]
    #[inline(always)]
    fn record(policy: &Self::Policy, memory: &Self::Memory, call: Call, read: impl FnMut() -> Moment) -> Recorded {
        let _ = (policy, memory, call.still, read);
        Recorded::Quietly
    }

    /// What the memory says of an event.
    #[doc(hidden)]
    fn evidence(policy: &Self::Policy, memory: &Self::Memory, scene: Scene) -> Self::Evidence;

    /// Stores what belongs to `next`, before the state itself. `false`: somebody else has changed it.
    #[doc(hidden)]
    #[inline(always)]
    fn prepare(
        policy: &Self::Policy,
        memory: &Self::Memory,
        state: State,
        next: State,
        evidence: Self::Evidence,
    ) -> bool {
        let _ = (policy, memory, state, next, evidence);
        true
    }

    /// After an OPEN circuit was tripped: the wait that begins anew is an ordinary one.
    #[doc(hidden)]
    #[inline(always)]
    fn tripped_again(policy: &Self::Policy, memory: &Self::Memory, evidence: Self::Evidence) {
        let _ = (policy, memory, evidence);
    }

    /// How long the opening that is lasts in all.
    #[doc(hidden)]
    #[inline(always)]
    fn open_ms(policy: &Self::Policy, memory: &Self::Memory) -> u32 {
        let _ = memory;
        Self::base(policy).recovery_timeout_ms()
    }

    /// Empties the window of a generation.
    #[doc(hidden)]
    #[inline(always)]
    fn clear(memory: &Self::Memory, generation: u16) {
        let _ = (memory, generation);
    }

    /// Lets a window go on in another generation.
    #[doc(hidden)]
    #[inline(always)]
    fn carry(memory: &Self::Memory, from: u16, to: u16) {
        let _ = (memory, from, to);
    }

    /// Failures in a window that belongs to `state`.
    #[doc(hidden)]
    #[inline(always)]
    fn failures(policy: &Self::Policy, memory: &Self::Memory, state: State, now: impl Fn() -> Timestamp) -> u32 {
        let _ = (policy, memory, now);
        state.failure_count().into()
    }

    /// How often the circuit has opened again since it was CLOSED.
    #[doc(hidden)]
    #[inline(always)]
    fn reopenings(memory: &Self::Memory, state: State) -> u8 {
        let _ = (memory, state);
        0
    }

    /// Before the state of a snapshot is stored: nothing may end sooner by this.
    #[doc(hidden)]
    #[inline(always)]
    fn restore(policy: &Self::Policy, memory: &Self::Memory, generation: u16, reopenings: u8) {
        let _ = (policy, memory, generation, reopenings);
    }

    /// After it is stored.
    #[doc(hidden)]
    #[inline(always)]
    fn restored(policy: &Self::Policy, memory: &Self::Memory, remaining_ms: u32) {
        let _ = (policy, memory, remaining_ms);
    }
}

/// A call that is to be recorded.
#[doc(hidden)]
#[derive(Clone, Copy)]
pub struct Call<'a> {
    pub(crate) generation: u16,
    pub(crate) failed: bool,
    /// Whether the circuit is still CLOSED in this generation.
    pub(crate) still: &'a dyn Fn() -> bool,
}

/// What a look at the clock says of a call that ends.
#[doc(hidden)]
#[derive(Clone, Copy)]
pub struct Moment {
    pub(crate) now: Timestamp,
    /// The call took longer than it should.
    pub(crate) slow: bool,
}

/// What became of a call that was to be recorded.
#[doc(hidden)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recorded {
    /// It is in the memory, and cannot have tipped the rule.
    Quietly,
    /// It is in the memory; ask for the evidence.
    Tellingly,
    /// It is not: the circuit has gone on.
    Over,
}

/// What evidence is asked for.
#[doc(hidden)]
#[derive(Clone, Copy)]
pub struct Scene {
    pub(crate) state: State,
    pub(crate) event: Event,
    pub(crate) now: Timestamp,
    /// The call that ended was slow.
    pub(crate) slow: bool,
    /// The call that ended is in the memory of this state.
    pub(crate) recorded: bool,
}

mod sealed {
    pub trait Sealed {}
}

#[cfg(test)]
mod tests {
    extern crate std;
    use std::format;

    use super::*;

    #[test]
    fn a_checked_configuration_is_shown_with_its_values() {
        let rule = Consecutive::with(CircuitBreakerConfiguration::new().failure_threshold(7));
        assert_eq!(format!("{rule:?}"), format!("Checked({:?})", rule.policy()));
    }
}
