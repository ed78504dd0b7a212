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

use core::time::Duration;

use crate::circuit::CircuitState;
use crate::state::State;
use crate::time::{Timestamp, elapsed, millis};
use crate::transition::{Reason, Tally, Transition};

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

/// How a call ended, and what became of that: what an [`Observer`](crate::Observer) is told of each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub struct CallReport {
    /// How it ended.
    pub outcome: Outcome,
    /// What became of that.
    pub receipt: Receipt,
    /// Whether it took longer than the rule's `slow_call_duration`; never so by a rule that does not time calls.
    pub slow: bool,
}

impl CallReport {
    pub(crate) const fn new(outcome: Outcome, receipt: Receipt, slow: bool) -> Self {
        Self { outcome, receipt, slow }
    }
}

/// The proof that a request was let through, as a plain value: what a [`Permit`](crate::Permit) holds.
///
/// A ticket is good for one outcome. It fences that outcome: one that belongs to another generation changes nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Ticket {
    /// The generation where a state's word has it, and [`PROBE`] for a probe: one word, because a permit is written and
    /// read in a few cycles, and a processor that has to put two bytes and one together for a read of four waits for it.
    mark: u32,
    /// Low half of the time of the admission: of a probe, or of any request where calls are timed; else 0, because the
    /// request was let through without a look at the time.
    issued: u32,
}

/// A bit that [`State::healthy_mark`] never has.
const PROBE: u32 = 1 << 16;
/// Beside [`PROBE`] where a fleet has let it through, and the number of the probe stands in the place of its time.
#[cfg(feature = "redis")]
const OF_FLEET: u32 = 1;
/// Any other mark has no bits below, [`PROBE`] being the lowest.
const PARTS: u32 = 16;

impl Ticket {
    #[inline]
    pub(crate) const fn plain(state: State) -> Self {
        Self { mark: state.generation_mark(), issued: 0 }
    }

    /// Of a request that is timed.
    #[inline]
    pub(crate) const fn timed(state: State, now: Timestamp) -> Self {
        Self { mark: state.generation_mark(), issued: now.low() }
    }

    #[inline]
    pub(crate) const fn probe(state: State) -> Self {
        Self { mark: state.generation_mark() | PROBE, issued: state.since }
    }

    /// The same request, timed from `now` on.
    #[cfg(feature = "hal")]
    pub(crate) const fn begun(self, now: Timestamp) -> Self {
        Self { mark: self.mark, issued: now.low() }
    }

    /// Whether it is one that this state gives, in HALF_OPEN to a probe, in CLOSED to any request.
    #[inline]
    pub(crate) const fn is_of(self, state: State, probe: bool) -> bool {
        self.mark == state.generation_mark() | if probe { PROBE } else { 0 }
    }

    /// Whether it is one that this state gives in CLOSED, with nothing counted: a success changes nothing.
    #[inline]
    pub(crate) const fn is_of_healthy(self, state: State) -> bool {
        self.mark == state.healthy_mark()
    }

    /// Milliseconds since the request was let through; `None` if the clock has gone back. Of a request that is not timed
    /// it says nothing.
    #[inline]
    pub(crate) const fn age(self, now: Timestamp) -> Option<u32> {
        elapsed(self.issued, now.low())
    }

    /// Of a probe that a fleet has let through, by its number. No state gives such a one.
    #[cfg(feature = "redis")]
    #[inline]
    pub(crate) const fn of_fleet(number: u32) -> Self {
        Self { mark: PROBE | OF_FLEET, issued: number }
    }

    /// The number of a probe that a fleet has let through.
    #[cfg(feature = "redis")]
    #[inline]
    pub(crate) const fn fleet_number(self) -> Option<u32> {
        if self.mark == PROBE | OF_FLEET { Some(self.issued) } else { None }
    }

    /// The ticket as two numbers, of 16 and of 32 bits: to carry it through a language that has no ticket.
    #[inline]
    #[must_use]
    pub const fn to_parts(self) -> (u16, u32) {
        ((self.mark >> PARTS) as u16, self.issued)
    }

    /// The ticket of these numbers. Others than [`to_parts`](Self::to_parts) gave make one of a request that never was.
    #[inline]
    #[must_use]
    pub const fn from_parts((mark, issued): (u16, u32)) -> Self {
        Self { mark: (mark as u32) << PARTS, issued }
    }

