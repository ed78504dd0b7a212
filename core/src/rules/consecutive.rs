//! Failures in a row.
//!
//! ```
//! use core::time::Duration;
//! use halfopen::rules::ConsecutiveSlow;
//! use halfopen::{CircuitBreaker, CircuitState, Config, ManualClock};
//!
//! // A card that blocks for ten seconds and then succeeds is as bad as one that fails.
//! let clock = ManualClock::new();
//! let config = Config::new().failure_threshold(2).slow_call_duration(Duration::from_secs(1));
//! let card = CircuitBreaker::with_rule("sd_card", ConsecutiveSlow::with(config), &clock, ());
//! for _ in 0..2 {
//!     let permit = card.try_acquire()?;
//!     clock.advance(Duration::from_secs(10));
//!     permit.success();
//! }
//! assert_eq!(card.state(), CircuitState::Open);
//! # Ok::<(), halfopen::CircuitOpenError>(())
//! ```

use super::{Checked, Rule, Scene, sealed::Sealed};
use crate::config::{CircuitBreakerConfiguration, Policy, SlowPolicy};
use crate::config_error::ConfigError;
use crate::event::Outcome;
use crate::rule::{Judgement, TripRule};
use crate::state::State;
use crate::transition::Reason;

/// Opens at the n-th consecutive failure; a success begins the count anew. The contract's rule, and the default.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Consecutive {}

constructors!([] Consecutive, config => config.validate());

#[inline(always)]
pub(crate) fn in_a_row(policy: &Policy, state: State, outcome: Outcome) -> Judgement {
    let counted = match outcome {
        Outcome::Success => state.with_count(0),
        Outcome::Failure => state.count_one_more(),
        Outcome::Ignored => state,
    };
    let reason = (counted.failure_count() >= policy.failure_threshold()).then_some(Reason::ConsecutiveFailures);
    Judgement { counted, reason }
}

impl TripRule for Consecutive {
    type Policy = Policy;
    type Evidence = ();

    #[inline(always)]
    fn base(policy: &Policy) -> &Policy {
        policy
    }

    #[inline(always)]
    fn judge(policy: &Policy, state: State, outcome: Outcome, (): ()) -> Judgement {
        in_a_row(policy, state, outcome)
    }
}

impl Sealed for Consecutive {}

impl Rule for Consecutive {
    type Memory = ();

    #[cfg(not(halfopen_loom))]
    const EMPTY: () = ();

    #[cfg(halfopen_loom)]
    fn empty() {}

    fn check(config: &CircuitBreakerConfiguration) -> Result<Policy, ConfigError> {
        config.validate()
    }

    #[inline(always)]
    fn evidence(_: &Policy, (): &(), _: Scene) {}
}

/// As [`Consecutive`], and a call that takes longer than
/// [`slow_call_duration`](CircuitBreakerConfiguration::slow_call_duration) is a failure whatever came of it: in a row
/// of calls and as a probe.
///
/// Calls are timed from the admission of a [`Permit`](crate::Permit); the bare
/// [`record_success`](crate::CircuitBreaker::record_success) knows no duration, see
/// [`record_after`](crate::CircuitBreaker::record_after).
#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum ConsecutiveSlow {}

constructors!([] ConsecutiveSlow, config => config.fixed(config.consecutive_slow()));

impl TripRule for ConsecutiveSlow {
    type Policy = SlowPolicy;
    /// Whether the call was slow.
    type Evidence = bool;

    #[inline(always)]
    fn base(policy: &SlowPolicy) -> &Policy {
        policy.base()
    }

    #[inline(always)]
    fn judge(policy: &SlowPolicy, state: State, outcome: Outcome, _: bool) -> Judgement {
        in_a_row(policy.base(), state, outcome)
    }

    #[inline(always)]
    fn weigh(_: &SlowPolicy, _: bool, outcome: Outcome, slow: bool) -> Outcome {
        if slow && matches!(outcome, Outcome::Success) { Outcome::Failure } else { outcome }
    }

    #[inline(always)]
    fn slow_call_ms(policy: &SlowPolicy) -> u32 {
        policy.slow_call_ms()
    }
}

impl Sealed for ConsecutiveSlow {}

impl Rule for ConsecutiveSlow {
    type Memory = ();

    #[cfg(not(halfopen_loom))]
    const EMPTY: () = ();

    #[cfg(halfopen_loom)]
    fn empty() {}

    fn check(config: &CircuitBreakerConfiguration) -> Result<SlowPolicy, ConfigError> {
        config.fixed(config.consecutive_slow())
    }

    #[inline(always)]
    fn evidence(_: &SlowPolicy, (): &(), scene: Scene) -> bool {
        scene.slow
    }
}
