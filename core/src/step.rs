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
use crate::config::{Policy, Recovery};
use crate::event::{Event, Made, Outcome, Receipt, Refusal, Step, Ticket, Verdict};
use crate::rule::{Judgement, Round, Trials, TripRule};
use crate::rules::Consecutive;
use crate::state::State;
use crate::time::{Timestamp, elapsed};
use crate::transition::{Reason, Transition};

/// Decides by the consecutive rule what `event` does to `state` at `now`.
///
/// Pure: a shell may call it again when another has changed the state in between, and drop the result. Its effect
/// counts only once the next state is stored. [`Verdict::Again`] asks for the same event to be stepped again from
/// there, so that each step makes at most one transition.
#[cfg_attr(not(target_family = "wasm"), inline(always))]
pub fn step(policy: &Policy, state: State, event: Event, now: Timestamp) -> Step {
    step_with::<Consecutive>(policy, state, event, now, ())
}

/// [`step`] by another [`TripRule`], whose memory says `evidence`.
#[cfg_attr(not(target_family = "wasm"), inline(always))]
pub fn step_with<R: TripRule>(
    policy: &R::Policy,
    state: State,
    event: Event,
    now: Timestamp,
    evidence: R::Evidence,
) -> Step {
    with_successes::<R>(policy, state, decide::<R, _>(policy, state, event, now, evidence))
}

/// What [`step_with`] decides, as whatever the shell makes the most of.
#[cfg_attr(not(target_family = "wasm"), inline(always))]
pub(crate) fn decide<R: TripRule, M: Made>(
    policy: &R::Policy,
    state: State,
    event: Event,
    now: Timestamp,
    evidence: R::Evidence,
) -> M {
    match event {
        Event::Acquire | Event::Inquire => match refusal::<R>(policy, state, now, evidence) {
            Some(refusal) => refuse::<R, M>(policy, state, refusal, now),
            None if matches!(event, Event::Inquire) => M::unchanged(state, Verdict::Done),
            None => admit::<R, M>(policy, state, now),
        },
        Event::Settle(ticket, outcome) => settle::<R, M>(policy, state, ticket, outcome, now, evidence),
        Event::Trip => trip::<R, M>(state, now, evidence),
        _ => switch::<R, M>(policy, state, event, evidence),
    }
}

/// What leads into a mode, or back.
fn switch<R: TripRule, M: Made>(policy: &R::Policy, state: State, event: Event, evidence: R::Evidence) -> M {
    let (circuit, mode, count, reason) = match event {
        Event::Isolate => (CircuitState::Open, Mode::Isolated, R::counted(state, evidence), Reason::Isolated),
        Event::Disable => (CircuitState::Closed, Mode::Disabled, 0, Reason::Disabled),
        Event::Shadow => match state.mode() {
            // In the same circuit state; a ramp goes on.
            Mode::Normal if state.is_ramping() => {
                let next = state.switch_to(CircuitState::Closed, Mode::Shadow).ramping();
                return M::new(state, next, Verdict::Done, Some(Reason::Shadowed));
            }
            Mode::Normal | Mode::Shadow => (state.circuit(), Mode::Shadow, state.failure_count(), Reason::Shadowed),
            Mode::Isolated | Mode::Disabled => (CircuitState::Closed, Mode::Shadow, 0, Reason::Shadowed),
        },
        // `Reset`: back to CLOSED, and everything is let through at once.
        _ => match R::recovery(policy) {
            Some(_) if state.is_ramping() && matches!(state.mode(), Mode::Normal) => {
                return M::new(state, state.with_count(0).with_successes(0), Verdict::Done, None);
            }
            _ => (CircuitState::Closed, Mode::Normal, 0, Reason::Reset),
        },
    };
    // Where the circuit is there already, only the count is stored.
    if state.mode() == mode && state.circuit() == circuit {
        return M::new(state, state.with_count(count), Verdict::Done, None);
    }
    M::new(state, state.switch_to(circuit, mode).with_count(count), Verdict::Done, Some(reason))
}

/// [`step_with`] for [`Event::Settle`] alone.
#[cfg_attr(not(target_family = "wasm"), inline(always))]
pub(crate) fn settle_with<R: TripRule>(
    policy: &R::Policy,
    state: State,
    ticket: Option<Ticket>,
    outcome: Outcome,
    now: Timestamp,
    evidence: R::Evidence,
) -> Step {
    with_successes::<R>(policy, state, settle::<R, _>(policy, state, ticket, outcome, now, evidence))
}

/// Whether an outcome of `ticket` belongs to this CLOSED state, and so into the memory of its rule.
#[cfg_attr(not(target_family = "wasm"), inline(always))]
pub(crate) fn counts_in_closed(state: State, ticket: Option<Ticket>, outcome: Outcome) -> bool {
    matches!(state.circuit(), CircuitState::Closed)
        && !state.is_disabled()
        && !matches!(outcome, Outcome::Ignored)
        && ticket.is_none_or(|ticket| ticket.is_of(state, false))
}