    /// The generation of the circuit in which the request was let through.
    #[must_use]
    pub const fn generation(self) -> u16 {
        State::generation_of(self.mark)
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

/// What the rules are asked for: a [`Step`], in which every way through them makes its own transition, which a compiler that
/// inlines them all makes the most of; or a [`Move`], of which one transition is made at the end.
pub(crate) trait Made: Sized {
    /// Nothing changes.
    fn unchanged(state: State, verdict: Verdict) -> Self;

    /// From `state` to `next`, which is a transition if there is a `reason` for one.
    fn new(state: State, next: State, verdict: Verdict, reason: Option<Reason>) -> Self;

    /// An outcome that came too late for `state`, and changes nothing.
    fn late(state: State, receipt: Receipt, outcome: Outcome) -> Self;

    fn failed_if(self, failed: bool) -> Self;

    /// What the window held, if a window opened the circuit.
    fn with_tally(self, tally: impl FnOnce() -> Option<Tally>) -> Self;
}

/// Somebody who counts outcomes that came too late should be told of this one.
#[cfg_attr(not(target_family = "wasm"), inline(always))]
const fn is_told_late(state: State, outcome: Outcome) -> bool {
    !matches!(outcome, Outcome::Ignored) && !state.is_shadow()
}

impl Made for Step {
    #[cfg_attr(not(target_family = "wasm"), inline(always))]
    fn unchanged(_: State, verdict: Verdict) -> Self {
        Self { next: None, effect: Effect { verdict, transition: None, failed: false, late: false } }
    }

    #[cfg_attr(not(target_family = "wasm"), inline(always))]
    fn new(state: State, next: State, verdict: Verdict, reason: Option<Reason>) -> Self {
        let transition = reason.map(|reason| Transition::between(state, next, reason));
        Self {
            next: (next != state).then_some(next),
            effect: Effect { verdict, transition, failed: false, late: false },
        }
    }

    #[cfg_attr(not(target_family = "wasm"), inline(always))]
    fn late(state: State, receipt: Receipt, outcome: Outcome) -> Self {
        let mut step = Self::unchanged(state, Verdict::Settled(receipt));
        step.effect.late = is_told_late(state, outcome);
        step
    }

    #[cfg_attr(not(target_family = "wasm"), inline(always))]
    fn failed_if(mut self, failed: bool) -> Self {
        self.effect.failed = failed;
        self
    }

    #[cfg_attr(not(target_family = "wasm"), inline(always))]
    fn with_tally(mut self, tally: impl FnOnce() -> Option<Tally>) -> Self {
        if let (Some(transition), tally @ Some(_)) = (&mut self.effect.transition, tally()) {
            transition.tally = tally;
        }
        self
    }
}

/// A step before its transition is made.
#[derive(Clone, Copy)]
pub(crate) struct Move {
    /// The state to store, which may be the one that is.
    pub(crate) next: State,
    pub(crate) verdict: Verdict,
    /// Why it is a transition, if it is one.
    pub(crate) reason: Option<Reason>,
    pub(crate) failed: bool,
    pub(crate) late: bool,
}

impl Made for Move {
    #[cfg_attr(not(target_family = "wasm"), inline(always))]
    fn unchanged(state: State, verdict: Verdict) -> Self {
        Self::new(state, state, verdict, None)
    }

    #[cfg_attr(not(target_family = "wasm"), inline(always))]
    fn new(_: State, next: State, verdict: Verdict, reason: Option<Reason>) -> Self {
        Self { next, verdict, reason, failed: false, late: false }
    }

    #[cfg_attr(not(target_family = "wasm"), inline(always))]
    fn late(state: State, receipt: Receipt, outcome: Outcome) -> Self {
        Self { late: is_told_late(state, outcome), ..Self::unchanged(state, Verdict::Settled(receipt)) }
    }

    #[cfg_attr(not(target_family = "wasm"), inline(always))]
    fn failed_if(self, failed: bool) -> Self {
        Self { failed, ..self }
    }

    #[cfg_attr(not(target_family = "wasm"), inline(always))]
    fn with_tally(self, _: impl FnOnce() -> Option<Tally>) -> Self {
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ticket_knows_the_generation_in_which_it_was_given() {
        let state = (0..300).fold(State::NEW, |state, _| state.forget_probes());
        for ticket in [Ticket::plain(state), Ticket::timed(state, Timestamp::ZERO), Ticket::probe(state)] {
            assert_eq!(ticket.generation(), 300);
        }
    }

    #[test]
    fn a_ticket_is_the_same_after_it_was_two_numbers() {
        for generations in [0, 1, 300, 511] {
            let state = (0..generations).fold(State::NEW, |state, _| state.forget_probes());
            let now = Timestamp::from_millis(u32::MAX.into());
            for ticket in [Ticket::plain(state), Ticket::timed(state, now), Ticket::probe(state.with_since(now))] {
                assert_eq!(Ticket::from_parts(ticket.to_parts()), ticket);
            }
        }
    }

    #[test]
    #[cfg(feature = "redis")]
    fn a_probe_of_a_fleet_is_known_by_its_number_and_belongs_to_no_state() {
        let ticket = Ticket::of_fleet(7);
        assert_eq!((ticket.fleet_number(), ticket.is_probe()), (Some(7), true));
        let state = State::NEW;
        assert!(!ticket.is_of(state, true) && !ticket.is_of(state, false) && !ticket.is_of_healthy(state));
        let others = [Ticket::plain(state), Ticket::probe(state), Ticket::timed(state, Timestamp::from_millis(7))];
        assert_eq!(others.map(Ticket::fleet_number), [None; 3]);
    }
}
