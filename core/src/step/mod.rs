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

mod admission;
mod order;
mod outcome;

pub(crate) use admission::plain_refusal;

use admission::{admit, refusal, refuse};
use order::{switch, trip};
use outcome::settle;

use crate::circuit::CircuitState;
use crate::config::Policy;
use crate::event::{Event, Made, Outcome, Step, Ticket, Verdict};
use crate::rule::{Trials, TripRule};
use crate::rules::Consecutive;
use crate::state::State;
use crate::time::Timestamp;
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
