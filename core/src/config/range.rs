//! What a field's range is checked by, in `const fn`s.

use core::time::Duration;

use crate::config_error::{ConfigError, Unit};
use crate::time::{MAX_INTERVAL_MS, ceil_millis};

/// A field that a rule has no use for, where it `is` set.
pub(super) const fn unused(field: &'static str, is: bool) -> Option<ConfigError> {
    if is { Some(ConfigError::unused(field)) } else { None }
}

/// A field that says nothing without its `other`.
pub(super) const fn unpaired(field: &'static str, is: bool, other: &'static str) -> Option<ConfigError> {
    if is { Some(ConfigError::lonely(field, other)) } else { None }
}

/// A number from 1 to `max`, or nothing.
pub(super) const fn count(field: &'static str, value: Option<u32>, max: u32) -> Option<ConfigError> {
    match value {
        Some(value) => count_to(field, value, max),
        None => None,
    }
}

pub(super) const fn count_to(field: &'static str, value: u32, max: u32) -> Option<ConfigError> {
    ConfigError::check(field, value as u64, 1, max as u64, Unit::Count)
}

/// A time from 1 ms to the longest that can be measured, or nothing.
pub(super) const fn interval(field: &'static str, value: Option<Duration>) -> Option<ConfigError> {
    match value {
        Some(value) => ConfigError::check(field, ceil_millis(value), 1, MAX_INTERVAL_MS as u64, Unit::Seconds),
        None => None,
    }
}

/// The first error of several.
pub(super) const fn first(checks: &[Option<ConfigError>]) -> Option<ConfigError> {
    let mut i = 0;
    while i < checks.len() {
        if checks[i].is_some() {
            return checks[i];
        }
        i += 1;
    }
    None
}

/// `value`, or the `usual` one where nothing was said.
pub(super) const fn or(value: Option<u32>, usual: u32) -> u32 {
    match value {
        Some(value) => value,
        None => usual,
    }
}

/// Whole milliseconds, rounded up; 0 where nothing was said.
pub(super) const fn or_zero(value: Option<Duration>) -> u64 {
    match value {
        Some(value) => ceil_millis(value),
        None => 0,
    }
}
