//! Some of several probes must succeed: how a round of HALF_OPEN is counted in the six bits of the state's successes.
//!
//! A round ends with the k-th success or with the first failure that leaves too few probes for k; until then there
//! are fewer than k successes and at most n - k failures, which makes at most 64 pairs for n up to 15.
//!
//! ```
//! use halfopen::rules::{Adaptive, Consecutive};
//! use halfopen::{CircuitBreaker, CircuitState, Config, ManualClock};
//! use core::time::Duration;
//!
//! let clock = ManualClock::new();
//! let config = Config::new().success_threshold(2).half_open_trials(3).half_open_max_calls(3);
//! let breaker = CircuitBreaker::with_rule("radio", Adaptive::<Consecutive>::with(config), &clock, ());
//! breaker.trip();
//! clock.advance(Duration::from_secs(30));
//! let probes = [(); 3].map(|()| breaker.try_acquire().unwrap());
//! for (probe, works) in probes.into_iter().zip([false, true, true]) {
//!     if works { probe.success() } else { probe.failure() };
//! }
//! assert_eq!(breaker.state(), CircuitState::Closed);
//! ```

use crate::config::{Policy, Recovery};
use crate::event::Outcome;
use crate::state::State;

/// The successes and failures of a round so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Trials {
    pub(crate) successes: u8,
    pub(crate) failures: u8,
}

/// How a round ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Round {
    GoesOn(Trials),
    Closes,
    Opens,
}

impl Trials {
    /// Those in `state`, which is HALF_OPEN and was counted by the same policy. One that a snapshot brought from another
    /// policy may read as any pair, and is still counted to an end.
    pub(crate) const fn of(state: State, policy: &Policy) -> Self {
        let threshold = policy.success_threshold();
        Self { successes: state.successes() % threshold, failures: state.successes() / threshold }
    }

    pub(crate) const fn pack(self, policy: &Policy) -> u8 {
        self.successes + self.failures * policy.success_threshold()
    }

    pub(crate) const fn after(self, outcome: Outcome, policy: &Policy, trials: u8) -> Round {
        let (successes, failures) = match outcome {
            Outcome::Success => (self.successes + 1, self.failures),
            Outcome::Failure => (self.successes, self.failures + 1),
            Outcome::Ignored => (self.successes, self.failures),
        };
        if successes >= policy.success_threshold() {
            Round::Closes
        } else if failures > trials.saturating_sub(policy.success_threshold()) {
            Round::Opens
        } else {
            Round::GoesOn(Self { successes, failures })
        }
    }

    /// How many probes may be in flight: not more than could still matter.
    pub(crate) const fn places(self, policy: &Policy, recovery: &Recovery) -> u8 {
        let left = recovery.trials.saturating_sub(self.successes + self.failures);
        let places = if left < policy.half_open_max_calls() { left } else { policy.half_open_max_calls() };
        if places == 0 { 1 } else { places }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::circuit::{CircuitState, Mode};
    use crate::config::CircuitBreakerConfiguration;
    use crate::state::MAX_TRIALS;

    #[test]
    fn every_pair_of_every_threshold_fits_and_comes_back() {
        for trials in 1..=MAX_TRIALS {
            for threshold in 1..=trials {
                let policy =
                    CircuitBreakerConfiguration::new().success_threshold(threshold.into()).consecutive().unwrap();
                for successes in 0..threshold {
                    for failures in 0..=trials - threshold {
                        let pair = Trials { successes, failures };
                        let state = State::NEW
                            .switch_to(CircuitState::HalfOpen, Mode::Normal)
                            .with_successes(pair.pack(&policy));
                        assert_eq!(Trials::of(state, &policy), pair);
                    }
                }
            }
        }
    }

    #[test]
    fn a_round_ends_as_soon_as_it_is_decided() {
        let policy = CircuitBreakerConfiguration::new().success_threshold(2).consecutive().unwrap();
        let at = |successes, failures| Trials { successes, failures };
        let (success, failure) = (Outcome::Success, Outcome::Failure);
        assert_eq!(at(0, 0).after(success, &policy, 3), Round::GoesOn(at(1, 0)));
        assert_eq!(at(1, 1).after(success, &policy, 3), Round::Closes);
        assert_eq!(at(1, 0).after(failure, &policy, 3), Round::GoesOn(at(1, 1)));
        assert_eq!(at(1, 1).after(failure, &policy, 3), Round::Opens);
        assert_eq!(at(0, 0).after(failure, &policy, 2), Round::Opens);
        assert_eq!(at(1, 1).after(Outcome::Ignored, &policy, 3), Round::GoesOn(at(1, 1)));
    }

    #[test]
    fn no_more_probes_are_in_flight_than_can_still_matter() {
        let config = CircuitBreakerConfiguration::new().success_threshold(2).half_open_max_calls(3).half_open_trials(4);
        let (policy, recovery) = (config.consecutive().unwrap(), config.recovery().unwrap());
        let places = |successes, failures| Trials { successes, failures }.places(&policy, &recovery);
        assert_eq!([places(0, 0), places(1, 0), places(1, 1), places(1, 2)], [3, 3, 2, 1]);
    }
}
