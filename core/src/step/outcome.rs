//! What an outcome does to the counts, and where the circuit goes by it.

use super::open_ms;
use crate::circuit::CircuitState;
use crate::config::{Policy, Recovery};
use crate::event::{Made, Outcome, Receipt, Ticket, Verdict};
use crate::rule::{Judgement, Round, Trials, TripRule};
use crate::state::State;
use crate::time::Timestamp;
use crate::transition::Reason;

#[cfg_attr(not(target_family = "wasm"), inline(always))]
pub(super) fn settle<R: TripRule, M: Made>(
    policy: &R::Policy,
    state: State,
    ticket: Option<Ticket>,
    outcome: Outcome,
    now: Timestamp,
    evidence: R::Evidence,
) -> M {
    if state.is_disabled() {
        return M::unchanged(state, Verdict::Settled(Receipt::Disabled));
    }
    let base = R::base(policy);
    let probe = matches!(state.circuit(), CircuitState::HalfOpen);
    let outcome = R::weigh(policy, probe, outcome, evidence);
    let failed = matches!(outcome, Outcome::Failure);
    let lapsed = state.lapsed(open_ms::<R>(policy, evidence), now);
    if matches!(state.circuit(), CircuitState::Open) && !lapsed {
        let receipt = ticket.map_or(Receipt::Stale, |ticket| late(base, ticket, now));
        return M::late(state, receipt, outcome).failed_if(failed);
    }
    if let Some(ticket) = ticket {
        if lapsed || !ticket.is_of(state, probe) {
            return M::late(state, late(base, ticket, now), outcome);
        }
    }
    let (next, change) = match state.circuit() {
        CircuitState::Closed => settle_closed::<R>(policy, state, outcome, evidence),
        CircuitState::HalfOpen => settle_probe::<R>(policy, state, outcome),
        CircuitState::Open if matches!(outcome, Outcome::Ignored) => (state, None),
        // Lapsed, and nobody has asked since: HALF_OPEN is in force, and an outcome without a ticket acts on it.
        CircuitState::Open => {
            let next = state.move_to(CircuitState::HalfOpen).with_since(now);
            return M::new(state, next, Verdict::Again, Some(Reason::RecoveryTimeout));
        }
    };
    let (next, reason) = match change {
        // Only an opening has a time: a closing that is stopped half-way must not lengthen the lease of a probe.
        Some((CircuitState::Open, reason)) => (next.move_to(CircuitState::Open).with_since(now), Some(reason)),
        Some((circuit, reason)) => (closed::<R>(policy, next.move_to(circuit), now), Some(reason)),
        None => (next, None),
    };
    let recorded = Verdict::Settled(Receipt::Recorded);
    if R::WINDOW && matches!(reason, Some(Reason::FailureRate | Reason::SlowCallRate)) {
        return M::new(state, next, recorded, reason).failed_if(failed).with_tally(|| R::tally(policy, evidence));
    }
    M::new(state, next, recorded, reason).failed_if(failed)
}

/// `state`, which is CLOSED from now on: with a ramp that begins, where there is one.
#[cfg_attr(not(target_family = "wasm"), inline(always))]
fn closed<R: TripRule>(policy: &R::Policy, state: State, now: Timestamp) -> State {
    match R::recovery(policy) {
        Some(recovery) if recovery.share(0).is_some() => state.ramping().with_since(now),
        _ => state,
    }
}

/// What an outcome makes of the counts, and where the circuit goes if it goes anywhere.
type Settled = (State, Option<(CircuitState, Reason)>);

#[cfg_attr(not(target_family = "wasm"), inline(always))]
fn settle_closed<R: TripRule>(policy: &R::Policy, state: State, outcome: Outcome, evidence: R::Evidence) -> Settled {
    if matches!(outcome, Outcome::Ignored) {
        return (state, None);
    }
    let Judgement { counted, reason } = R::judge(policy, state, outcome, evidence);
    (counted, reason.map(|reason| (CircuitState::Open, reason)))
}

#[cfg_attr(not(target_family = "wasm"), inline(always))]
fn settle_probe<R: TripRule>(policy: &R::Policy, state: State, outcome: Outcome) -> Settled {
    let base = R::base(policy);
    match R::recovery(policy) {
        Some(recovery) if recovery.trials > 0 => return settle_trial(base, recovery, state, outcome),
        _ => {}
    }
    match outcome {
        Outcome::Ignored => (state.let_one_out(), None),
        Outcome::Failure => (state.count_one_more(), Some((CircuitState::Open, Reason::ProbeFailed))),
        Outcome::Success => {
            let counted = state.let_one_out().succeed_one_more();
            if counted.successes() < base.success_threshold() {
                return (counted, None);
            }
            (counted.with_count(0), Some((CircuitState::Closed, Reason::ProbesSucceeded)))
        }
    }
}

/// A probe of a round in which some may fail.
fn settle_trial(policy: &Policy, recovery: &Recovery, state: State, outcome: Outcome) -> Settled {
    let counted = if matches!(outcome, Outcome::Failure) { state.count_one_more() } else { state };
    match Trials::of(state, policy).after(outcome, policy, recovery.trials) {
        Round::GoesOn(trials) => (counted.let_one_out().with_successes(trials.pack(policy)), None),
        Round::Closes => (counted.with_count(0), Some((CircuitState::Closed, Reason::ProbesSucceeded))),
        Round::Opens => (counted, Some((CircuitState::Open, Reason::ProbeFailed))),
    }
}

/// What to call an outcome that came too late to count.
fn late(policy: &Policy, ticket: Ticket, now: Timestamp) -> Receipt {
    match ticket.age(now) {
        Some(passed) if ticket.is_probe() && passed >= policy.probe_timeout_ms() => Receipt::Expired,
        _ => Receipt::Stale,
    }
}
