//! What a user asks for, and the checked form that the state machine works with.
//!
//! [`CircuitBreakerConfiguration`] can hold any values; [`validate`](CircuitBreakerConfiguration::validate) turns it
//! into a [`Policy`], which cannot be wrong, or into a [`ConfigError`] that names the field, the value and the range.
//!
//! ```
//! use core::time::Duration;
//! use halfopen::Config;
//!
//! const CONFIG: Config = Config::new().failure_threshold(3).recovery_timeout(Duration::from_secs(5));
//! assert!(CONFIG.validate().is_ok());
//!
//! let error = CONFIG.failure_threshold(0).validate().unwrap_err();
//! assert_eq!(error.to_string(), "failure_threshold is 0, must be 1 to 1023");
//! ```

use core::time::Duration;

use crate::config_error::{ConfigError, Unit};
use crate::prefix::KeyPrefix;
use crate::state::{MAX_COUNT, MAX_IN_FLIGHT, MAX_SUCCESSES};
use crate::time::{MAX_INTERVAL_MS, ceil_millis, millis};

/// Where the state of a circuit is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "lowercase"))]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum StatePersistence {
    /// In this process alone.
    #[default]
    Memory,
    /// Shared through Redis. [`CircuitBreaker`](crate::CircuitBreaker) keeps its state in memory and refuses this.
    Redis,
}

/// How a circuit breaker behaves. Every field has a default, every builder method is a `const fn`.
///
/// Values are checked once, by [`validate`](Self::validate), which every constructor of a breaker calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct CircuitBreakerConfiguration {
    failure_threshold: u32,
    recovery_timeout: Duration,
    success_threshold: u32,
    half_open_max_calls: u32,
    probe_timeout: Option<Duration>,
    state_persistence: StatePersistence,
    redis_key_prefix: KeyPrefix,
}

impl CircuitBreakerConfiguration {
    /// Opens at the fifth consecutive failure, for 30 s; then one probe at a time, and the first success closes.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            failure_threshold: 5,
            recovery_timeout: Duration::from_secs(30),
            success_threshold: 1,
            half_open_max_calls: 1,
            probe_timeout: None,
            state_persistence: StatePersistence::Memory,
            redis_key_prefix: KeyPrefix::new("circuit_breaker:"),
        }
    }

    /// How many consecutive failures open the circuit: 1 to 1,023, by default 5. The n-th opens it.
    #[must_use]
    pub const fn failure_threshold(mut self, failures: u32) -> Self {
        self.failure_threshold = failures;
        self
    }

    /// How long the circuit stays OPEN before it lets a probe through: 1 ms to 2^31 - 1 ms (24.8 days), by default
    /// 30 s. A part of a millisecond rounds up.
    #[must_use]
    pub const fn recovery_timeout(mut self, timeout: Duration) -> Self {
        self.recovery_timeout = timeout;
        self
    }

    /// How many successful probes close the circuit: 1 to 63, by default 1.
    #[must_use]
    pub const fn success_threshold(mut self, successes: u32) -> Self {
        self.success_threshold = successes;
        self
    }

    /// How many probes may be in flight at once in HALF_OPEN: 1 to 15, by default 1.
    #[must_use]
    pub const fn half_open_max_calls(mut self, calls: u32) -> Self {
        self.half_open_max_calls = calls;
        self
    }

    /// How long a probe may hold its place before another request may take it over: 1 ms to 2^31 - 1 ms, by default
    /// as long as the recovery timeout. A part of a millisecond rounds up.
    ///
    /// It is a lease: nothing happens when it runs out, but a request that finds all places taken begins a new round if
    /// the lease of the probe that came *last* is over, and the results of the old round are then
    /// [`Expired`](crate::Receipt::Expired). Until somebody takes the place, a late result still counts. With several
    /// places, one that is lost is so given back when the others' leases are over too, or when the round ends.
    #[must_use]
    pub const fn probe_timeout(mut self, timeout: Duration) -> Self {
        self.probe_timeout = Some(timeout);
        self
    }

    /// Where the state is kept, by default in memory.
    #[must_use]
    pub const fn state_persistence(mut self, persistence: StatePersistence) -> Self {
        self.state_persistence = persistence;
        self
    }

    /// What stands before the operation's name in a Redis key: 1 to 63 bytes, by default `circuit_breaker:`.
    #[must_use]
    pub const fn redis_key_prefix(mut self, prefix: &str) -> Self {
        self.redis_key_prefix = KeyPrefix::new(prefix);
        self
    }

    /// Where the state is kept.
    #[must_use]
    pub const fn persistence(&self) -> StatePersistence {
        self.state_persistence
    }

    /// What stands before the operation's name in a Redis key.
    #[must_use]
    pub const fn key_prefix(&self) -> &KeyPrefix {
        &self.redis_key_prefix
    }

    /// Checks every field and gives the form that the state machine works with.
    ///
    /// # Errors
    ///
    /// A [`ConfigError`] for the first field that is out of its range.
    pub const fn validate(&self) -> Result<Policy, ConfigError> {
        let recovery = ceil_millis(self.recovery_timeout);
        let lease = match self.probe_timeout {
            Some(timeout) => ceil_millis(timeout),
            None => recovery,
        };
        let checks = [
            ConfigError::check("failure_threshold", self.failure_threshold as u64, MAX_COUNT as u64, Unit::Count),
            ConfigError::check("recovery_timeout_seconds", recovery, MAX_INTERVAL_MS as u64, Unit::Seconds),
            ConfigError::check("success_threshold", self.success_threshold as u64, MAX_SUCCESSES as u64, Unit::Count),
            ConfigError::check(
                "half_open_max_calls",
                self.half_open_max_calls as u64,
                MAX_IN_FLIGHT as u64,
                Unit::Count,
            ),
            ConfigError::check("probe_timeout_seconds", lease, MAX_INTERVAL_MS as u64, Unit::Seconds),
            ConfigError::check(
                "redis_key_prefix",
                self.redis_key_prefix.asked_len(),
                KeyPrefix::MAX as u64,
                Unit::Bytes,
            ),
        ];
        let mut i = 0;
        while i < checks.len() {
            if let Some(error) = checks[i] {
                return Err(error);
            }
            i += 1;
        }
        Ok(Policy {
            recovery_timeout: recovery as u32,
            probe_timeout: lease as u32,
            failure_threshold: self.failure_threshold as u16,
            success_threshold: self.success_threshold as u8,
            half_open_max_calls: self.half_open_max_calls as u8,
        })
    }

    /// As [`validate`](Self::validate), for a breaker that keeps its state in memory.
    pub(crate) const fn validate_in_memory(&self) -> Result<Policy, ConfigError> {
        match self.state_persistence {
            StatePersistence::Memory => self.validate(),
            StatePersistence::Redis => {
                Err(ConfigError::unsupported("state_persistence", "redis", "memory: this breaker shares nothing"))
            }
        }
    }

    /// The fields of the configuration in the order of the contract, for the formats that read and write them.
    #[cfg(feature = "serde")]
    pub(crate) const fn fields(&self) -> (u32, Duration, u32, u32, Option<Duration>) {
        (
            self.failure_threshold,
            self.recovery_timeout,
            self.success_threshold,
            self.half_open_max_calls,
            self.probe_timeout,
        )
    }
}

