//! The fields that only some rules know, and which of them a rule makes something of.

use core::time::Duration;

use super::range::{count, first, interval, or, unpaired, unused};
use crate::config_error::{ConfigError, Unit};
use crate::time::ceil_millis;

const MAX_BUCKETS: u64 = 63;
pub(super) const DEFAULT_WINDOW_MS: u64 = 60_000;
/// A week. A time that far in the future must be told from one that is long past, by 32 bits.
pub(crate) const MAX_WINDOW_MS: u32 = 604_800_000;

/// The fields that a rule makes something of, beyond those of all rules.
#[derive(Clone, Copy)]
pub(super) struct Uses {
    /// `Some` for a window over calls, with the most that it holds.
    pub(super) calls: Option<u32>,
    /// `Some` for a window over time, with its buckets.
    pub(super) buckets: Option<u32>,
    pub(super) slow: bool,
}

impl Uses {
    pub(super) const CONSECUTIVE: Self = Self { calls: None, buckets: None, slow: false };
    pub(super) const CONSECUTIVE_SLOW: Self = Self { slow: true, ..Self::CONSECUTIVE };
}

/// The fields that only some rules know; `None` where nothing was said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub(crate) struct Extras {
    pub(crate) sliding_window_size: Option<u32>,
    pub(crate) sliding_window: Option<Duration>,
    pub(crate) failure_rate_threshold: Option<u32>,
    pub(crate) minimum_calls: Option<u32>,
    pub(crate) slow_call_duration: Option<Duration>,
    pub(crate) slow_call_rate_threshold: Option<u32>,
    pub(crate) max_recovery_timeout: Option<Duration>,
    pub(crate) recovery_multiplier: Option<u32>,
    pub(crate) recovery_jitter: Option<u32>,
    pub(crate) half_open_trials: Option<u32>,
    pub(crate) ramp_up: Option<Duration>,
    pub(crate) ramp_up_from: Option<u32>,
}

impl Extras {
    pub(super) const NONE: Self = Self {
        sliding_window_size: None,
        sliding_window: None,
        failure_rate_threshold: None,
        minimum_calls: None,
        slow_call_duration: None,
        slow_call_rate_threshold: None,
        max_recovery_timeout: None,
        recovery_multiplier: None,
        recovery_jitter: None,
        half_open_trials: None,
        ramp_up: None,
        ramp_up_from: None,
    };
}

impl Extras {
    /// The first field that is wrong for a rule that `uses` these, those of the way back left out.
    pub(super) const fn checked(&self, uses: Uses) -> Option<ConfigError> {
        let windowed = uses.calls.is_some() || uses.buckets.is_some();
        let room = match uses.calls {
            Some(room) => room,
            None => 0,
        };
        let most = match (self.sliding_window_size, uses.buckets) {
            (None, Some(_)) => u16::MAX as u32,
            _ => self.size_in(room),
        };
        let checks = [
            unused("sliding_window_size", self.sliding_window_size.is_some() && uses.calls.is_none()),
            unused("sliding_window_seconds", self.sliding_window.is_some() && uses.buckets.is_none()),
            unused("failure_rate_threshold", self.failure_rate_threshold.is_some() && !windowed),
            unused("minimum_calls", self.minimum_calls.is_some() && !windowed),
            unused("slow_call_duration_seconds", self.slow_call_duration.is_some() && !uses.slow),
            unused("slow_call_rate_threshold", self.slow_call_rate_threshold.is_some() && !windowed),
            count("sliding_window_size", self.sliding_window_size, room),
            match uses.buckets {
                Some(buckets) => ConfigError::check("buckets", buckets as u64, 2, MAX_BUCKETS, Unit::Count),
                None => None,
            },
            match self.sliding_window {
                Some(window) => ConfigError::check(
                    "sliding_window_seconds",
                    ceil_millis(window),
                    1,
                    MAX_WINDOW_MS as u64,
                    Unit::Seconds,
                ),
                None => None,
            },
            count("failure_rate_threshold", self.failure_rate_threshold, 100),
            count("minimum_calls", self.minimum_calls, most),
            interval("slow_call_duration_seconds", self.slow_call_duration),
            count("slow_call_rate_threshold", self.slow_call_rate_threshold, 100),
            unpaired(
                "slow_call_rate_threshold",
                self.slow_call_rate_threshold.is_some() && self.slow_call_duration.is_none(),
                "slow_call_duration_seconds",
            ),
        ];
        first(&checks)
    }

    /// The first field of the way back that is set.
    pub(super) const fn unused_recovery(&self) -> Option<ConfigError> {
        let checks = [
            unused("max_recovery_timeout_seconds", self.max_recovery_timeout.is_some()),
            unused("recovery_multiplier_percent", self.recovery_multiplier.is_some()),
            unused("recovery_jitter_percent", self.recovery_jitter.is_some()),
            unused("half_open_trials", self.half_open_trials.is_some()),
            unused("ramp_up_seconds", self.ramp_up.is_some()),
            unused("ramp_up_from_percent", self.ramp_up_from.is_some()),
        ];
        first(&checks)
    }

    /// The first field of the way back that is set and is not the jitter.
    #[cfg(feature = "redis")]
    pub(crate) const fn unused_beside_jitter(mut self) -> Option<ConfigError> {
        self.recovery_jitter = None;
        self.unused_recovery()
    }

    /// Without those of the way back.
    pub(super) const fn without_recovery(mut self) -> Self {
        self.max_recovery_timeout = None;
        self.recovery_multiplier = None;
        self.recovery_jitter = None;
        self.half_open_trials = None;
        self.ramp_up = None;
        self.ramp_up_from = None;
        self
    }

    /// Calls in a window that has so much room.
    pub(super) const fn size_in(&self, room: u32) -> u32 {
        or(self.sliding_window_size, room)
    }

    /// How far a window over time reaches back.
    pub(super) const fn window_ms(&self) -> u64 {
        match self.sliding_window {
            Some(window) => ceil_millis(window),
            None => DEFAULT_WINDOW_MS,
        }
    }
}
