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

mod check;
mod extras;
#[cfg(not(halfopen_loom))]
mod numbers;
mod policy;
mod range;

use core::time::Duration;

pub(crate) use extras::Extras;
#[cfg(feature = "serde")]
pub(crate) use extras::MAX_WINDOW_MS;
#[cfg(not(halfopen_loom))]
pub use numbers::{ConfigNumbers, NumbersError, NumbersProblem};
pub use policy::{AdaptivePolicy, Policy, Recovery, SlowPolicy, TimeWindowPolicy, WindowPolicy};

use crate::prefix::KeyPrefix;

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
    pub(crate) extras: Extras,
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
            extras: Extras::NONE,
        }
    }

    /// How many consecutive failures open the circuit: 1 to 1,023, by default 5. The n-th opens it. Every rule takes it, since
    /// every configuration has it, and to a window it says nothing: that opens by
    /// [`failure_rate_threshold`](Self::failure_rate_threshold).
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

    /// How many calls a window over calls holds: 1 to the room that its type has, by default all of it.
    #[must_use]
    pub const fn sliding_window_size(mut self, calls: u32) -> Self {
        self.extras.sliding_window_size = Some(calls);
        self
    }

    /// How far a window over time reaches back: 1 ms to 7 days, by default 60 s. It rounds up to whole milliseconds a
    /// bucket.
    #[must_use]
    pub const fn sliding_window(mut self, window: Duration) -> Self {
        self.extras.sliding_window = Some(window);
        self
    }

    /// The share of failures in a window that opens the circuit: 1 to 100 %, by default 50. Reached is enough.
    #[must_use]
    pub const fn failure_rate_threshold(mut self, percent: u32) -> Self {
        self.extras.failure_rate_threshold = Some(percent);
        self
    }

    /// How many calls a window must hold before a rate says anything: 1 to its size, or to 65,535 for a window over
    /// time. By default 10, or the size where that is less.
    #[must_use]
    pub const fn minimum_calls(mut self, calls: u32) -> Self {
        self.extras.minimum_calls = Some(calls);
        self
    }

    /// A call that takes longer is slow: 1 ms to 2^31 - 1 ms, by default no call is. A window opens by the rate of
    /// them; for [`ConsecutiveSlow`](crate::rules::ConsecutiveSlow) one is a failure. Measured from the admission of
    /// a permit to its outcome, in whole milliseconds of the breaker's clock.
    #[must_use]
    pub const fn slow_call_duration(mut self, duration: Duration) -> Self {
        self.extras.slow_call_duration = Some(duration);
        self
    }

    /// The share of slow calls in a window that opens the circuit: 1 to 100 %, by default 100. Reached is enough.
    #[must_use]
    pub const fn slow_call_rate_threshold(mut self, percent: u32) -> Self {
        self.extras.slow_call_rate_threshold = Some(percent);
        self
    }

    /// The longest time OPEN to which [`recovery_multiplier_percent`](Self::recovery_multiplier_percent) and a server's
    /// `Retry-After` can lengthen the recovery timeout: that timeout to 2^31 - 1 ms, by default one hour, or the
    /// timeout where that is more.
    #[must_use]
    pub const fn max_recovery_timeout(mut self, timeout: Duration) -> Self {
        self.extras.max_recovery_timeout = Some(timeout);
        self
    }

    /// What an opening after a failed probe lasts of the one before: 100 to 1,000 %, by default 100, which does not
    /// grow; 200 doubles. It begins anew after a closing.
    #[must_use]
    pub const fn recovery_multiplier_percent(mut self, percent: u32) -> Self {
        self.extras.recovery_multiplier = Some(percent);
        self
    }

    /// By how much of itself an opening may be shorter, by chance: 0 to 100 %, by default 0. It spreads the probes of
    /// many callers that were cut off at the same moment.
    #[must_use]
    pub const fn recovery_jitter_percent(mut self, percent: u32) -> Self {
        self.extras.recovery_jitter = Some(percent);
        self
    }

    /// Of how many probes the [`success_threshold`](Self::success_threshold) must succeed: that threshold to 15. By
    /// default nothing is forgiven: one failed probe opens the circuit again.
    #[must_use]
    pub const fn half_open_trials(mut self, probes: u32) -> Self {
        self.extras.half_open_trials = Some(probes);
        self
    }

    /// How long after a closing only a growing share of the requests is let through: 1 ms to 2^31 - 1 ms, by default
    /// all are at once.
    #[must_use]
    pub const fn ramp_up(mut self, time: Duration) -> Self {
        self.extras.ramp_up = Some(time);
        self
    }

    /// The share with which [`ramp_up`](Self::ramp_up) begins: 1 to 100 %, by default 10.
    #[must_use]
    pub const fn ramp_up_from_percent(mut self, percent: u32) -> Self {
        self.extras.ramp_up_from = Some(percent);
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

    /// The contract's fields in their order, for the formats that read and write them.
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
