//! The rule as a value, and what it makes of a configuration.
//!
//! ```
//! use halfopen::Config;
//! use halfopen::local::LocalRule;
//!
//! let error = LocalRule::CountWindow(1_024).check(&Config::new().sliding_window_size(2_000), false).unwrap_err();
//! assert_eq!(error.to_string(), "sliding_window_size is 2000, must be 1 to 1024");
//! ```

use super::window::{BUCKETS, TIME_WORDS, words_of};
use crate::config::{CircuitBreakerConfiguration, Policy, Recovery, WindowPolicy};
use crate::config_error::ConfigError;

/// A rule of [`rules`](crate::rules), as a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum LocalRule {
    /// [`Consecutive`](crate::rules::Consecutive).
    Consecutive,
    /// [`ConsecutiveSlow`](crate::rules::ConsecutiveSlow).
    ConsecutiveSlow,
    /// [`CountWindow`](crate::rules::CountWindow) with room for so many calls.
    CountWindow(u16),
    /// [`TimeWindow`](crate::rules::TimeWindow) in ten buckets.
    TimeWindow,
}

/// A configuration that was checked for a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct LocalPolicy {
    pub(crate) rule: LocalRule,
    /// Of a rule without a window all but the rates.
    pub(crate) window: WindowPolicy,
    /// Of a window over time.
    pub(crate) bucket_ms: u32,
    /// `None`: the plain way back.
    pub(crate) recovery: Option<Recovery>,
}

impl LocalRule {
    /// Checks `config` for this rule, with the plain way back or, as by [`Adaptive`](crate::rules::Adaptive), one that adapts.
    ///
    /// # Errors
    ///
    /// A [`ConfigError`] for the first field that is out of its range, or of no use here.
    pub fn check(self, config: &CircuitBreakerConfiguration, adaptive: bool) -> Result<LocalPolicy, ConfigError> {
        if let Some(error) = config.not_in_memory() {
            return Err(error);
        }
        let (slow, calls, buckets) = match self {
            Self::Consecutive => (false, None, None),
            Self::ConsecutiveSlow => (true, None, None),
            Self::CountWindow(room) => (true, Some(room.into()), None),
            Self::TimeWindow => (true, None, Some(BUCKETS as u32)),
        };
        let (window, bucket_ms) = config.for_any((slow, calls, buckets), adaptive)?;
        let recovery = if adaptive { Some(config.recovery()?) } else { None };
        Ok(LocalPolicy { rule: self, window, bucket_ms, recovery })
    }
}

impl LocalRule {
    /// Calls for which a window over calls has room; 0 for another rule.
    pub(crate) const fn room(self) -> u32 {
        match self {
            Self::CountWindow(room) => room as u32,
            _ => 0,
        }
    }
}

impl LocalPolicy {
    /// The rule.
    #[must_use]
    pub const fn rule(&self) -> LocalRule {
        self.rule
    }

    /// How many words the window of such a breaker takes.
    #[must_use]
    pub const fn words(&self) -> usize {
        match self.rule {
            LocalRule::Consecutive | LocalRule::ConsecutiveSlow => 0,
            LocalRule::CountWindow(_) => words_of(self.window.size()),
            LocalRule::TimeWindow => TIME_WORDS,
        }
    }

    #[inline(always)]
    pub(super) const fn base(&self) -> &Policy {
        self.window.base()
    }

    #[inline(always)]
    pub(super) const fn windowed(&self) -> bool {
        matches!(self.rule, LocalRule::CountWindow(_) | LocalRule::TimeWindow)
    }
}
