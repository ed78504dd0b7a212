//! Whether a configuration is valid for a rule: each field in its range, and none that the rule has no use for.
//!
//! All of it is `const fn`, so that an invalid `static` does not compile and says why.

use core::time::Duration;

use super::extras::Uses;
use super::policy::{AdaptivePolicy, Policy, Recovery, SlowPolicy, TimeWindowPolicy, WindowPolicy};
use super::range::{count_to, first, interval, or, or_zero, unpaired};
use super::{CircuitBreakerConfiguration, StatePersistence};
use crate::config_error::{ConfigError, Unit};
use crate::prefix::KeyPrefix;
use crate::state::{MAX_COUNT, MAX_IN_FLIGHT, MAX_SUCCESSES, MAX_TRIALS};
use crate::time::{MAX_INTERVAL_MS, ceil_millis};

const PERCENT: u64 = 100;
pub(super) const MAX_MULTIPLIER: u64 = 1_000;
/// The greatest window that there is a type for.
#[cfg(feature = "serde")]
const MAX_CALLS: u32 = 1_024;
pub(super) const DEFAULT_MINIMUM: u32 = 10;
pub(super) const DEFAULT_LONGEST_MS: u64 = 3_600_000;

impl CircuitBreakerConfiguration {
    /// Checks every field and gives the form that the state machine works with, for the consecutive rule.
    ///
    /// # Errors
    ///
    /// A [`ConfigError`] for the first field that is out of its range, or that the consecutive rule has no use for.
    pub const fn validate(&self) -> Result<Policy, ConfigError> {
        self.fixed(self.consecutive())
    }

    /// As [`validate`](Self::validate), for a breaker that keeps its state in memory.
    pub(crate) const fn validate_in_memory(&self) -> Result<Policy, ConfigError> {
        match self.not_in_memory() {
            Some(error) => Err(error),
            None => self.validate(),
        }
    }

    /// Why this cannot be the configuration of a breaker that shares nothing.
    pub(crate) const fn not_in_memory(&self) -> Option<ConfigError> {
        match self.state_persistence {
            StatePersistence::Memory => None,
            StatePersistence::Redis => {
                Some(ConfigError::unsupported("state_persistence", "redis", "memory: this breaker shares nothing"))
            }
        }
    }

    /// `rule`, for a breaker whose way back is the plain one.
    pub(crate) const fn fixed<P: Copy>(&self, rule: Result<P, ConfigError>) -> Result<P, ConfigError> {
        match self.extras.unused_recovery() {
            Some(error) => Err(error),
            None => rule,
        }
    }

    /// Checks what can be checked before the rule is known.
    #[cfg(feature = "serde")]
    pub(crate) fn check_for_some_rule(&self) -> Result<(), ConfigError> {
        match self.checked(Uses { calls: Some(MAX_CALLS), buckets: Some(2), slow: true }) {
            Some(error) => Err(error),
            None => self.recovery().map(drop),
        }
    }

    pub(crate) const fn consecutive(&self) -> Result<Policy, ConfigError> {
        match self.checked(Uses::CONSECUTIVE) {
            Some(error) => Err(error),
            None => Ok(self.base(self.failure_threshold as u16)),
        }
    }

    pub(crate) const fn consecutive_slow(&self) -> Result<SlowPolicy, ConfigError> {
        if let Some(error) = self.checked(Uses::CONSECUTIVE_SLOW) {
            return Err(error);
        }
        match self.extras.slow_call_duration {
            Some(slow) => Ok(SlowPolicy { base: self.base(self.failure_threshold as u16), slow_call_ms: low(slow) }),
            None => Err(ConfigError::NO_SLOW_CALL_DURATION),
        }
    }

    /// For a window over at most `room` calls.
    pub(crate) const fn count_window(&self, room: u32) -> Result<WindowPolicy, ConfigError> {
        match self.checked(Uses { calls: Some(room), buckets: None, slow: true }) {
            Some(error) => Err(error),
            None => Ok(self.window(self.extras.size_in(room) as u16)),
        }
    }

    /// For a window over time in `buckets`.
    pub(crate) const fn time_window(&self, buckets: u32) -> Result<TimeWindowPolicy, ConfigError> {
        if let Some(error) = self.checked(Uses { calls: None, buckets: Some(buckets), slow: true }) {
            return Err(error);
        }
        Ok(TimeWindowPolicy { window: self.window(0), bucket_ms: self.bucket_ms(buckets) })
    }

