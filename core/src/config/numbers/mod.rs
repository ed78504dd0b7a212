//! A configuration as numbers, and its check for a rule that is a value: for a language that has no methods of ours to call.
//!
//! One loop for all fields takes a quarter of the code of the builder's checks, which are made for the compiler to run. That
//! both say the same of every configuration is tested.
//!
//! ```
//! use halfopen::ConfigError;
//! use halfopen::local::{ConfigNumbers, LocalRule};
//!
//! let mut numbers = ConfigNumbers::NONE;
//! numbers.set(0, 2_000); // the failure threshold
//! let error = numbers.check(LocalRule::Consecutive, false).unwrap_err();
//! assert_eq!(error.field, 0);
//! assert_eq!(ConfigError::from(error).to_string(), "failure_threshold is 2000, must be 1 to 1023");
//! ```

mod fields;

use super::check::{DEFAULT_LONGEST_MS, DEFAULT_MINIMUM};
use super::{Policy, Recovery, WindowPolicy};
use crate::config_error::{ConfigError, Unit};
use crate::local::{BUCKETS, LocalPolicy, LocalRule};
use crate::state::MAX_TRIALS;
use fields::*;

/// The fields of a configuration by their numbers, in the order of [`Config`](crate::Config)'s builder methods from
/// `failure_threshold` (0) to `ramp_up_from_percent` (16), those for Redis left out. Times are in milliseconds.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct ConfigNumbers([u32; COUNT]);

/// In the place of a number: nothing was said.
const NONE: u32 = u32::MAX;

/// Why numbers were refused: [`ConfigError`] has the words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct NumbersError {
    /// The number of the field.
    pub field: usize,
    /// What is wrong with it.
    pub problem: NumbersProblem,
}

/// What is wrong with a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum NumbersProblem {
    /// It is not in its range.
    OutOfRange {
        /// What it is.
        value: u32,
        /// The least that it may be.
        least: u32,
        /// The most that it may be.
        most: u32,
    },
    /// The rule has no use for it.
    Unused,
    /// It says nothing without the field of this number.
    Lonely(usize),
    /// It has to be given.
    Missing,
}

impl ConfigNumbers {
    /// How many fields there are.
    pub const COUNT: usize = COUNT;
    /// Nothing is said.
    pub const NONE: Self = Self([NONE; COUNT]);

    /// In the place of a number: nothing is said.
    pub const NOTHING: u32 = NONE;

    /// All at once, [`NOTHING`](Self::NOTHING) where nothing is said.
    #[must_use]
    pub const fn of(numbers: [u32; COUNT]) -> Self {
        Self(numbers)
    }

    /// Says what a field is; what is more than 32 bits hold is too much for any. A number that is no field's says nothing.
    pub fn set(&mut self, field: usize, value: u32) {
        if let Some(number) = self.0.get_mut(field) {
            *number = value.min(NONE - 1);
        }
    }

    /// Checks them as [`LocalRule::check`] does.
    ///
    /// # Errors
    ///
    /// A [`NumbersError`] for the first field that is out of its range, or of no use here.
    pub fn check(&self, rule: LocalRule, adaptive: bool) -> Result<(), NumbersError> {
        let room = rule.room();
        let refuse = |field: usize, problem: NumbersProblem| Err(NumbersError { field, problem });
        // In the order in which the builder's checks are made.
        for &(first, end, ranged) in &PASSES {
            if first == MAX_RECOVERY && ranged {
                if self.has(SLOW_CALL_RATE) && !self.has(SLOW_CALL) {
                    return refuse(SLOW_CALL_RATE, NumbersProblem::Lonely(SLOW_CALL));
                }
                if matches!(rule, LocalRule::ConsecutiveSlow) && !self.has(SLOW_CALL) {
                    return refuse(SLOW_CALL, NumbersProblem::Missing);
                }
                let successes = self.or(SUCCESS_THRESHOLD, 1);
                if self.has(TRIALS) && successes > MAX_TRIALS.into() {
                    let (value, least, most) = (successes, 1, MAX_TRIALS.into());
                    return refuse(SUCCESS_THRESHOLD, NumbersProblem::OutOfRange { value, least, most });
                }
            }
            for field in first..end {
                let value = self.or(field, NONE);
                if value == NONE {
                    continue;
                }
                let (least, most) = (self.least(field), self.most(field, room));
                if ranged && (value < least || value > most) {
                    return refuse(field, NumbersProblem::OutOfRange { value, least, most });
                }
                if !ranged && !used(field, rule, adaptive) {
                    return refuse(field, NumbersProblem::Unused);
                }
            }
        }
        if self.has(RAMP_UP_FROM) && !self.has(RAMP_UP) {
            return refuse(RAMP_UP_FROM, NumbersProblem::Lonely(RAMP_UP));
        }
        Ok(())
    }

