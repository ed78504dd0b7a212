//! When the counts of a window open a circuit.
//!
//! ```
//! use halfopen::machine::Counts;
//! use halfopen::rules::CountWindow;
//! use halfopen::{Config, Reason};
//!
//! let rule = CountWindow::<10>::with(Config::new().failure_rate_threshold(50).minimum_calls(4));
//! let counts = |calls, failures| Counts { calls, failures, slow_calls: 0 };
//! assert_eq!(counts(3, 3).reason(rule.policy()), None); // too few calls to say anything
//! assert_eq!(counts(10, 4).reason(rule.policy()), None);
//! assert_eq!(counts(10, 5).reason(rule.policy()), Some(Reason::FailureRate)); // reached is enough
//! ```

use crate::config::WindowPolicy;
use crate::transition::Reason;

/// What a window holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Counts {
    /// Calls.
    pub calls: u32,
    /// Those of them that failed.
    pub failures: u32,
    /// Those of them that were slow, whether they failed or not.
    pub slow_calls: u32,
}

impl Counts {
    /// Why a circuit opens whose window holds this; `None` if it stays CLOSED. Failures come first.
    #[must_use]
    pub const fn reason(self, policy: &WindowPolicy) -> Option<Reason> {
        if self.calls < policy.minimum_calls() as u32 {
            return None;
        }
        if self.reaches(self.failures, policy.failure_rate_threshold()) {
            return Some(Reason::FailureRate);
        }
        let timed = policy.slow_call_ms().is_some();
        if timed && self.reaches(self.slow_calls, policy.slow_call_rate_threshold()) {
            return Some(Reason::SlowCallRate);
        }
        None
    }

    /// Whether `part` is at least `percent` of the calls.
    const fn reaches(self, part: u32, percent: u8) -> bool {
        part as u64 * 100 >= self.calls as u64 * percent as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::CircuitBreakerConfiguration;

    const POLICY: WindowPolicy = match CircuitBreakerConfiguration::new()
        .failure_rate_threshold(33)
        .minimum_calls(3)
        .slow_call_duration(core::time::Duration::from_millis(7))
        .slow_call_rate_threshold(100)
        .count_window(1_000)
    {
        Ok(policy) => policy,
        Err(_) => panic!(),
    };

    const fn counts(calls: u32, failures: u32, slow_calls: u32) -> Counts {
        Counts { calls, failures, slow_calls }
    }

    #[test]
    fn a_rate_is_reached_exactly_and_never_rounded() {
        assert_eq!(counts(100, 32, 0).reason(&POLICY), None);
        assert_eq!(counts(100, 33, 0).reason(&POLICY), Some(Reason::FailureRate));
        assert_eq!(counts(1_000, 329, 0).reason(&POLICY), None);
        assert_eq!(counts(1_000, 330, 0).reason(&POLICY), Some(Reason::FailureRate));
        assert_eq!(counts(u32::MAX, u32::MAX, 0).reason(&POLICY), Some(Reason::FailureRate));
    }

    #[test]
    fn too_few_calls_say_nothing() {
        assert_eq!(counts(2, 2, 2).reason(&POLICY), None);
        assert_eq!(counts(3, 1, 0).reason(&POLICY), Some(Reason::FailureRate));
        assert_eq!(counts(0, 0, 0).reason(&POLICY), None);
    }

    #[test]
    fn slow_calls_open_by_a_rate_of_their_own_and_only_where_calls_are_timed() {
        assert_eq!(counts(10, 0, 9).reason(&POLICY), None);
        assert_eq!(counts(10, 0, 10).reason(&POLICY), Some(Reason::SlowCallRate));
        assert_eq!(counts(10, 10, 10).reason(&POLICY), Some(Reason::FailureRate));
        let untimed = CircuitBreakerConfiguration::new().minimum_calls(3).count_window(10).unwrap();
        assert_eq!(counts(10, 0, 10).reason(&untimed), None);
    }
}