/// How long the opening that is lasts in all.
#[cfg_attr(not(target_family = "wasm"), inline(always))]
fn open_ms<R: TripRule>(policy: &R::Policy, evidence: R::Evidence) -> u32 {
    match R::recovery(policy) {
        Some(_) => R::luck(evidence).open_ms,
        None => R::base(policy).recovery_timeout_ms(),
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

#[cfg_attr(not(target_family = "wasm"), inline(always))]
fn refusal<R: TripRule>(policy: &R::Policy, state: State, now: Timestamp, evidence: R::Evidence) -> Option<Refusal> {
    match R::recovery(policy) {
        Some(recovery) if state.is_ramping() => kept_back(recovery, state, R::luck(evidence).random, now),
        _ => plain_refusal::<R>(policy, state, open_ms::<R>(policy, evidence), now),
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
fn admit<R: TripRule, M: Made>(policy: &R::Policy, state: State, now: Timestamp) -> M {
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
fn refuse<R: TripRule, M: Made>(policy: &R::Policy, state: State, refusal: Refusal, now: Timestamp) -> M {
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

#[cfg_attr(not(target_family = "wasm"), inline(always))]
fn settle<R: TripRule, M: Made>(
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

/// The step with the successes that its transition tells.
#[cfg_attr(not(target_family = "wasm"), inline(always))]
fn with_successes<R: TripRule>(policy: &R::Policy, state: State, mut step: Step) -> Step {
    if let Some(transition) = &mut step.effect.transition {
        count_successes::<R>(policy, state, transition);
    }
    step
}

/// The successes that a transition tells: in the state they may share their place with others.
#[cfg_attr(not(target_family = "wasm"), inline(always))]
fn count_successes<R: TripRule>(policy: &R::Policy, state: State, transition: &mut Transition) {
    if let Some(recovery) = R::recovery(policy) {
        let policy = R::base(policy);
        let closes = u8::from(transition.reason == Reason::ProbesSucceeded);
        transition.successes = match state.circuit() {
            CircuitState::HalfOpen if recovery.trials > 0 => Trials::of(state, policy).successes + closes,
            CircuitState::HalfOpen => transition.successes,
            CircuitState::Closed | CircuitState::Open => 0,
        };
    }
}

/// The transition of a [`Move`] from `state` to `next`.
#[cfg_attr(not(target_family = "wasm"), inline(always))]
pub(crate) fn transition<R: TripRule>(
    policy: &R::Policy,
    state: State,
    next: State,
    reason: Reason,
    evidence: R::Evidence,
) -> Transition {
    let mut transition = Transition::between(state, next, reason);
    count_successes::<R>(policy, state, &mut transition);
    if R::WINDOW && matches!(reason, Reason::FailureRate | Reason::SlowCallRate) {
        transition.tally = R::tally(policy, evidence);
    }
    transition
}

/// What to call an outcome that came too late to count.
fn late(policy: &Policy, ticket: Ticket, now: Timestamp) -> Receipt {
    match ticket.age(now) {
        Some(passed) if ticket.is_probe() && passed >= policy.probe_timeout_ms() => Receipt::Expired,
        _ => Receipt::Stale,
    }
}

#[cfg_attr(not(target_family = "wasm"), inline(always))]
fn trip<R: TripRule, M: Made>(state: State, now: Timestamp, evidence: R::Evidence) -> M {
    match (state.mode(), state.circuit()) {
        (Mode::Isolated | Mode::Disabled, _) => M::unchanged(state, Verdict::Done),
        // Already OPEN: the wait begins anew.
        (_, CircuitState::Open) => M::new(state, state.with_since(now), Verdict::Done, None),
        _ => {
            let counted = state.with_count(R::counted(state, evidence));
            let next = counted.move_to(CircuitState::Open).with_since(now);
            M::new(state, next, Verdict::Done, Some(Reason::Tripped))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{AdaptivePolicy, CircuitBreakerConfiguration};
    use crate::rules::Adaptive;

    const NOW: Timestamp = Timestamp::from_millis(1_000);

    fn adaptive(state: State, event: Event, now: Timestamp) -> Step {
        let config = CircuitBreakerConfiguration::new().success_threshold(1);
        let policy: AdaptivePolicy<Policy> = config.adaptive(config.consecutive()).unwrap();
        step_with::<Adaptive<Consecutive>>(&policy, state, event, now, Default::default())
    }

    #[test]
    fn a_closed_circuit_without_a_ramp_keeps_no_time_and_no_successes() {
        let probed = State::NEW.move_to(CircuitState::HalfOpen).let_one_in().with_since(NOW);
        let closed = adaptive(probed, Event::Settle(None, Outcome::Success), NOW).next.unwrap();
        assert_eq!((closed.circuit(), closed.successes()), (CircuitState::Closed, 0));
        // Nor does it begin to where the clock has gone back.
        assert_eq!(adaptive(closed, Event::Acquire, Timestamp::ZERO).next, None);
    }

    #[test]
    fn a_request_that_is_not_timed_gets_the_same_ticket_whenever_it_comes() {
        let ticket = |now| adaptive(State::NEW, Event::Acquire, now).effect.verdict;
        assert_eq!(ticket(NOW), ticket(Timestamp::ZERO));
    }
}