    /// The policy of numbers that were checked for this rule; of others it is none that any rule could work with.
    #[must_use]
    pub fn policy(&self, rule: LocalRule, adaptive: bool) -> LocalPolicy {
        let room = rule.room();
        let mut numbers = USUAL;
        for (number, &said) in numbers.iter_mut().zip(&self.0) {
            if said != NONE {
                *number = said;
            }
        }
        let [failures, base, successes, places, lease, size, reach, failure_rate, minimum, slow, slow_rate, rest @ ..] =
            numbers;
        let [longest, multiplier, jitter, trials, ramp, ramp_from] = rest;
        let size = if size == 0 { room } else { size };
        let minimum = match minimum {
            0 if room > 0 => DEFAULT_MINIMUM.min(size),
            0 => DEFAULT_MINIMUM,
            minimum => minimum,
        };
        let windowed = matches!(rule, LocalRule::CountWindow(_) | LocalRule::TimeWindow);
        LocalPolicy {
            rule,
            window: WindowPolicy {
                base: Policy {
                    recovery_timeout: base,
                    probe_timeout: if lease == 0 { base } else { lease },
                    least: if windowed { minimum as u16 } else { failures as u16 },
                    success_threshold: successes as u8,
                    half_open_max_calls: places as u8,
                },
                slow_call_ms: slow,
                failure_rate: failure_rate as u8,
                slow_call_rate: slow_rate as u8,
                size: size as u16,
            },
            bucket_ms: if matches!(rule, LocalRule::TimeWindow) { reach.div_ceil(BUCKETS as u32) } else { 0 },
            recovery: adaptive.then_some(Recovery {
                longest_ms: if longest == 0 { base.max(DEFAULT_LONGEST_MS as u32) } else { longest },
                ramp_ms: ramp,
                multiplier: multiplier as u16,
                jitter: jitter as u8,
                trials: trials as u8,
                ramp_from: ramp_from as u8,
            }),
        }
    }

    /// The least that a field may be.
    fn least(&self, field: usize) -> u32 {
        match field {
            MAX_RECOVERY => self.or(RECOVERY_TIMEOUT, 30_000),
            MULTIPLIER => 100,
            JITTER => 0,
            TRIALS => self.or(SUCCESS_THRESHOLD, 1),
            _ => 1,
        }
    }

    /// The most that it may be, for a rule with so much room.
    fn most(&self, field: usize, room: u32) -> u32 {
        match field {
            SLIDING_WINDOW_SIZE => room,
            MINIMUM_CALLS if room > 0 => self.or(SLIDING_WINDOW_SIZE, room),
            _ => MOST.get(field).copied().unwrap_or(0),
        }
    }

    fn has(&self, field: usize) -> bool {
        self.0.get(field).is_some_and(|&value| value != NONE)
    }

    /// A field, or the `usual` value where nothing was said.
    fn or(&self, field: usize, usual: u32) -> u32 {
        match self.0.get(field) {
            Some(&value) if value != NONE => value,
            _ => usual,
        }
    }
}

impl From<NumbersError> for ConfigError {
    fn from(error: NumbersError) -> Self {
        let name = NAMES.get(error.field).copied().unwrap_or("");
        match error.problem {
            NumbersProblem::OutOfRange { value, least, most } => {
                let unit = if name.ends_with("_seconds") { Unit::Seconds } else { Unit::Count };
                Self::out_of_range(name, value.into(), (least.into(), most.into()), unit)
            }
            NumbersProblem::Unused => Self::unused(name),
            NumbersProblem::Lonely(other) => Self::lonely(name, NAMES.get(other).copied().unwrap_or("")),
            NumbersProblem::Missing => Self::NO_SLOW_CALL_DURATION,
        }
    }
}

