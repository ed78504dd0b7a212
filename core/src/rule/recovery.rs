//! How long an opening lasts, and what share of the requests a ramp-up lets through: integers in, integers out.
//!
//! ```
//! use core::time::Duration;
//! use halfopen::rules::{Adaptive, Consecutive};
//! use halfopen::Config;
//!
//! let config = Config::new()
//!     .recovery_timeout(Duration::from_secs(1))
//!     .recovery_multiplier_percent(200)
//!     .max_recovery_timeout(Duration::from_secs(5));
//! let rule = Adaptive::<Consecutive>::with(config);
//! let times = [0, 1, 2, 3].map(|reopenings| rule.policy().recovery().open_ms(1_000, reopenings, 0));
//! assert_eq!(times, [1_000, 2_000, 4_000, 5_000]);
//! ```

use crate::config::Recovery;
use crate::time::MAX_INTERVAL_MS;

/// What an opening or a ramp depends on besides the state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Luck {
    /// How often the circuit has opened again since it was last CLOSED: for the opening that the event would make, or the
    /// one that is.
    pub reopenings: u8,
    /// A random number.
    pub random: u32,
    /// How long the opening that is lasts in all, in milliseconds.
    pub open_ms: u32,
}

impl Recovery {
    /// How long an opening lasts, in milliseconds: `base_ms` for the first one, and more for each that follows a failed
    /// probe, up to the maximum; then shortened by the share of the jitter that `random` is of 2^32, of which the upper 15
    /// bits count. At least 1.
    #[must_use]
    pub const fn open_ms(&self, base_ms: u32, reopenings: u8, random: u32) -> u32 {
        let mut ms = base_ms;
        let mut left = reopenings;
        while left > 0 && ms < self.longest_ms {
            ms = self.grown(ms);
            left -= 1;
        }
        let ms = if ms < self.longest_ms { ms } else { self.longest_ms };
        let most = ms as u64 * self.jitter as u64 / 100;
        let shorter = (most * (random >> 17) as u64) >> 15;
        let ms = ms - shorter as u32;
        if ms == 0 { 1 } else { ms }
    }

    /// One time longer, rounded up so that even 1 ms grows. Without a 64-bit division, which a chip does not have.
    const fn grown(&self, ms: u32) -> u32 {
        let percent = self.multiplier as u32;
        let (hundreds, rest) = (ms / 100, ms % 100);
        hundreds.saturating_mul(percent).saturating_add((rest * percent).div_ceil(100))
    }

    /// The share of the requests that is let through `passed` milliseconds after a closing, of 2^32. `None`: all.
    // Rare, and a division: not to be taken out of a loop, as a part of whatever is around it.
    #[cfg_attr(target_family = "wasm", inline(never))]
    pub(crate) const fn share(&self, passed: u32) -> Option<u32> {
        if passed >= self.ramp_ms {
            return None;
        }
        let from = self.ramp_start();
        let grown = (ALL - from) * passed as u64 / self.ramp_ms as u64;
        let share = from + grown;
        if share >= ALL { None } else { Some(share as u32) }
    }

    /// Milliseconds after the closing from which on a request with this random number is let through.
    pub(crate) const fn admitted_from(&self, random: u32) -> u32 {
        let from = self.ramp_start();
        if (random as u64) < from {
            return 0;
        }
        // The share has to be more than the random number.
        let missing = random as u64 + 1 - from;
        let passed = (missing * self.ramp_ms as u64).div_ceil(ALL - from);
        if passed < self.ramp_ms as u64 { passed as u32 } else { self.ramp_ms }
    }

    const fn ramp_start(&self) -> u64 {
        ALL * self.ramp_from as u64 / 100
    }

    /// How long an opening lasts that has lasted `passed` milliseconds of `open_ms`, if it is to last for at least `ms`
    /// more: as far as the maximum allows, and never less than it would. `None`: it need not be longer, or is over.
    pub(crate) const fn held(&self, open_ms: u32, passed: u32, ms: u32) -> Option<u32> {
        let asked = if ms < self.longest_ms { ms } else { self.longest_ms };
        let left = open_ms.saturating_sub(passed);
        if left == 0 || left >= asked {
            return None;
        }
        let longer = passed.saturating_add(asked);
        Some(if longer < MAX_INTERVAL_MS { longer } else { MAX_INTERVAL_MS })
    }
}

/// The share of everything.
const ALL: u64 = 1 << 32;

#[cfg(test)]
mod tests {
    use core::time::Duration;

    use super::*;
    use crate::config::CircuitBreakerConfiguration;

    fn recovery(config: CircuitBreakerConfiguration) -> Recovery {
        config.recovery().unwrap()
    }