    /// For a rule that is chosen when the program runs: one that knows slow calls, is a window over at most so many calls, or
    /// one over time in so many buckets. With what such a window has of its own; the way back is checked apart.
    pub(crate) fn for_any(
        &self,
        (slow, calls, buckets): (bool, Option<u32>, Option<u32>),
        adaptive: bool,
    ) -> Result<(WindowPolicy, u32), ConfigError> {
        let unused = if adaptive { None } else { self.extras.unused_recovery() };
        if let Some(error) = unused.or_else(|| self.checked(Uses { calls, buckets, slow })) {
            return Err(error);
        }
        match (calls, buckets) {
            (None, None) if slow && self.extras.slow_call_duration.is_none() => Err(ConfigError::NO_SLOW_CALL_DURATION),
            (None, None) => Ok((self.in_a_row(), 0)),
            (Some(room), _) => Ok((self.window(self.extras.size_in(room) as u16), 0)),
            (None, Some(buckets)) => Ok((self.window(0), self.bucket_ms(buckets))),
        }
    }

    /// The fields of a window as a rule without one has them.
    const fn in_a_row(&self) -> WindowPolicy {
        let mut policy = self.window(0);
        policy.base = self.base(self.failure_threshold as u16);
        policy
    }

    const fn bucket_ms(&self, buckets: u32) -> u32 {
        self.extras.window_ms().div_ceil(buckets as u64) as u32
    }

    /// For the way back, whatever the rule is.
    pub(crate) const fn recovery(&self) -> Result<Recovery, ConfigError> {
        let (extras, base) = (&self.extras, ceil_millis(self.recovery_timeout));
        let longest = match extras.max_recovery_timeout {
            Some(timeout) => ceil_millis(timeout),
            None if base > DEFAULT_LONGEST_MS => base,
            None => DEFAULT_LONGEST_MS,
        };
        let ramp = or_zero(extras.ramp_up);
        let (multiplier, jitter) = (or(extras.recovery_multiplier, 100), or(extras.recovery_jitter, 0));
        let trials = or(extras.half_open_trials, 0);
        let from = or(extras.ramp_up_from, 10);
        let (seconds, count) = (Unit::Seconds, Unit::Count);
        let checks = [
            match extras.half_open_trials {
                Some(_) => count_to("success_threshold", self.success_threshold, MAX_TRIALS as u32),
                None => None,
            },
            ConfigError::check("max_recovery_timeout_seconds", longest, base, MAX_INTERVAL_MS as u64, seconds),
            ConfigError::check("recovery_multiplier_percent", multiplier as u64, PERCENT, MAX_MULTIPLIER, count),
            ConfigError::check("recovery_jitter_percent", jitter as u64, 0, PERCENT, count),
            match extras.half_open_trials {
                Some(_) => ConfigError::check(
                    "half_open_trials",
                    trials as u64,
                    self.success_threshold as u64,
                    MAX_TRIALS as u64,
                    count,
                ),
                None => None,
            },
            interval("ramp_up_seconds", extras.ramp_up),
            ConfigError::check("ramp_up_from_percent", from as u64, 1, PERCENT, count),
            unpaired(
                "ramp_up_from_percent",
                extras.ramp_up_from.is_some() && extras.ramp_up.is_none(),
                "ramp_up_seconds",
            ),
        ];
        match first(&checks) {
            Some(error) => Err(error),
            None => Ok(Recovery {
                longest_ms: longest as u32,
                ramp_ms: ramp as u32,
                multiplier: multiplier as u16,
                jitter: jitter as u8,
                trials: trials as u8,
                ramp_from: from as u8,
            }),
        }
    }

    pub(crate) const fn adaptive<P: Copy>(
        &self,
        rule: Result<P, ConfigError>,
    ) -> Result<AdaptivePolicy<P>, ConfigError> {
        match (rule, self.recovery()) {
            (Ok(rule), Ok(recovery)) => Ok(AdaptivePolicy { rule, recovery }),
            (Err(error), _) | (_, Err(error)) => Err(error),
        }
    }

    /// Without the fields of the way back.
    pub(crate) const fn without_recovery(&self) -> Self {
        let mut config = *self;
        config.extras = self.extras.without_recovery();
        config
    }

    /// The first field that is wrong for a rule that `uses` these, those of the way back left out.
    const fn checked(&self, uses: Uses) -> Option<ConfigError> {
        let recovery = ceil_millis(self.recovery_timeout);
        let lease = match self.probe_timeout {
            Some(timeout) => ceil_millis(timeout),
            None => recovery,
        };
        let (longest, count, seconds) = (MAX_INTERVAL_MS as u64, Unit::Count, Unit::Seconds);
        let common = [
            ConfigError::check("failure_threshold", self.failure_threshold as u64, 1, MAX_COUNT as u64, count),
            ConfigError::check("recovery_timeout_seconds", recovery, 1, longest, seconds),
            ConfigError::check("success_threshold", self.success_threshold as u64, 1, MAX_SUCCESSES as u64, count),
            ConfigError::check("half_open_max_calls", self.half_open_max_calls as u64, 1, MAX_IN_FLIGHT as u64, count),
            ConfigError::check("probe_timeout_seconds", lease, 1, longest, seconds),
            ConfigError::check(
                "redis_key_prefix",
                self.redis_key_prefix.asked_len(),
                1,
                KeyPrefix::MAX as u64,
                Unit::Bytes,
            ),
        ];
        match first(&common) {
            Some(error) => Some(error),
            None => self.extras.checked(uses),
        }
    }

