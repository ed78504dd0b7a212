//! What can happen to a circuit, and what became of it: the words that [`step`](crate::machine::step) is spoken to in.
//!
//! ```
//! use halfopen::machine::{Event, State, Verdict, step};
//! use halfopen::{Config, Timestamp};
//!
//! let policy = Config::new().validate().unwrap();
//! let asked = step(&policy, State::NEW, Event::Acquire, Timestamp::ZERO);
//! assert!(matches!(asked.effect.verdict, Verdict::Admitted(_)));
//! assert_eq!(asked.next, None); // nothing changed
//! ```

use core::fmt;
use core::time::Duration;

use crate::circuit::{CircuitState, Mode};
use crate::state::{GENERATIONS, State};
use crate::time::{Timestamp, elapsed, millis};

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Outcome {
    /// The operation works.
    Success,
    /// The operation is broken.
    Failure,
    /// The call says nothing about the operation: it counts as nothing, and a probe gives its place back.
    Ignored,
}

/// What became of a recorded outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Receipt {
    /// It was taken into account.
    Recorded,
    /// It changed nothing: the circuit is OPEN, or has changed its state since the call was let through.
    Stale,
    /// It changed nothing: the probe's lease had run out and the circuit has gone on without it.
    Expired,
    /// It changed nothing: the breaker is disabled.
    Disabled,
}

/// The proof that a request was let through, as a plain value: what a [`Permit`](crate::Permit) holds.
///
/// A ticket is good for one outcome. It fences that outcome: one that belongs to another generation changes nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Ticket {
    /// The generation, and [`PROBE`] for a probe: one word, because a permit is written and read in a few cycles, and a
    /// processor that has to put two bytes and one together for a read of four waits for it.
    mark: u32,
    /// Low half of the time of the admission: of a probe, or of any request where calls are timed; else 0, because the
    /// request was let through without a look at the time.
    issued: u32,
}

const PROBE: u32 = 1 << 16;

impl Ticket {
    #[inline]
    pub(crate) const fn plain(state: State) -> Self {
        Self { mark: state.generation() as u32, issued: 0 }
    }

    /// Of a request that is timed.
    #[inline]
    pub(crate) const fn timed(state: State, now: Timestamp) -> Self {
        Self { mark: state.generation() as u32, issued: now.low() }
    }

    #[inline]
    pub(crate) const fn probe(state: State) -> Self {
        Self { mark: state.generation() as u32 | PROBE, issued: state.since }
    }

    /// Whether it is one that this state gives, in HALF_OPEN to a probe, in CLOSED to any request.
    #[inline]
    pub(crate) const fn is_of(self, state: State, probe: bool) -> bool {
        self.mark == state.generation() as u32 | if probe { PROBE } else { 0 }
    }

    /// Milliseconds since the request was let through; `None` if the clock has gone back. Of a request that is not timed
    /// it says nothing.
    #[inline]
    pub(crate) const fn age(self, now: Timestamp) -> Option<u32> {
        elapsed(self.issued, now.low())
    }

    /// The generation of the circuit in which the request was let through.
    #[must_use]
    pub const fn generation(self) -> u16 {
        self.mark as u16
    }

    /// Whether the request is a probe of HALF_OPEN.
    #[must_use]
    pub const fn is_probe(self) -> bool {
        self.mark & PROBE != 0
    }
}

/// What happens to a circuit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Event {
    /// Somebody asks whether a request may be made, and makes it if so.
    Acquire,
    /// Somebody asks whether a request would be let through, and makes none.
    Inquire,
    /// A call ended. Without a ticket the outcome acts on the state in force.
    Settle(Option<Ticket>, Outcome),
    /// Open now; recovers by itself.
    Trip,
    /// Refuse everything until `Reset`.
    Isolate,
    /// Let everything through and record nothing until `Reset`.
    Disable,
    /// Let everything through, but record and report, until `Reset`.
    Shadow,
    /// Stay OPEN for at least as many milliseconds from now, if OPEN, and as far as the rules can lengthen it.
    HoldOpen(u32),
    /// Back to CLOSED with the rules in force and nothing counted.
    Reset,
}

/// A refused request. The state is CLOSED where a ramp-up has kept the request back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Refusal {
    /// The state that refused it.
    pub state: CircuitState,
    /// Milliseconds until it makes sense to ask again; `None`: not before a `reset`.
    pub retry_after_ms: Option<u32>,
}

impl Refusal {
    /// How long to wait until it makes sense to ask again; `None`: not before a `reset`.
    #[must_use]
    pub const fn retry_after(self) -> Option<Duration> {
        match self.retry_after_ms {
            Some(ms) => Some(millis(ms)),
            None => None,
        }
    }
}

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
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
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
    #[inline(always)]
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

/// The answer to an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Verdict {
    /// The request may be made.
    Admitted(Ticket),
    /// The request may be made, but only because the mode is `Shadow`.
    Shadowed(Ticket, Refusal),
    /// The request must not be made.
    Refused(Refusal),
    /// What became of an outcome.
    Settled(Receipt),
    /// A command was carried out; to `Inquire`: yes.
    Done,
    /// The state in force was made the stored one; the same event has to be stepped again.
    Again,
}

/// What a step tells its shell: plain data, to be delivered once, after the next state is committed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Effect {
    /// The answer to the event.
    pub verdict: Verdict,
    /// The transition that was made, at most one a step.
    pub transition: Option<Transition>,
    /// `now` is the time of the latest failure.
    pub failed: bool,
    /// The outcome came too late, and somebody who counts such outcomes should be told. Not so for one that says nothing,
    /// nor in shadow mode, which lets requests through that the rules refuse.
    pub late: bool,
}

/// The result of [`step`](crate::machine::step).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[must_use = "a step that is not committed has not happened"]
pub struct Step {
    /// The state to store; `None` leaves it as it is.
    pub next: Option<State>,
    /// What to tell once it is stored.
    pub effect: Effect,
}

impl Step {
    #[inline(always)]
    pub(crate) const fn unchanged(verdict: Verdict) -> Self {
        Self { next: None, effect: Effect { verdict, transition: None, failed: false, late: false } }
    }

    /// From `state` to `next`, which is a transition if there is a `reason` for one.
    #[inline(always)]
    pub(crate) fn new(state: State, next: State, verdict: Verdict, reason: Option<Reason>) -> Self {
        let transition = reason.map(|reason| Transition::between(state, next, reason));
        Self {
            next: (next != state).then_some(next),
            effect: Effect { verdict, transition, failed: false, late: false },
        }
    }

    /// An outcome that came too late for `state`, and changes nothing.
    #[inline(always)]
    pub(crate) fn late(state: State, receipt: Receipt, outcome: Outcome) -> Self {
        let mut step = Self::unchanged(Verdict::Settled(receipt));
        step.effect.late = !matches!(outcome, Outcome::Ignored) && !state.is_shadow();
        step
    }

    /// What the window held, if a window opened the circuit.
    #[inline(always)]
    pub(crate) fn with_tally(mut self, tally: Option<Tally>) -> Self {
        if let (Some(transition), Some(_)) = (&mut self.effect.transition, tally) {
            transition.tally = tally;
        }
        self
    }

    #[inline(always)]
    pub(crate) const fn failed_if(mut self, failed: bool) -> Self {
        self.effect.failed = failed;
        self
    }
}

#[cfg(test)]
mod tests {
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
}
