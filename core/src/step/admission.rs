//! Whether a request is let through, and as what.

use super::open_ms;
use crate::circuit::CircuitState;
use crate::config::Recovery;
use crate::event::{Made, Refusal, Ticket, Verdict};
use crate::rule::{Trials, TripRule};
use crate::state::State;
use crate::time::{Timestamp, elapsed};
use crate::transition::Reason;

#[cfg_attr(not(target_family = "wasm"), inline(always))]
pub(super) fn refusal<R: TripRule>(
    policy: &R::Policy,
    state: State,
    now: Timestamp,
    evidence: R::Evidence,
) -> Option<Refusal> {
    match R::recovery(policy) {
        Some(recovery) if state.is_ramping() => kept_back(recovery, state, R::luck(evidence).random, now),
        _ => plain_refusal::<R>(policy, state, open_ms::<R>(policy, evidence), now),
    }
}

/// What the rules answer to a request instead of letting it through, if an opening lasts `open_ms`; a ramp-up left out.
#[cfg_attr(not(target_family = "wasm"), inline(always))]
pub(crate) fn plain_refusal<R: TripRule>(
    policy: &R::Policy,
    state: State,
    open_ms: u32,
    now: Timestamp,
) -> Option<Refusal> {
    state.refusal_by(R::base(policy), open_ms, places::<R>(policy, state), now)
}

/// How many probes may be in flight.
#[cfg_attr(not(target_family = "wasm"), inline(always))]
fn places<R: TripRule>(policy: &R::Policy, state: State) -> u8 {
    let base = R::base(policy);
    match R::recovery(policy) {
        Some(recovery) if recovery.trials > 0 => Trials::of(state, base).places(base, recovery),
        _ => base.half_open_max_calls(),
    }
}

/// Whether a ramp-up keeps a request with this random number back, and until when it would.
fn kept_back(recovery: &Recovery, state: State, random: u32, now: Timestamp) -> Option<Refusal> {
    let passed = elapsed(state.since, now.low()).unwrap_or(0);
    match recovery.share(passed) {
        Some(share) if random >= share => Some(Refusal {
            state: CircuitState::Closed,
            retry_after_ms: Some(recovery.admitted_from(random).saturating_sub(passed)),
        }),
        _ => None,
    }
}

#[cfg_attr(not(target_family = "wasm"), inline(always))]
pub(super) fn admit<R: TripRule, M: Made>(policy: &R::Policy, state: State, now: Timestamp) -> M {
    let next = match state.circuit() {
        CircuitState::Closed => return admit_closed::<R, M>(policy, state, now),
        CircuitState::Open => state.move_to(CircuitState::HalfOpen),
        CircuitState::HalfOpen if state.in_flight() < places::<R>(policy, state) => state,
        // The lease of the probe that came last has run out, so those of all have: the round goes on without them.
        CircuitState::HalfOpen => state.forget_probes(),
    };
    let next = next.let_one_in().with_since(now);
    let reason = matches!(state.circuit(), CircuitState::Open).then_some(Reason::RecoveryTimeout);
    M::new(state, next, Verdict::Admitted(Ticket::probe(next)), reason)
}

#[cfg_attr(not(target_family = "wasm"), inline(always))]
fn admit_closed<R: TripRule, M: Made>(policy: &R::Policy, state: State, now: Timestamp) -> M {
    let admitted = Verdict::Admitted(plain_ticket::<R>(policy, state, now));
    match R::recovery(policy) {
        Some(recovery) if state.is_ramping() => match elapsed(state.since, now.low()) {
            Some(passed) if recovery.share(passed).is_none() => M::new(state, state.with_successes(0), admitted, None),
            Some(_) => M::unchanged(state, admitted),
            None => M::new(state, state.with_since(now), admitted, None),
        },
        _ => M::unchanged(state, admitted),
    }
}

/// The ticket of a request that is no probe.
#[cfg_attr(not(target_family = "wasm"), inline(always))]
fn plain_ticket<R: TripRule>(policy: &R::Policy, state: State, now: Timestamp) -> Ticket {
    if R::slow_call_ms(policy) > 0 { Ticket::timed(state, now) } else { Ticket::plain(state) }
}

/// Refuses, or lets through what would be refused where the mode says so.
#[cfg_attr(not(target_family = "wasm"), inline(always))]
pub(super) fn refuse<R: TripRule, M: Made>(policy: &R::Policy, state: State, refusal: Refusal, now: Timestamp) -> M {
    let verdict = if state.is_shadow() {
        Verdict::Shadowed(plain_ticket::<R>(policy, state, now), refusal)
    } else {
        Verdict::Refused(refusal)
    };
    match refusal.retry_after_ms {
        // The clock went back: begin the wait anew here, or it would last until the old time comes again.
        Some(_) if state.is_ahead_of(now) => M::new(state, state.with_since(now), verdict, None),
        _ => M::unchanged(state, verdict),
    }
}
