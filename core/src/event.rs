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
use crate::time::millis;

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
    pub(crate) generation: u16,
    pub(crate) probe: bool,
    /// Low half of the time of a probe's admission; 0 for any other request, which is let through without the time.
    pub(crate) issued: u32,
}

impl Ticket {
    pub(crate) const fn plain(state: State) -> Self {
        Self { generation: state.generation(), probe: false, issued: 0 }
    }

    pub(crate) const fn probe(state: State) -> Self {
        Self { generation: state.generation(), probe: true, issued: state.since }
    }

    /// The generation of the circuit in which the request was let through.
    #[must_use]
    pub const fn generation(self) -> u16 {
        self.generation
    }

    /// Whether the request is a probe of HALF_OPEN.
    #[must_use]
    pub const fn is_probe(self) -> bool {
        self.probe
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
    /// Back to CLOSED with the rules in force and nothing counted.
    Reset,
}

/// A refused request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Refusal {
    /// The state that refused it: OPEN or HALF_OPEN.
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
    /// The recovery timeout passed and somebody asked.
    RecoveryTimeout,
    /// Enough probes succeeded.
    ProbesSucceeded,
    /// A probe failed.
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
    /// Consecutive failures up to the change, the one that caused it included.
    pub failure_count: u16,
    /// Probes that succeeded up to the change, the one that caused it included.
    pub successes: u8,
    /// The generation that the change began, modulo 512.
    pub generation: u16,
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
