//! The fields of a configuration by their numbers, and what each may be.

use crate::config::check::MAX_MULTIPLIER;
use crate::config::extras::{DEFAULT_WINDOW_MS, MAX_WINDOW_MS};
use crate::local::LocalRule;
use crate::state::{MAX_COUNT, MAX_IN_FLIGHT, MAX_SUCCESSES, MAX_TRIALS};
use crate::time::MAX_INTERVAL_MS;

pub(super) const FAILURE_THRESHOLD: usize = 0;
pub(super) const RECOVERY_TIMEOUT: usize = 1;
pub(super) const SUCCESS_THRESHOLD: usize = 2;
pub(super) const SLIDING_WINDOW_SIZE: usize = 5;
pub(super) const SLIDING_WINDOW: usize = 6;
pub(super) const FAILURE_RATE: usize = 7;
pub(super) const MINIMUM_CALLS: usize = 8;
pub(super) const SLOW_CALL: usize = 9;
pub(super) const SLOW_CALL_RATE: usize = 10;
pub(super) const MAX_RECOVERY: usize = 11;
pub(super) const MULTIPLIER: usize = 12;
pub(super) const JITTER: usize = 13;
pub(super) const TRIALS: usize = 14;
pub(super) const RAMP_UP: usize = 15;
pub(super) const RAMP_UP_FROM: usize = 16;
pub(super) const COUNT: usize = 17;

/// The names of the fields, in the order of their numbers.
pub(super) const NAMES: [&str; COUNT] = [
    "failure_threshold",
    "recovery_timeout_seconds",
    "success_threshold",
    "half_open_max_calls",
    "probe_timeout_seconds",
    "sliding_window_size",
    "sliding_window_seconds",
    "failure_rate_threshold",
    "minimum_calls",
    "slow_call_duration_seconds",
    "slow_call_rate_threshold",
    "max_recovery_timeout_seconds",
    "recovery_multiplier_percent",
    "recovery_jitter_percent",
    "half_open_trials",
    "ramp_up_seconds",
    "ramp_up_from_percent",
];

/// The most that each may be; less where the rule or another field says so.
pub(super) const MOST: [u32; COUNT] = [
    MAX_COUNT as u32,
    MAX_INTERVAL_MS,
    MAX_SUCCESSES as u32,
    MAX_IN_FLIGHT as u32,
    MAX_INTERVAL_MS,
    0,
    MAX_WINDOW_MS,
    100,
    u16::MAX as u32,
    MAX_INTERVAL_MS,
    100,
    MAX_INTERVAL_MS,
    MAX_MULTIPLIER as u32,
    100,
    MAX_TRIALS as u32,
    MAX_INTERVAL_MS,
    100,
];

/// What each is where nothing was said; 0 where that depends on the rule or another field.
pub(super) const USUAL: [u32; COUNT] =
    [5, 30_000, 1, 1, 0, 0, DEFAULT_WINDOW_MS as u32, 50, 0, 0, 100, 0, 100, 0, 0, 0, 10];

/// In which order fields are looked at, as the builder's checks do: from one to before another, whether they are of use or,
/// `true`, in their range.
pub(super) const PASSES: [(usize, usize, bool); 5] = [
    (MAX_RECOVERY, COUNT, false),
    (FAILURE_THRESHOLD, SLIDING_WINDOW_SIZE, true),
    (SLIDING_WINDOW_SIZE, MAX_RECOVERY, false),
    (SLIDING_WINDOW_SIZE, MAX_RECOVERY, true),
    (MAX_RECOVERY, COUNT, true),
];

// Fields as a bit each.
const ALWAYS: u32 = (1 << SLIDING_WINDOW_SIZE) - 1;
const RATES: u32 = 1 << FAILURE_RATE | 1 << MINIMUM_CALLS | 1 << SLOW_CALL | 1 << SLOW_CALL_RATE;
const ADAPTIVE: u32 = (1 << COUNT) - (1 << MAX_RECOVERY);

/// Whether a rule makes something of a field.
pub(super) fn used(field: usize, rule: LocalRule, adaptive: bool) -> bool {
    let by = match rule {
        LocalRule::Consecutive => ALWAYS,
        LocalRule::ConsecutiveSlow => ALWAYS | 1 << SLOW_CALL,
        LocalRule::CountWindow(_) => ALWAYS | RATES | 1 << SLIDING_WINDOW_SIZE,
        LocalRule::TimeWindow => ALWAYS | RATES | 1 << SLIDING_WINDOW,
    };
    let all = if adaptive { by | ADAPTIVE } else { by };
    all >> field & 1 != 0
}
