//! The fields of a configuration that only some rules know.

use core::time::Duration;

use halfopen::Config;

/// One field and its value. A vector lists those that it gives, so that a vector without any is no larger for them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Setting {
    /// `sliding_window_size`.
    SlidingWindowSize(u32),
    /// `sliding_window_seconds`.
    SlidingWindow(Nanos),
    /// `failure_rate_threshold`.
    FailureRateThreshold(u32),
    /// `minimum_calls`.
    MinimumCalls(u32),
    /// `slow_call_duration_seconds`.
    SlowCallDuration(Nanos),
    /// `slow_call_rate_threshold`.
    SlowCallRateThreshold(u32),
    /// `max_recovery_timeout_seconds`.
    MaxRecoveryTimeout(Nanos),
    /// `recovery_multiplier_percent`.
    RecoveryMultiplier(u32),
    /// `recovery_jitter_percent`.
    RecoveryJitter(u32),
    /// `half_open_trials`.
    HalfOpenTrials(u32),
    /// `ramp_up_seconds`.
    RampUp(Nanos),
    /// `ramp_up_from_percent`.
    RampUpFrom(u32),
}

impl Setting {
    /// `config` with this field.
    #[must_use]
    pub const fn put(self, config: Config) -> Config {
        match self {
            Self::SlidingWindowSize(calls) => config.sliding_window_size(calls),
            Self::SlidingWindow(time) => config.sliding_window(time.get()),
            Self::FailureRateThreshold(percent) => config.failure_rate_threshold(percent),
            Self::MinimumCalls(calls) => config.minimum_calls(calls),
            Self::SlowCallDuration(time) => config.slow_call_duration(time.get()),
            Self::SlowCallRateThreshold(percent) => config.slow_call_rate_threshold(percent),
            Self::MaxRecoveryTimeout(time) => config.max_recovery_timeout(time.get()),
            Self::RecoveryMultiplier(percent) => config.recovery_multiplier_percent(percent),
            Self::RecoveryJitter(percent) => config.recovery_jitter_percent(percent),
            Self::HalfOpenTrials(probes) => config.half_open_trials(probes),
            Self::RampUp(time) => config.ramp_up(time.get()),
            Self::RampUpFrom(percent) => config.ramp_up_from_percent(percent),
        }
    }
}

/// A `Duration` of at most 2^32 seconds that is aligned like its halves, so that a table of them stays small.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Nanos {
    seconds: u32,
    nanos: u32,
}

impl Nanos {
    /// `None` for a time that is longer.
    #[must_use]
    pub fn of(time: Duration) -> Option<Self> {
        Some(Self { seconds: u32::try_from(time.as_secs()).ok()?, nanos: time.subsec_nanos() })
    }

    /// So many seconds, and so many nanoseconds more.
    #[must_use]
    pub const fn new(seconds: u32, nanos: u32) -> Self {
        Self { seconds, nanos }
    }

    /// The time.
    #[must_use]
    pub const fn get(self) -> Duration {
        Duration::new(self.seconds as u64, self.nanos)
    }
}
