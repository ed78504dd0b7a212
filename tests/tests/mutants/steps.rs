//! Wrong rules: what somebody might have understood.

use std::time::Duration;

use halfopen::machine::{Event, Step, Verdict, step};
use halfopen::{Config, Mode, Reason, Receipt};

use crate::case::{Mutant, late, mutant, nothing_happens, refused};
use halfopen::CircuitState::{Closed, HalfOpen, Open};
use halfopen::Outcome::{Failure, Ignored, Success};

pub(crate) const RIGHT: Mutant = mutant("nothing is wrong", |case| case.right());

pub(crate) const ALL: &[Mutant] = &[
    mutant("the threshold is exceeded, not reached", |case| {
        case.under(|config| config.failure_threshold(u32::from(case.policy.failure_threshold()) + 1))
    }),
    mutant("the circuit opens one failure early", |case| {
        case.under(|config| config.failure_threshold(u32::from(case.policy.failure_threshold()) - 1))
    }),
    mutant("a success does not forget failures", |case| match case.outcome() {
        Some(Success) if case.is(Closed) => case.as_if(Ignored),
        _ => case.right(),
    }),
    mutant("a success forgets one failure only", |case| {
        let mut right = case.right();
        if case.is(Closed) && case.outcome() == Some(Success) && !late(&right) {
            let most = Config::new().failure_threshold(1_023).validate().unwrap();
            for _ in 1..case.state.failure_count() {
                let state = right.next.unwrap_or(case.state);
                right.next = step(&most, state, Event::Settle(None, Failure), case.now).next;
            }
        }
        right
    }),
    mutant("the timeout is exceeded, not reached", |case| {
        let before = case.at(case.now.as_millis().saturating_sub(1));
        if case.is(Open) && case.asks() && refused(&before) { before } else { case.right() }
    }),
    mutant("the timeout ends one millisecond early", |case| {
        let after = case.at(case.now.as_millis() + 1);
        if case.is(Open) && case.asks() && !refused(&after) { after } else { case.right() }
    }),
    mutant("refusals make the wait longer", |case| {
        if case.is(Open) && refused(&case.right()) { case.then(Event::Trip) } else { case.right() }
    }),
    mutant("the transition takes no place", |case| {
        if case.is(Open) && case.asks() { case.then(Event::Settle(None, Ignored)) } else { case.right() }
    }),
    mutant("one probe too many is in flight", |case| {
        case.under(|config| config.half_open_max_calls(u32::from(case.policy.half_open_max_calls()) + 1))
    }),
    mutant("one place is left empty", |case| {
        case.under(|config| config.half_open_max_calls((u32::from(case.policy.half_open_max_calls()) - 1).max(1)))
    }),
    mutant("HALF_OPEN limits nobody", |case| {
        if case.is(HalfOpen) { case.under(|config| config.half_open_max_calls(15)) } else { case.right() }
    }),
    mutant("places limit all probes, not those in flight", |case| {
        let right = case.right();
        let full = case.memory.admitted >= case.policy.half_open_max_calls() && case.is(HalfOpen) && case.asks();
        let refusal = halfopen::Refusal { state: HalfOpen, retry_after_ms: Some(0) };
        if !full {
            return right;
        }
        let mut wrong = nothing_happens(right);
        wrong.effect.verdict = Verdict::Refused(refusal);
        wrong
    }),
    mutant("a lease never ends", |case| {
        case.under(|config| config.probe_timeout(Duration::from_millis(i32::MAX as u64)))
    }),
    mutant("every lease is as long as the recovery timeout", |case| {
        let recovery = Duration::from_millis(case.policy.recovery_timeout_ms().into());
        case.under(|config| config.probe_timeout(recovery))
    }),
    mutant("a lease is exceeded, not reached", |case| {
        let before = case.at(case.now.as_millis().saturating_sub(1));
        if case.is(HalfOpen) && case.asks() && refused(&before) { before } else { case.right() }
    }),
    mutant("a reclaimed place is told as a transition", |case| {
        let mut right = case.right();
        let reclaimed = right.next.is_some_and(|next| next.generation() != case.state.generation());
        if case.is(HalfOpen) && case.asks() && reclaimed {
            right.effect.transition = case.memory.latest;
        }
        right
    }),
    mutant("a reclaimed probe still counts", |case| match case.event {
        Event::Settle(Some(ticket), _) if ticket.is_probe() && case.is(HalfOpen) => case.unfenced(),
        _ => case.right(),
    }),
    mutant("a late result is never called expired", |case| {
        let mut right = case.right();
        if late(&right) {
            right.effect.verdict = Verdict::Settled(Receipt::Stale);
        }
        right
    }),
    mutant("one success closes, whatever the threshold", |case| case.under(|config| config.success_threshold(1))),
    mutant("one success too many is needed", |case| {
        case.under(|config| config.success_threshold(u32::from(case.policy.success_threshold()) + 1))
    }),
    mutant("a failed probe counts as nothing", |case| match case.outcome() {
        Some(Failure) if case.is(HalfOpen) => case.as_if(Ignored),
        _ => case.right(),
    }),
    mutant("reopening does not begin the wait anew", |case| {
        if case.is(HalfOpen) && case.outcome() == Some(Failure) { case.at(case.memory.opened) } else { case.right() }
    }),
    mutant("a failure in OPEN makes the wait longer", |case| {
        if case.is(Open) && late(&case.right()) { case.then(Event::Trip) } else { case.right() }
    }),
    mutant("a success in OPEN closes", |case| match case.outcome() {
        Some(Success) if case.is(Open) => {
            let right = case.right();
            Step { next: case.with(Event::Reset).next, ..right }
        }
        _ => case.right(),
    }),
    mutant("a failure in OPEN is not the latest failure", |case| {
        let mut right = case.right();
        right.effect.failed &= !late(&right);
        right
    }),
    mutant("every late failure is the latest failure", |case| {
        let mut right = case.right();
        right.effect.failed |= late(&right) && case.outcome() == Some(Failure);
        right
    }),
    mutant("outcomes are not fenced", |case| case.unfenced()),
    mutant("only failures are fenced", |case| match case.outcome() {
        Some(Success) => case.unfenced(),
        _ => case.right(),
    }),
    mutant("only successes are fenced", |case| match case.outcome() {
        Some(Failure) => case.unfenced(),
        _ => case.right(),
    }),
    mutant("ignored outcomes are not fenced", |case| match case.outcome() {
        Some(Ignored) => case.unfenced(),
        _ => case.right(),
    }),
    mutant("bare outcomes need a request that made the transition", |case| match case.event {
        Event::Settle(None, _) => case.under(|config| config.recovery_timeout(Duration::from_millis(i32::MAX as u64))),
        _ => case.right(),
    }),
    mutant("a bare outcome makes the transition and is lost", |case| {
        let mut right = case.right();
        if right.effect.verdict == Verdict::Again {
            right.effect.verdict = Verdict::Settled(Receipt::Recorded);
        }
        right
    }),
    mutant("an ignored outcome forgets failures", |case| match case.outcome() {
        Some(Ignored) if case.is(Closed) => case.as_if(Success),
        _ => case.right(),
    }),
    mutant("an ignored probe is a success", |case| match case.outcome() {
        Some(Ignored) if case.is(HalfOpen) => case.as_if(Success),
        _ => case.right(),
    }),
    mutant("an ignored probe keeps its place", |case| match case.outcome() {
        Some(Ignored) => nothing_happens(case.right()),
        _ => case.right(),
    }),
    mutant("an ignored outcome is a failure", |case| {
        case.as_if(match case.outcome() {
            Some(Ignored) | None => Failure,
            Some(other) => other,
        })
    }),
    mutant("a step back holds the circuit until the old time comes again", |case| {
        let right = case.right();
        if refused(&right) { nothing_happens(right) } else { right }
    }),
    mutant("a step back counts as all the time there is", |case| {
        let right = case.right();
        if !(refused(&right) && right.next.is_some()) {
            return right;
        }
        let later = (1..8).map(|eighth| case.at(case.now.as_millis() + (eighth << 29)));
        later.into_iter().find(|step| !refused(step)).unwrap_or(right)
    }),
    mutant("the wrap of 32 bits is a step back", |case| {
        let wrapped = (case.now.as_millis() as u32) < case.memory.opened as u32;
        if case.is(Open) && case.asks() && wrapped { case.at(case.memory.opened) } else { case.right() }
    }),
    mutant(
        "a trip does not recover",
        |case| {
            if case.event == Event::Trip { case.with(Event::Isolate) } else { case.right() }
        },
    ),
    mutant("a trip of an OPEN circuit does nothing", |case| {
        if case.event == Event::Trip && case.is(Open) { nothing_happens(case.right()) } else { case.right() }
    }),
    mutant("a trip ends an isolation", |case| {
        if case.event != Event::Trip || case.state.mode() != Mode::Isolated {
            return case.right();
        }
        let reset = case.with(Event::Reset);
        step(&case.policy, reset.next.unwrap_or(case.state), Event::Trip, case.now)
    }),
    mutant(
        "an isolation recovers",
        |case| {
            if case.event == Event::Isolate { case.with(Event::Trip) } else { case.right() }
        },
    ),
    mutant("a disablement is only a reset", |case| {
        if case.event == Event::Disable { case.with(Event::Reset) } else { case.right() }
    }),
    mutant("a disabled breaker notes failures", |case| {
        let mut right = case.right();
        right.effect.failed |= case.outcome() == Some(Failure);
        right
    }),
    mutant("shadow mode refuses", |case| {
        let mut right = case.right();
        if let Verdict::Shadowed(_, refusal) = right.effect.verdict {
            right.effect.verdict = Verdict::Refused(refusal);
        }
        right
    }),
    mutant("shadow mode tells of no refusal", |case| {
        let mut right = case.right();
        if let Verdict::Shadowed(ticket, _) = right.effect.verdict {
            right.effect.verdict = Verdict::Admitted(ticket);
        }
        right
    }),
    mutant("shadow mode begins with a closed circuit", |case| {
        if case.event != Event::Shadow || case.state.mode() != Mode::Normal {
            return case.right();
        }
        let reset = case.with(Event::Reset);
        step(&case.policy, reset.next.unwrap_or(case.state), Event::Shadow, case.now)
    }),
    mutant("a reset of a closed circuit forgets nothing", |case| {
        if case.event == Event::Reset && case.is(Closed) { nothing_happens(case.right()) } else { case.right() }
    }),
    mutant("a reset leaves the circuit OPEN", |case| {
        if case.event == Event::Reset && case.is(Open) { nothing_happens(case.right()) } else { case.right() }
    }),
    mutant("a reopening is told as an opening", |case| {
        let mut right = case.right();
        if let Some(transition) = &mut right.effect.transition {
            if transition.reason == Reason::ProbeFailed {
                transition.reason = Reason::ConsecutiveFailures;
            }
        }
        right
    }),
    mutant("a closing tells the count after it", |case| {
        let mut right = case.right();
        if let (Some(transition), Some(next)) = (&mut right.effect.transition, right.next) {
            transition.failure_count = next.failure_count();
        }
        right
    }),
];