    const fn base(&self, least: u16) -> Policy {
        let recovery = ceil_millis(self.recovery_timeout) as u32;
        Policy {
            recovery_timeout: recovery,
            probe_timeout: match self.probe_timeout {
                Some(timeout) => low(timeout),
                None => recovery,
            },
            least,
            success_threshold: self.success_threshold as u8,
            half_open_max_calls: self.half_open_max_calls as u8,
        }
    }

    const fn window(&self, size: u16) -> WindowPolicy {
        let extras = &self.extras;
        let usual = if size != 0 && (size as u32) < DEFAULT_MINIMUM { size as u32 } else { DEFAULT_MINIMUM };
        WindowPolicy {
            base: self.base(or(extras.minimum_calls, usual) as u16),
            slow_call_ms: or_zero(extras.slow_call_duration) as u32,
            failure_rate: or(extras.failure_rate_threshold, 50) as u8,
            slow_call_rate: or(extras.slow_call_rate_threshold, 100) as u8,
            size,
        }
    }
}

const fn low(value: Duration) -> u32 {
    ceil_millis(value) as u32
}

#[cfg(test)]
mod tests {
    extern crate std;
    use std::string::ToString;

    use super::*;

    fn text(config: CircuitBreakerConfiguration) -> std::string::String {
        config.validate().unwrap_err().to_string()
    }

    #[test]
    fn every_field_is_checked_and_named_with_its_value_and_range() {
        let config = CircuitBreakerConfiguration::new();
        assert_eq!(config.failure_threshold(0).validate().unwrap_err().field(), "failure_threshold");
        assert_eq!(text(config.failure_threshold(1_024)), "failure_threshold is 1024, must be 1 to 1023");
        assert_eq!(
            text(config.recovery_timeout(Duration::from_millis(2_147_483_650))),
            "recovery_timeout_seconds is 2147483.65, must be 0.001 to 2147483.647"
        );
        assert_eq!(
            text(config.recovery_timeout(Duration::ZERO)),
            "recovery_timeout_seconds is 0, must be 0.001 to 2147483.647"
        );
        assert_eq!(text(config.success_threshold(64)), "success_threshold is 64, must be 1 to 63");
        assert_eq!(text(config.half_open_max_calls(16)), "half_open_max_calls is 16, must be 1 to 15");
        assert_eq!(
            text(config.probe_timeout(Duration::MAX)),
            "probe_timeout_seconds is 18446744073709551.615, must be 0.001 to 2147483.647"
        );
        assert_eq!(text(config.redis_key_prefix("")), "redis_key_prefix is 0 bytes, must be 1 to 63 bytes");
        assert_eq!(
            text(config.redis_key_prefix(&"x".repeat(64))),
            "redis_key_prefix is 64 bytes, must be 1 to 63 bytes"
        );
    }

    #[test]
    fn the_ends_of_every_range_are_allowed() {
        let least = CircuitBreakerConfiguration::new()
            .failure_threshold(1)
            .recovery_timeout(Duration::from_nanos(1))
            .redis_key_prefix("x");
        assert_eq!(least.validate().unwrap().recovery_timeout_ms(), 1);
        let most = CircuitBreakerConfiguration::new()
            .failure_threshold(1_023)
            .recovery_timeout(Duration::from_millis(i32::MAX as u64))
            .success_threshold(63)
            .half_open_max_calls(15)
            .redis_key_prefix(&"x".repeat(63));
        assert_eq!(most.validate().unwrap().probe_timeout_ms(), MAX_INTERVAL_MS);
    }

    #[test]
    fn a_policy_gives_back_its_configuration() {
        let policy = CircuitBreakerConfiguration::new().failure_threshold(7).validate().unwrap();
        assert_eq!(policy.to_config().validate(), Ok(policy));
    }

    #[test]
    fn a_breaker_in_memory_refuses_to_pretend_that_it_is_shared() {
        let config = CircuitBreakerConfiguration::new().state_persistence(StatePersistence::Redis);
        assert_eq!(
            config.validate_in_memory().unwrap_err().to_string(),
            "state_persistence is redis, must be memory: this breaker shares nothing"
        );
        assert!(config.validate().is_ok());
    }
}
