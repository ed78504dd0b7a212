//! A change of state: what changed, why, and by what counts.
//!
//! ```
//! use halfopen::rules::CountWindow;
//! use halfopen::{CircuitBreaker, Config, ManualClock, OnTransition, Reason};
//!
//! let clock = ManualClock::new();
//! let tell = OnTransition::new(|_: &str, transition: &halfopen::Transition| {
//!     assert_eq!(transition.reason, Reason::FailureRate);
//!     assert_eq!(
//!         transition.to_string(),
//!         "closed -> open (failure_rate, failure_count 2 and slow_calls 0 of 4 calls in a window of 8, generation 1)"
//!     );
//! });
//! let rule = CountWindow::<8>::with(Config::new().minimum_calls(4));
//! let breaker = CircuitBreaker::with_rule("radio", rule, &clock, tell);
//! for failed in [false, true, false, true] {
//!     if failed { breaker.record_failure() } else { breaker.record_success() };
//! }
//! ```

use core::fmt;

use crate::circuit::{CircuitState, Mode};
use crate::state::{GENERATIONS, State};

/// Why a circuit changed its state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Reason {
    /// The consecutive failures reached the threshold.
    ConsecutiveFailures,
    /// The share of failures in the window reached its threshold.
    FailureRate,
    /// The share of slow calls in the window reached its threshold.
    SlowCallRate,
    /// The recovery timeout passed and somebody asked.
    RecoveryTimeout,
    /// Enough probes succeeded.
    ProbesSucceeded,
    /// A probe failed, or more of them than may.
    ProbeFailed,
    /// `trip` was called.
    Tripped,
    /// `isolate` was called.
    Isolated,
    /// `disable` was called.
    Disabled,
    /// `shadow` was called.
    Shadowed,
    /// `reset` was called.
    Reset,
    /// A snapshot was restored.
    Restored,
    /// The fleet has not confirmed that this instance opened: another one had a success.
    Refuted,
}

impl Reason {
    /// The name in logs and formats, in snake case.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ConsecutiveFailures => "consecutive_failures",
            Self::FailureRate => "failure_rate",
            Self::SlowCallRate => "slow_call_rate",
            Self::RecoveryTimeout => "recovery_timeout",
            Self::ProbesSucceeded => "probes_succeeded",
            Self::ProbeFailed => "probe_failed",
            Self::Tripped => "tripped",
            Self::Isolated => "isolated",
            Self::Disabled => "disabled",
            Self::Shadowed => "shadowed",
            Self::Reset => "reset",
            Self::Restored => "restored",
            Self::Refuted => "refuted",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// What a window held when its rule opened the circuit, the outcome that tipped it included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub struct Tally {
    /// Calls in the window.
    pub calls: u32,
    /// Those of them that failed.
    pub failures: u32,
    /// Those of them that were slow, whether they failed or not.
    pub slow_calls: u32,
    /// Over how much the window reaches.
    pub window: Window,
}

impl Tally {
    pub(crate) const fn new(calls: u32, failures: u32, slow_calls: u32, window: Window) -> Self {
        Self { calls, failures, slow_calls, window }
    }
}

/// Over how much a window reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Window {
    /// Over this many calls.
    Calls(u16),
    /// Over this many milliseconds.
    Millis(u32),
}

/// A change of state or mode that was committed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Transition {
    /// The state before: the `to` of the transition before this one.
    pub from: CircuitState,
    /// The state after.
    pub to: CircuitState,
    /// The mode after.
    pub mode: Mode,
    /// Why.
    pub reason: Reason,
    /// Consecutive failures up to the change, the one that caused it included; of a window the failures that it held, at
    /// most 1,023.
    pub failure_count: u16,
    /// Probes that succeeded up to the change, the one that caused it included.
    pub successes: u8,
    /// The generation that the change began, modulo 512.
    pub generation: u16,
    /// What the window held, where a window opened the circuit.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub tally: Option<Tally>,
}

impl Transition {
    #[cfg_attr(not(target_family = "wasm"), inline(always))]
    pub(crate) fn between(from: State, to: State, reason: Reason) -> Self {
        Self {
            from: from.circuit(),
            to: to.circuit(),
            mode: to.mode(),
            reason,
            // An opening has counted one more; a closing has forgotten what it closes over.
            failure_count: from.failure_count().max(to.failure_count()),
            successes: from.successes() + u8::from(reason == Reason::ProbesSucceeded),
            generation: to.generation(),
            tally: None,
        }
    }

    /// Whether this transition came after `other`: two threads may deliver theirs in the other order.
    ///
    /// Right as long as fewer than 256 generations lie between them.
    #[must_use]
    pub const fn is_after(&self, other: &Self) -> bool {
        let ahead = self.generation.wrapping_sub(other.generation) % GENERATIONS;
        ahead != 0 && ahead < GENERATIONS / 2
    }
}

impl fmt::Display for Transition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} -> {} ({}, failure_count {}", self.from, self.to, self.reason, self.failure_count)?;
        if let Some(tally) = self.tally {
            write!(f, " and slow_calls {} of {} calls in ", tally.slow_calls, tally.calls)?;
            match tally.window {
                Window::Calls(calls) => write!(f, "a window of {calls}")?,
                Window::Millis(ms) => write!(f, "{}.{:03} s", ms / 1_000, ms % 1_000)?,
            }
        }
        if self.successes > 0 {
            write!(f, ", successes {}", self.successes)?;
        }
        if !matches!(self.mode, Mode::Normal) {
            write!(f, ", mode {}", self.mode)?;
        }
        write!(f, ", generation {})", self.generation)
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use std::string::ToString;

    use super::*;

    /// One that begins the generation with this number.
    fn at(number: u16) -> Transition {
        let generation = number % GENERATIONS;
        Transition { generation, ..Transition::between(State::NEW, State::NEW, Reason::Reset) }
    }

    #[test]
    fn of_two_transitions_the_later_one_is_after_the_earlier_one_whatever_wraps_between_them() {
        for earlier in 0..GENERATIONS {
            assert!(!at(earlier).is_after(&at(earlier)));
            for between in 1..GENERATIONS / 2 {
                assert!(at(earlier + between).is_after(&at(earlier)));
                assert!(!at(earlier).is_after(&at(earlier + between)));
            }
        }
    }

    #[test]
    fn half_of_all_generations_apart_neither_is_after_the_other() {
        assert!(!at(GENERATIONS / 2).is_after(&at(0)));
        assert!(!at(0).is_after(&at(GENERATIONS / 2)));
    }

    #[test]
    fn a_transition_is_told_with_what_there_is_to_tell_of_it() {
        let plain = at(1);
        assert_eq!(plain.to_string(), "closed -> closed (reset, failure_count 0, generation 1)");
        let from = CircuitState::HalfOpen;
        let probed = Transition { from, reason: Reason::ProbesSucceeded, failure_count: 3, successes: 2, ..plain };
        assert_eq!(
            probed.to_string(),
            "half_open -> closed (probes_succeeded, failure_count 3, successes 2, generation 1)"
        );
        let (to, mode, reason) = (CircuitState::Open, Mode::Shadow, Reason::SlowCallRate);
        let tally = Some(Tally::new(40, 3, 21, Window::Millis(60_007)));
        let tipped = Transition { to, mode, reason, failure_count: 3, tally, ..plain };
        assert_eq!(
            tipped.to_string(),
            "closed -> open (slow_call_rate, failure_count 3 and slow_calls 21 of 40 calls in 60.007 s, \
             mode shadow, generation 1)"
        );
    }
}