impl Default for CircuitBreakerConfiguration {
    fn default() -> Self {
        Self::new()
    }
}

/// A checked configuration, as small as the state machine can work with: 12 bytes. The way to read back what a breaker was
/// given: [`CircuitBreaker::policy`](crate::CircuitBreaker::policy).
///
/// Made by [`CircuitBreakerConfiguration::validate`] alone, so that it is right wherever it appears.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Policy {
    recovery_timeout: u32,
    probe_timeout: u32,
    failure_threshold: u16,
    success_threshold: u8,
    half_open_max_calls: u8,
}

impl Policy {
    /// Consecutive failures that open the circuit.
    #[must_use]
    pub const fn failure_threshold(&self) -> u16 {
        self.failure_threshold
    }

    /// Successful probes that close the circuit.
    #[must_use]
    pub const fn success_threshold(&self) -> u8 {
        self.success_threshold
    }

    /// Probes that may be in flight at once.
    #[must_use]
    pub const fn half_open_max_calls(&self) -> u8 {
        self.half_open_max_calls
    }

    /// How long the circuit stays OPEN.
    #[must_use]
    pub const fn recovery_timeout(&self) -> Duration {
        millis(self.recovery_timeout)
    }

    /// How long a probe holds its place.
    #[must_use]
    pub const fn probe_timeout(&self) -> Duration {
        millis(self.probe_timeout)
    }

    /// How long the circuit stays OPEN, in milliseconds.
    #[must_use]
    pub const fn recovery_timeout_ms(&self) -> u32 {
        self.recovery_timeout
    }

    /// How long a probe holds its place, in milliseconds.
    #[must_use]
    pub const fn probe_timeout_ms(&self) -> u32 {
        self.probe_timeout
    }

    /// The configuration that gives this policy, in memory.
    #[must_use]
    pub const fn to_config(&self) -> CircuitBreakerConfiguration {
        CircuitBreakerConfiguration::new()
            .failure_threshold(self.failure_threshold as u32)
            .recovery_timeout(self.recovery_timeout())
            .success_threshold(self.success_threshold as u32)
            .half_open_max_calls(self.half_open_max_calls as u32)
            .probe_timeout(self.probe_timeout())
    }
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
