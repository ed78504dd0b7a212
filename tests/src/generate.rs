//! Vectors that nobody wrote: every short sequence of events, with what `step` does.
//!
//! They prove nothing about `step` itself. They prove that another shell is the same as `step`, in every corner.

use std::format;
use std::vec::Vec;

use halfopen::Outcome;
use halfopen::machine::{Policy, State, step};

use crate::fact::Fact;
use crate::setup::Setup;
use crate::shells::StepSubject;
use crate::subject::Subject;
use crate::vector::{Action, Body, Command, Millis, Step, Vector};

/// Hands every sequence of `depth` events after `prefix` to `take`, in a fixed order. `setup` must be valid.
///
/// A sequence in which a permit is used that is not held, or taken that is held, is left out; a shorter sequence is
/// contained in its continuations.
pub fn generate(setup: &Setup<'_>, prefix: &[Action<'_>], depth: usize, take: &mut dyn FnMut(&Vector<'_>)) {
    let Ok(policy) = setup.config().validate() else { return };
    let letters = letters(&policy);
    let mut digits = std::vec![0; depth];
    loop {
        let actions: Vec<_> = prefix.iter().copied().chain(digits.iter().map(|digit| letters[*digit])).collect();
        if makes_sense(&actions) {
            emit(setup, policy, &actions, &digits, take);
        }
        // Count up, the last place first.
        match digits.iter().rposition(|digit| digit + 1 < letters.len()) {
            Some(place) => {
                digits[place] += 1;
                digits[place + 1..].fill(0);
            }
            None => return,
        }
    }
}

/// What may happen: two permits, so that probes overlap and one of them can be late, and every edge of both timeouts.
fn letters(policy: &Policy) -> [Action<'static>; 20] {
    let recovery = policy.recovery_timeout_ms();
    [
        Action::AllowRequest,
        Action::Record(Outcome::Success),
        Action::Record(Outcome::Failure),
        Action::Record(Outcome::Ignored),
        Action::Acquire(0),
        Action::Settle(0, Outcome::Success),
        Action::Settle(0, Outcome::Failure),
        Action::Settle(0, Outcome::Ignored),
        Action::Drop(0),
        Action::Acquire(1),
        Action::Settle(1, Outcome::Success),
        Action::Settle(1, Outcome::Failure),
        Action::Command(Command::Trip),
        Action::Command(Command::Isolate),
        Action::Command(Command::Disable),
        Action::Command(Command::Shadow),
        Action::Command(Command::Reset),
        Action::Advance(recovery - 1),
        Action::Advance(policy.probe_timeout_ms().max(recovery)),
        Action::SetClock(Millis::new(u64::from(recovery / 2))),
    ]
}

fn makes_sense(actions: &[Action<'_>]) -> bool {
    let mut held = [false; crate::vector::PERMITS];
    actions.iter().all(|action| match action {
        Action::Acquire(slot) => !core::mem::replace(&mut held[usize::from(*slot)], true),
        Action::Settle(slot, _) | Action::Drop(slot) => core::mem::replace(&mut held[usize::from(*slot)], false),
        _ => true,
    })
}

fn emit(
    setup: &Setup<'_>,
    policy: Policy,
    actions: &[Action<'_>],
    digits: &[usize],
    take: &mut dyn FnMut(&Vector<'_>),
) {
    let mut right = |policy: &Policy, state: State, event, now| step(policy, state, event, now);
    let mut subject = StepSubject::new(policy, &mut right);
    let mut now = 0;
    let mut facts = Vec::with_capacity(actions.len());
    let mut refused = [false; crate::vector::PERMITS];
    let mut kept = Vec::with_capacity(actions.len());
    for action in actions {
        // A permit that was refused cannot be used: the rest of the sequence is another's prefix.
        if let Action::Settle(slot, _) | Action::Drop(slot) = action {
            if refused[usize::from(*slot)] {
                break;
            }
        }
        let answer = act(&mut subject, *action, &mut now);
        if let Action::Acquire(slot) = action {
            refused[usize::from(*slot)] = answer != Fact::Admitted;
        }
        kept.push(*action);
        facts.push(everything(&mut subject, answer));
    }
    let steps: Vec<_> =
        kept.iter().zip(&facts).map(|(action, facts)| Step { action: *action, times: 1, facts }).collect();
    let name = format!("generated {digits:?}");
    let body = Body::Steps(&steps);
    take(&Vector { name: &name, rule: "threshold", needs: &[], setup: *setup, body });
}

fn act(subject: &mut StepSubject<'_>, action: Action<'_>, now: &mut u64) -> Fact<'static> {
    match action {
        Action::AllowRequest => return Fact::Allowed(subject.allow_request()),
        Action::Record(outcome) => return Fact::Receipt(subject.record(outcome)),
        Action::Acquire(slot) => return subject.acquire(slot.into()).map_or_else(Fact::Refused, |()| Fact::Admitted),
        Action::Settle(slot, outcome) => return Fact::Receipt(subject.settle(slot.into(), outcome)),
        Action::Drop(slot) => subject.drop_permit(slot.into()),
        Action::Command(command) => subject.command(command),
        Action::Advance(ms) => *now += u64::from(ms),
        Action::SetClock(ms) => *now = ms.get(),
        _ => {}
    }
    subject.set_time(*now);
    Fact::Silent
}

/// All that can be seen after an action.
fn everything(subject: &mut StepSubject<'_>, answer: Fact<'static>) -> Vec<Fact<'static>> {
    let mut facts = Vec::new();
    if answer != Fact::Silent {
        facts.push(answer);
    }
    facts.extend([
        Fact::State(subject.state()),
        Fact::Mode(subject.mode()),
        Fact::WouldAllow(subject.would_allow()),
        Fact::RetryAfter(subject.retry_after_ms()),
        Fact::FailureCount(subject.failure_count()),
        Fact::LastFailure(subject.last_failure_ms().map(Millis::new)),
        Fact::Generation(subject.generation()),
    ]);
    while let Some(change) = subject.recorder().next_transition() {
        facts.push(Fact::Transition(Some(change)));
    }
    facts.push(Fact::Transition(None));
    while let Some(told) = subject.recorder().next_refusal() {
        facts.push(Fact::Told(Some(told)));
    }
    facts.push(Fact::Told(None));
    while let Some(late) = subject.recorder().next_late() {
        facts.push(Fact::Late(Some(late)));
    }
    facts.push(Fact::Late(None));
    facts
}
