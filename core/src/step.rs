//! The rules: one pure function that decides everything a breaker does.
//!
//! ```
//! use core::time::Duration;
//! use halfopen::{CircuitState, Config, Event, Outcome, State, Timestamp, step};
//!
//! let policy = Config::new().failure_threshold(1).recovery_timeout(Duration::from_secs(30)).validate().unwrap();
//! let failed = step(&policy, State::NEW, Event::Settle(None, Outcome::Failure), Timestamp::ZERO);
//! let state = failed.next.unwrap();
//! assert_eq!(state.circuit(), CircuitState::Open);
//! assert_eq!(state.in_force(&policy, Timestamp::from_millis(30_000)), CircuitState::HalfOpen);
//! ```

use crate::config::Policy;
use crate::event::{Event, Outcome, Reason, Receipt, Refusal, Step, Ticket, Transition, Verdict};
use crate::rule::{Consecutive, TripRule};
use crate::state::{CircuitState, MAX_COUNT, MAX_SUCCESSES, Mode, State};
use crate::time::{Timestamp, elapsed};

/// Decides by the consecutive rule what `event` does to `state` at `now`.
///
/// Pure: a shell may call it again when another has changed the state in between, and drop the result. Its effect
/// counts only once the next state is stored. [`Verdict::Again`] asks for the same event to be stepped again from
/// there, so that each step makes at most one transition.
#[inline]
pub fn step(policy: &Policy, state: State, event: Event, now: Timestamp) -> Step {
    step_with::<Consecutive>(policy, state, event, now, ())
}

/// [`step`] by another [`TripRule`], whose memory says `evidence`.
#[inline]
pub fn step_with<R: TripRule>(
    policy: &Policy,
    state: State,
    event: Event,
    now: Timestamp,
    evidence: R::Evidence,
) -> Step {
    match event {
        Event::Acquire => acquire(policy, state, now),
        Event::Settle(ticket, outcome) => settle::<R>(policy, state, ticket, outcome, now, evidence),
        Event::Trip => trip(state, now),
        Event::Isolate => switch(state, CircuitState::Open, Mode::Isolated, state.failure_count(), Reason::Isolated),
        Event::Disable => switch(state, CircuitState::Closed, Mode::Disabled, 0, Reason::Disabled),
        Event::Shadow => shadow(state),
        Event::Reset => switch(state, CircuitState::Closed, Mode::Normal, 0, Reason::Reset),
    }
}

fn acquire(policy: &Policy, state: State, now: Timestamp) -> Step {
    match state.refusal(policy, now) {
        Some(refusal) => refuse(state, refusal, now),
        None => admit(policy, state, now),
    }
}

fn admit(policy: &Policy, state: State, now: Timestamp) -> Step {
    let next = match state.circuit() {
        CircuitState::Closed => return Step::unchanged(Verdict::Admitted(Ticket::plain(state))),
        CircuitState::Open => state.enter(CircuitState::HalfOpen, state.mode()).with_in_flight(1),
        CircuitState::HalfOpen if state.in_flight() < policy.half_open_max_calls() => {
            state.with_in_flight(state.in_flight() + 1)
        }
        // The lease of the probe that came last has run out, so those of all have: the round goes on without them.
        CircuitState::HalfOpen => state.next_generation().with_in_flight(1),
    };
    let next = next.with_since(now);
    let step = Step::to(next, Verdict::Admitted(Ticket::probe(next)));
    match state.circuit() {
        CircuitState::Open => step.with(transition(state, next, Reason::RecoveryTimeout)),
        _ => step,
    }
}

/// Refuses, or lets through what would be refused where the mode says so.
fn refuse(state: State, refusal: Refusal, now: Timestamp) -> Step {
    let verdict = match state.mode() {
        Mode::Shadow => Verdict::Shadowed(Ticket::plain(state), refusal),
        _ => Verdict::Refused(refusal),
    };
    match refusal.retry_after_ms {
        // The clock went back: begin the wait anew here, or it would last until the old time comes again.
        Some(_) if state.is_ahead_of(now) => Step::to(state.with_since(now), verdict),
        _ => Step::unchanged(verdict),
    }
}

