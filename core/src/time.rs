//! Points in time, in whole milliseconds of one clock's time line.
//!
//! ```
//! use core::time::Duration;
//! use halfopen::Timestamp;
//!
//! let t = Timestamp::from_millis(1_500);
//! assert_eq!(t.saturating_add(Duration::from_secs(1)).as_millis(), 2_500);
//! ```

use core::time::Duration;

/// The longest interval that the state can measure: 2^31 - 1 ms, about 24.8 days.
///
/// A state word keeps the low 32 bits of a time and compares by wrapping subtraction, so that half of the range
/// must be left to tell "later" from "earlier".
pub(crate) const MAX_INTERVAL_MS: u32 = i32::MAX as u32;

/// A point in time: milliseconds since an origin that the [`Clock`](crate::Clock) chooses.
///
/// Only differences mean something to a breaker. Two clocks' timestamps cannot be compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(transparent))]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Timestamp(u64);

impl Timestamp {
    /// The origin of the time line.
    pub const ZERO: Self = Self(0);

    /// `millis` milliseconds after the origin.
    #[must_use]
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis)
    }

    /// Milliseconds since the origin.
    #[must_use]
    pub const fn as_millis(self) -> u64 {
        self.0
    }

    /// This time plus `interval`, cut to whole milliseconds; the largest timestamp where that would overflow.
    #[must_use]
    pub const fn saturating_add(self, interval: Duration) -> Self {
        Self(self.0.saturating_add(floor_millis(interval)))
    }

    /// This time minus `interval`, cut to whole milliseconds; the origin where that would underflow.
    #[must_use]
    pub const fn saturating_sub(self, interval: Duration) -> Self {
        Self(self.0.saturating_sub(floor_millis(interval)))
    }

    /// How long before this time `earlier` was; zero if it was not before.
    #[must_use]
    pub const fn saturating_since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }

    /// What a state word keeps of a time.
    pub(crate) const fn low(self) -> u32 {
        self.0 as u32
    }
}

/// Milliseconds from `since` to `now`, both low halves; `None` if the clock has gone back.
pub(crate) const fn elapsed(since: u32, now: u32) -> Option<u32> {
    let passed = now.wrapping_sub(since);
    if passed <= MAX_INTERVAL_MS { Some(passed) } else { None }
}

/// A number of milliseconds as a `Duration`, without the 64-bit division of `Duration::from_millis`.
pub(crate) const fn millis(ms: u32) -> Duration {
    let seconds = seconds(ms);
    let rest = ms - seconds * 1_000;
    // Always so, but not for a compiler that has to see through `seconds`: it would keep `Duration::new`'s own division.
    let rest = if rest < 1_000 { rest } else { 999 };
    Duration::new(seconds as u64, rest * 1_000_000)
}

/// Whole seconds, rounded down.
const fn seconds(ms: u32) -> u32 {
    // A Cortex-M0 has no division, and one in software would take 400 bytes of flash. It is the Arm without atomics.
    if cfg!(all(target_arch = "arm", not(target_has_atomic = "32"))) { seconds_by_shifts(ms) } else { ms / 1_000 }
}

/// `ms / 1_000` by shifts and sums: Henry S. Warren, "Hacker's Delight", `divu1000`.
const fn seconds_by_shifts(ms: u32) -> u32 {
    let part = (ms >> 7) + (ms >> 8) + (ms >> 12);
    let about = ((ms >> 1) + part + (ms >> 15) + (part >> 11) + (part >> 14)) >> 9;
    let left = ms - about * 1_000;
    about + ((left + 24) >> 10)
}

/// Whole milliseconds, rounded down, saturating.
const fn floor_millis(interval: Duration) -> u64 {
    interval.as_secs().saturating_mul(1_000).saturating_add(interval.subsec_millis() as u64)
}

/// Whole milliseconds, rounded up so that no timeout ends early, saturating.
pub(crate) const fn ceil_millis(interval: Duration) -> u64 {
    let part = interval.subsec_nanos() % 1_000_000 != 0;
    floor_millis(interval).saturating_add(part as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elapsed_time_survives_the_wrap_of_32_bits() {
        assert_eq!(elapsed(u32::MAX - 4, 5), Some(10));
        assert_eq!(elapsed(7, 7), Some(0));
        assert_eq!(elapsed(0, MAX_INTERVAL_MS), Some(MAX_INTERVAL_MS));
    }

    #[test]
    fn a_clock_that_went_back_is_told_from_one_that_went_on() {
        assert_eq!(elapsed(10, 9), None);
        assert_eq!(elapsed(0, MAX_INTERVAL_MS + 1), None);
        assert_eq!(elapsed(3, u32::MAX), None);
    }

    #[test]
    fn arithmetic_saturates_at_both_ends() {
        let t = Timestamp::from_millis(u64::MAX - 1);
        assert_eq!(t.saturating_add(Duration::MAX).as_millis(), u64::MAX);
        assert_eq!(Timestamp::from_millis(3).saturating_sub(Duration::from_secs(1)), Timestamp::ZERO);
        assert_eq!(Timestamp::ZERO.saturating_since(t), Duration::ZERO);
    }

    #[test]
    fn a_part_of_a_millisecond_rounds_up_in_a_timeout() {
        assert_eq!(ceil_millis(Duration::from_micros(1)), 1);
        assert_eq!(ceil_millis(Duration::from_micros(1_500)), 2);
        assert_eq!(ceil_millis(Duration::from_millis(7)), 7);
        assert_eq!(ceil_millis(Duration::MAX), u64::MAX);
        assert_eq!(millis(61_007), Duration::from_millis(61_007));
    }

    #[test]
    fn seconds_by_shifts_are_those_by_division() {
        for second in 0..=u32::MAX / 1_000 {
            let first = second * 1_000;
            assert_eq!(seconds_by_shifts(first), second);
            assert_eq!(seconds_by_shifts(first.saturating_add(999)), second);
        }
        for ms in (0..u32::MAX - 997).step_by(997) {
            assert_eq!(seconds_by_shifts(ms), ms / 1_000);
        }
    }
}