#[cfg(test)]
mod tests {
    use core::time::Duration;

    use super::*;
    use crate::config::CircuitBreakerConfiguration as Config;

    const RULES: [LocalRule; 6] = [
        LocalRule::Consecutive,
        LocalRule::ConsecutiveSlow,
        LocalRule::CountWindow(1_024),
        LocalRule::CountWindow(64),
        LocalRule::CountWindow(7),
        LocalRule::TimeWindow,
    ];

    /// A field by the builder.
    fn built(config: Config, field: usize, value: u64) -> Config {
        let (count, time) = (u32::try_from(value).unwrap_or(u32::MAX), Duration::from_millis(value));
        match field {
            FAILURE_THRESHOLD => config.failure_threshold(count),
            RECOVERY_TIMEOUT => config.recovery_timeout(time),
            SUCCESS_THRESHOLD => config.success_threshold(count),
            3 => config.half_open_max_calls(count),
            4 => config.probe_timeout(time),
            SLIDING_WINDOW_SIZE => config.sliding_window_size(count),
            SLIDING_WINDOW => config.sliding_window(time),
            FAILURE_RATE => config.failure_rate_threshold(count),
            MINIMUM_CALLS => config.minimum_calls(count),
            SLOW_CALL => config.slow_call_duration(time),
            SLOW_CALL_RATE => config.slow_call_rate_threshold(count),
            MAX_RECOVERY => config.max_recovery_timeout(time),
            MULTIPLIER => config.recovery_multiplier_percent(count),
            JITTER => config.recovery_jitter_percent(count),
            TRIALS => config.half_open_trials(count),
            RAMP_UP => config.ramp_up(time),
            _ => config.ramp_up_from_percent(count),
        }
    }

    /// Both checks of the same fields.
    fn assert_same(fields: &[(usize, u32)]) {
        let (mut numbers, mut config) = (ConfigNumbers::NONE, Config::new());
        for &(field, value) in fields {
            numbers.set(field, value);
            config = built(config, field, value.into());
        }
        for rule in RULES {
            for adaptive in [false, true] {
                let checked = numbers.check(rule, adaptive).map_err(ConfigError::from);
                let by_numbers = checked.map(|()| numbers.policy(rule, adaptive));
                assert_eq!(by_numbers, rule.check(&config, adaptive), "{rule:?} {adaptive} {fields:?}");
            }
        }
    }

    /// What may be the end of a range, and what is beside it.
    const EDGES: [u32; 27] = [
        0,
        1,
        2,
        3,
        7,
        8,
        10,
        11,
        15,
        16,
        63,
        64,
        65,
        99,
        100,
        101,
        1_000,
        1_001,
        1_023,
        1_024,
        1_025,
        65_535,
        65_536,
        604_800_000,
        604_800_001,
        2_147_483_647,
        2_147_483_648,
    ];

    #[test]
    fn the_builder_s_checks_say_the_same_of_each_field_by_itself() {
        assert_same(&[]);
        for field in 0..COUNT {
            for value in EDGES {
                assert_same(&[(field, value)]);
            }
        }
    }

    #[test]
    fn and_of_each_two_fields() {
        for one in 0..COUNT {
            for other in one + 1..COUNT {
                for value in EDGES {
                    for beside in [0, 1, 12, 64, 101, 3_000_000, 3_600_001] {
                        assert_same(&[(one, value), (other, beside)]);
                        assert_same(&[(one, beside), (other, value)]);
                    }
                }
            }
        }
    }

    #[test]
    fn and_of_many() {
        let mut seed = 1u64;
        let mut next = |below: usize| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 33) as usize % below
        };
        for _ in 0..20_000 {
            let mut fields = [(0, 0); 6];
            for field in &mut fields {
                *field = (next(COUNT), EDGES[next(EDGES.len())]);
            }
            assert_same(&fields);
        }
    }
}
