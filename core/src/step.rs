//! The rules: one pure function that decides everything a breaker does.
//!
//! ```
//! use core::time::Duration;
//! use halfopen::machine::{Event, State, step};
//! use halfopen::{CircuitState, Config, Outcome, Timestamp};
//!
//! let policy = Config::new().failure_threshold(1).recovery_timeout(Duration::from_secs(30)).validate().unwrap();
//! let failed = step(&policy, State::NEW, Event::Settle(None, Outcome::Failure), Timestamp::ZERO);
//! let state = failed.next.unwrap();
//! assert_eq!(state.circuit(), CircuitState::Open);
//! assert_eq!(state.in_force(&policy, Timestamp::from_millis(30_000)), CircuitState::HalfOpen);
//! ```

use crate::circuit::{CircuitState, Mode};
use crate::config::Policy;
use crate::event::{Event, Outcome, Reason, Receipt, Refusal, Step, Ticket, Verdict};
use crate::rule::{Consecutive, TripRule};
use crate::state::State;
use crate::time::{Timestamp, elapsed};

/// Decides by the consecutive rule what `event` does to `state` at `now`.
///
/// Pure: a shell may call it again when another has changed the state in between, and drop the result. Its effect
/// counts only once the next state is stored. [`Verdict::Again`] asks for the same event to be stepped again from
/// there, so that each step makes at most one transition.
#[inline(always)]
pub fn step(policy: &Policy, state: State, event: Event, now: Timestamp) -> Step {
    step_with::<Consecutive>(policy, state, event, now, ())
}

/// [`step`] by another [`TripRule`], whose memory says `evidence`.
#[inline(always)]
pub fn step_with<R: TripRule>(
    policy: &Policy,
    state: State,
    event: Event,
    now: Timestamp,
    evidence: R::Evidence,
) -> Step {
    match event {
        Event::Acquire => acquire(policy, state, now),
        Event::Inquire => match state.refusal(policy, now) {
            Some(refusal) => refuse(state, refusal, now),
            None => Step::unchanged(Verdict::Done),
        },
        Event::Settle(ticket, outcome) => settle::<R>(policy, state, ticket, outcome, now, evidence),
        Event::Trip => trip(state, now),
        Event::Isolate => switch(state, CircuitState::Open, Mode::Isolated, state.failure_count(), Reason::Isolated),
        Event::Disable => switch(state, CircuitState::Closed, Mode::Disabled, 0, Reason::Disabled),
        Event::Shadow => shadow(state),
        Event::Reset => switch(state, CircuitState::Closed, Mode::Normal, 0, Reason::Reset),
    }
}

#[inline(always)]
fn acquire(policy: &Policy, state: State, now: Timestamp) -> Step {
    match state.refusal(policy, now) {
        Some(refusal) => refuse(state, refusal, now),
        None => admit(policy, state, now),
    }
}

#[inline(always)]
fn admit(policy: &Policy, state: State, now: Timestamp) -> Step {
    let next = match state.circuit() {
        CircuitState::Closed => return Step::unchanged(Verdict::Admitted(Ticket::plain(state))),
        CircuitState::Open => state.move_to(CircuitState::HalfOpen),
        CircuitState::HalfOpen if state.in_flight() < policy.half_open_max_calls() => state,
        // The lease of the probe that came last has run out, so those of all have: the round goes on without them.
        CircuitState::HalfOpen => state.forget_probes(),
    };
    let next = next.let_one_in().with_since(now);
    let reason = matches!(state.circuit(), CircuitState::Open).then_some(Reason::RecoveryTimeout);
    Step::new(state, next, Verdict::Admitted(Ticket::probe(next)), reason)
}

/// Refuses, or lets through what would be refused where the mode says so.
#[inline(always)]
fn refuse(state: State, refusal: Refusal, now: Timestamp) -> Step {
    let verdict =
        if state.is_shadow() { Verdict::Shadowed(Ticket::plain(state), refusal) } else { Verdict::Refused(refusal) };
    match refusal.retry_after_ms {
        // The clock went back: begin the wait anew here, or it would last until the old time comes again.
        Some(_) if state.is_ahead_of(now) => Step::new(state, state.with_since(now), verdict, None),
        _ => Step::unchanged(verdict),
    }
}