fn settle<R: TripRule>(
    policy: &Policy,
    state: State,
    ticket: Option<Ticket>,
    outcome: Outcome,
    now: Timestamp,
    evidence: R::Evidence,
) -> Step {
    let failed = matches!(outcome, Outcome::Failure);
    if matches!(state.mode(), Mode::Disabled) {
        return Step::unchanged(Verdict::Settled(Receipt::Disabled));
    }
    if matches!(state.circuit(), CircuitState::Open) && !state.lapsed(policy, now) {
        let receipt = ticket.map_or(Receipt::Stale, |ticket| late(policy, ticket, now));
        return Step::unchanged(Verdict::Settled(receipt)).failed_if(failed);
    }
    if let Some(ticket) = ticket {
        let belongs = match state.circuit() {
            CircuitState::Closed => !ticket.probe,
            CircuitState::HalfOpen => ticket.probe,
            CircuitState::Open => false,
        };
        if !belongs || ticket.generation != state.generation() {
            return Step::unchanged(Verdict::Settled(late(policy, ticket, now)));
        }
    }
    match state.circuit() {
        CircuitState::Closed => settle_closed::<R>(policy, state, outcome, now, evidence),
        CircuitState::HalfOpen => settle_probe(policy, state, outcome, now),
        // Lapsed, and nobody has asked since: HALF_OPEN is in force, and an outcome without a ticket acts on it.
        CircuitState::Open if matches!(outcome, Outcome::Ignored) => Step::unchanged(RECORDED),
        CircuitState::Open => {
            let next = state.enter(CircuitState::HalfOpen, state.mode()).with_since(now);
            Step::to(next, Verdict::Again).with(transition(state, next, Reason::RecoveryTimeout))
        }
    }
}

const RECORDED: Verdict = Verdict::Settled(Receipt::Recorded);

fn settle_closed<R: TripRule>(
    policy: &Policy,
    state: State,
    outcome: Outcome,
    now: Timestamp,
    evidence: R::Evidence,
) -> Step {
    let count = match outcome {
        Outcome::Ignored => return Step::unchanged(RECORDED),
        Outcome::Success => 0,
        Outcome::Failure => one_more(state.failure_count()),
    };
    let failed = matches!(outcome, Outcome::Failure);
    let counted = state.with_count(count);
    match R::trips(policy, count, evidence) {
        Some(reason) => open(state, count, reason, now).failed_if(failed),
        None if counted.word == state.word => Step::unchanged(RECORDED).failed_if(failed),
        None => Step::to(counted, RECORDED).failed_if(failed),
    }
}

fn settle_probe(policy: &Policy, state: State, outcome: Outcome, now: Timestamp) -> Step {
    let released = state.with_in_flight(state.in_flight().saturating_sub(1));
    match outcome {
        Outcome::Ignored if released.word == state.word => Step::unchanged(RECORDED),
        Outcome::Ignored => Step::to(released, RECORDED),
        Outcome::Failure => open(state, one_more(state.failure_count()), Reason::ProbeFailed, now).failed_if(true),
        Outcome::Success => {
            let successes = if state.successes() < MAX_SUCCESSES { state.successes() + 1 } else { MAX_SUCCESSES };
            if successes < policy.success_threshold() {
                return Step::to(released.with_successes(successes), RECORDED);
            }
            let next = state.enter(CircuitState::Closed, state.mode()).with_count(0);
            let transition = Transition { successes, ..transition(state, next, Reason::ProbesSucceeded) };
            Step::to(next, RECORDED).with(transition)
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
        (_, CircuitState::Open) => Step::to(state.with_since(now), Verdict::Done),
        (mode, _) => {
            let next = state.enter(CircuitState::Open, mode).with_since(now);
            Step::to(next, Verdict::Done).with(transition(state, next, Reason::Tripped))
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
        let next = state.with_count(count);
        return if next == state { Step::unchanged(Verdict::Done) } else { Step::to(next, Verdict::Done) };
    }
    let next = state.enter(circuit, mode).with_count(count);
    Step::to(next, Verdict::Done).with(transition(state, next, reason))
}

fn open(state: State, count: u16, reason: Reason, now: Timestamp) -> Step {
    let next = state.enter(CircuitState::Open, state.mode()).with_count(count).with_since(now);
    Step::to(next, RECORDED).with(transition(state, next, reason))
}

fn transition(from: State, to: State, reason: Reason) -> Transition {
    Transition {
        from: from.circuit(),
        to: to.circuit(),
        mode: to.mode(),
        reason,
        // An opening has counted one more; a closing has forgotten what it closes over.
        failure_count: from.failure_count().max(to.failure_count()),
        successes: from.successes(),
        generation: to.generation(),
    }
}

const fn one_more(count: u16) -> u16 {
    if count < MAX_COUNT { count + 1 } else { MAX_COUNT }
}