    fn config() -> CircuitBreakerConfiguration {
        CircuitBreakerConfiguration::new().recovery_timeout(Duration::from_millis(1))
    }

    #[test]
    fn an_opening_grows_by_at_least_a_millisecond_and_never_over_the_maximum() {
        let slow = recovery(config().recovery_multiplier_percent(101).max_recovery_timeout(Duration::from_millis(9)));
        let times: std::vec::Vec<u32> = (0..12).map(|n| slow.open_ms(1, n, 0)).collect();
        assert_eq!(times, [1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 9, 9]);
        let most = Duration::from_millis(i32::MAX as u64);
        let fast = recovery(config().recovery_multiplier_percent(1_000).max_recovery_timeout(most));
        assert_eq!(fast.open_ms(1, 9, 0), 1_000_000_000);
        assert_eq!(fast.open_ms(1, 255, 0), i32::MAX as u32);
        assert_eq!(fast.open_ms(123, 1, 0), 1_230);
        let half = recovery(config().recovery_multiplier_percent(150));
        assert_eq!([half.open_ms(5, 1, 0), half.open_ms(333, 1, 0)], [8, 500]);
        assert_eq!(recovery(config()).open_ms(7, 200, 0), 7);
    }

    #[test]
    fn jitter_shortens_an_opening_by_up_to_its_share_and_never_to_nothing() {
        let quarter = recovery(config().recovery_jitter_percent(25));
        assert_eq!(quarter.open_ms(1_000, 0, 0), 1_000);
        assert_eq!(quarter.open_ms(1_000, 0, 1 << 31), 875);
        assert_eq!(quarter.open_ms(1_000, 0, u32::MAX), 751);
        let whole = recovery(config().recovery_jitter_percent(100));
        assert_eq!(whole.open_ms(1_000, 0, u32::MAX), 1);
        assert_eq!(whole.open_ms(1, 0, u32::MAX), 1);
        let longest = recovery(config().recovery_jitter_percent(100).max_recovery_timeout(Duration::from_secs(2)));
        assert_eq!(longest.open_ms(5_000, 0, 1 << 31), 1_000);
    }

    #[test]
    fn a_ramp_goes_from_its_start_to_everything() {
        let ramp = recovery(config().ramp_up(Duration::from_millis(100)).ramp_up_from_percent(50));
        assert_eq!(ramp.share(0), Some(1 << 31));
        assert_eq!(ramp.share(50), Some(3 << 30));
        assert_eq!(ramp.share(99), Some((1 << 31) + ((1u64 << 31) * 99 / 100) as u32));
        assert_eq!([ramp.share(100), ramp.share(u32::MAX)], [None, None]);
        let from_all = recovery(config().ramp_up(Duration::from_millis(100)).ramp_up_from_percent(100));
        assert_eq!(from_all.share(0), None);
        assert_eq!(from_all.admitted_from(u32::MAX), 0);
    }

    #[test]
    fn a_request_that_is_kept_back_is_told_the_first_moment_at_which_it_would_not_have_been() {
        for (ramp_ms, from) in [(1, 10), (7, 1), (100, 50), (100_000, 99), (i32::MAX as u64, 3)] {
            let ramp = recovery(config().ramp_up(Duration::from_millis(ramp_ms)).ramp_up_from_percent(from));
            for random in [0, 1, 1 << 20, 1 << 31, (1 << 31) + 77, 3 << 30, u32::MAX - 1, u32::MAX] {
                let admits = |passed| ramp.share(passed).is_none_or(|share| random < share);
                let first = ramp.admitted_from(random);
                assert!(admits(first), "{ramp_ms} {from} {random} {first}");
                assert!(first == 0 || !admits(first - 1), "{ramp_ms} {from} {random} {first}");
            }
        }
    }

    #[test]
    fn an_opening_is_held_from_now_on_as_far_as_the_maximum_allows_and_never_cut() {
        let plan = recovery(config().max_recovery_timeout(Duration::from_secs(100)));
        assert_eq!(plan.held(10_000, 4_000, 30_000), Some(34_000));
        assert_eq!(plan.held(10_000, 4_000, 1_000_000), Some(104_000));
        assert_eq!(plan.held(10_000, 4_000, 6_000), None);
        assert_eq!(plan.held(10_000, 4_000, 6_001), Some(10_001));
        assert_eq!([plan.held(10_000, 10_000, 5), plan.held(10_000, 9_999, 1)], [None, None]);
        let longest = recovery(config().max_recovery_timeout(Duration::from_millis(i32::MAX as u64)));
        assert_eq!(longest.held(10, 9, u32::MAX), Some(MAX_INTERVAL_MS));
    }
}