#[inline(always)]
fn settle<R: TripRule>(
    policy: &Policy,
    state: State,
    ticket: Option<Ticket>,
    outcome: Outcome,
    now: Timestamp,
    evidence: R::Evidence,
) -> Step {
    if state.is_disabled() {
        return Step::unchanged(Verdict::Settled(Receipt::Disabled));
    }
    let failed = matches!(outcome, Outcome::Failure);
    let lapsed = state.lapsed(policy, now);
    if matches!(state.circuit(), CircuitState::Open) && !lapsed {
        let receipt = ticket.map_or(Receipt::Stale, |ticket| late(policy, ticket, now));
        return Step::late(state, receipt, outcome).failed_if(failed);
    }
    if let Some(ticket) = ticket {
        let half_open = matches!(state.circuit(), CircuitState::HalfOpen);
        if lapsed || ticket.probe != half_open || ticket.generation != state.generation() {
            return Step::late(state, late(policy, ticket, now), outcome);
        }
    }
    let (next, change) = match state.circuit() {
        CircuitState::Closed => settle_closed::<R>(policy, state, outcome, evidence),
        CircuitState::HalfOpen => settle_probe(policy, state, outcome),
        CircuitState::Open if matches!(outcome, Outcome::Ignored) => (state, None),
        // Lapsed, and nobody has asked since: HALF_OPEN is in force, and an outcome without a ticket acts on it.
        CircuitState::Open => {
            let next = state.move_to(CircuitState::HalfOpen).with_since(now);
            return Step::new(state, next, Verdict::Again, Some(Reason::RecoveryTimeout));
        }
    };
    let (next, reason) = match change {
        // Only an opening has a time: a closing that is stopped half-way must not lengthen the lease of a probe.
        Some((CircuitState::Open, reason)) => (next.move_to(CircuitState::Open).with_since(now), Some(reason)),
        Some((circuit, reason)) => (next.move_to(circuit), Some(reason)),
        None => (next, None),
    };
    Step::new(state, next, Verdict::Settled(Receipt::Recorded), reason).failed_if(failed)
}

/// What an outcome makes of the counts, and where the circuit goes if it goes anywhere.
type Settled = (State, Option<(CircuitState, Reason)>);

#[inline(always)]
fn settle_closed<R: TripRule>(policy: &Policy, state: State, outcome: Outcome, evidence: R::Evidence) -> Settled {
    let counted = match outcome {
        Outcome::Ignored => return (state, None),
        Outcome::Success => state.with_count(0),
        Outcome::Failure => state.count_one_more(),
    };
    let reason = R::trips(policy, counted.failure_count(), evidence);
    (counted, reason.map(|reason| (CircuitState::Open, reason)))
}

#[inline(always)]
fn settle_probe(policy: &Policy, state: State, outcome: Outcome) -> Settled {
    match outcome {
        Outcome::Ignored => (state.let_one_out(), None),
        Outcome::Failure => (state.count_one_more(), Some((CircuitState::Open, Reason::ProbeFailed))),
        Outcome::Success => {
            let counted = state.let_one_out().succeed_one_more();
            if counted.successes() < policy.success_threshold() {
                return (counted, None);
            }
            (counted.with_count(0), Some((CircuitState::Closed, Reason::ProbesSucceeded)))
        }
    }
}

/// What to call an outcome that came too late to count.
fn late(policy: &Policy, ticket: Ticket, now: Timestamp) -> Receipt {
    match elapsed(ticket.issued, now.low()) {
        Some(passed) if ticket.probe && passed >= policy.probe_timeout_ms() => Receipt::Expired,
        _ => Receipt::Stale,
    }
}

fn trip(state: State, now: Timestamp) -> Step {
    match (state.mode(), state.circuit()) {
        (Mode::Isolated | Mode::Disabled, _) => Step::unchanged(Verdict::Done),
        // Already OPEN: the wait begins anew.
        (_, CircuitState::Open) => Step::new(state, state.with_since(now), Verdict::Done, None),
        _ => {
            let next = state.move_to(CircuitState::Open).with_since(now);
            Step::new(state, next, Verdict::Done, Some(Reason::Tripped))
        }
    }
}

fn shadow(state: State) -> Step {
    match state.mode() {
        Mode::Normal | Mode::Shadow => {
            switch(state, state.circuit(), Mode::Shadow, state.failure_count(), Reason::Shadowed)
        }
        Mode::Isolated | Mode::Disabled => switch(state, CircuitState::Closed, Mode::Shadow, 0, Reason::Shadowed),
    }
}

/// Goes to a mode with a count; where the circuit is there already, only the count is stored.
fn switch(state: State, circuit: CircuitState, mode: Mode, count: u16, reason: Reason) -> Step {
    if state.mode() == mode && state.circuit() == circuit {
        return Step::new(state, state.with_count(count), Verdict::Done, None);
    }
    Step::new(state, state.switch_to(circuit, mode).with_count(count), Verdict::Done, Some(reason))
}
