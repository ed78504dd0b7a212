//! A circuit in its world: the state, the clock and the calls that are out.

use core::time::Duration;

use halfopen::machine::{Event, Policy, State, Step, Verdict, step};
use halfopen::{CircuitState, Config, Mode, Outcome, Receipt, Refusal, Timestamp};

use super::ghost::{Call, Ghost};

/// Where the clock begins: its low half wraps within every walk.
const START: i64 = (1 << 32) - 3;

/// Waits as long as a policy can, in OPEN and for a probe.
const LONGEST: Policy = match Config::new().recovery_timeout(Duration::from_millis(i32::MAX as u64)).validate() {
    Ok(policy) => policy,
    Err(_) => panic!("a policy"),
};

#[derive(Clone, Debug)]
pub(crate) struct World {
    pub(crate) state: State,
    pub(crate) now: i64,
    pub(crate) ghost: Ghost,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Move {
    Ask,
    Inquire,
    /// The call with this number ends. One that is dropped ends as ignored, one that is lost never ends.
    End(usize, Outcome),
    /// A call ends, and nobody says which.
    Report(Outcome),
    Command(Event),
    Clock(i64),
}

/// Everything that a world looks like, with times and generations relative, and cut off where they make no difference.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    state: (CircuitState, Mode, u16, u8, u8),
    times: [i64; 3],
    unfenced: bool,
    calls: Vec<(bool, bool, i64, i64)>,
}

impl World {
    pub(crate) fn new() -> Self {
        Self { state: State::NEW, now: START, ghost: Ghost::new() }
    }

    pub(crate) fn moves(&self, far: i64) -> Vec<Move> {
        const OUTCOMES: [Outcome; 3] = [Outcome::Success, Outcome::Failure, Outcome::Ignored];
        let commands = [Event::Trip, Event::Isolate, Event::Disable, Event::Shadow, Event::Reset];
        let mut moves = vec![Move::Ask, Move::Inquire];
        moves.extend([1, far, -1, -far].map(Move::Clock));
        moves.extend(commands.map(Move::Command));
        for outcome in OUTCOMES {
            moves.push(Move::Report(outcome));
            moves.extend((0..self.ghost.calls.len()).map(|call| Move::End(call, outcome)));
        }
        moves
    }

    /// Makes a move, and checks everything that must hold of it.
    pub(crate) fn after(&self, policy: &Policy, made: Move) -> Self {
        let mut world = self.clone();
        match made {
            Move::Clock(by) => {
                world.now += by;
                world.ghost.clock_moved(by);
            }
            Move::Ask => {
                let verdict = world.run(policy, Event::Acquire, false);
                let reclaimed = world.state.generation() != self.state.generation()
                    && world.state.circuit() == self.state.circuit();
                world.ghost.asked(policy, self.now, verdict, reclaimed);
            }
            Move::Inquire => {
                let verdict = world.run(policy, Event::Inquire, false);
                match (verdict, step(policy, self.state, Event::Acquire, self.time()).effect.verdict) {
                    (Verdict::Done, Verdict::Admitted(_)) => assert_eq!(world.state, self.state),
                    (Verdict::Refused(said), Verdict::Refused(met)) => assert_eq!(said, met),
                    (Verdict::Shadowed(_, said), Verdict::Shadowed(_, met)) => assert_eq!(said, met),
                    other => panic!("an inquiry and a request were answered {other:?}"),
                }
                world.ghost.inquired(policy, verdict);
            }
            Move::End(..) | Move::Report(_) => world.end(policy, made),
            Move::Command(command) => {
                let verdict = world.run(policy, command, false);
                assert_eq!(verdict, Verdict::Done);
                world.ghost.commanded(policy, command);
            }
        }
        world.agrees(policy);
        world
    }

    fn end(&mut self, policy: &Policy, made: Move) {
        let (call, outcome) = match made {
            Move::End(call, outcome) => (Some(self.ghost.calls.remove(call)), outcome),
            Move::Report(outcome) => (None, outcome),
            _ => unreachable!("not an end"),
        };
        let before = self.state;
        let in_force = before.in_force(policy, self.time());
        let (receipt, failure) = self.ghost.ended(policy, self.now, call.as_ref(), outcome, in_force);
        let event = Event::Settle(call.map(|call| call.ticket), outcome);
        assert_eq!(self.run(policy, event, failure), Verdict::Settled(receipt), "{event:?}");
        assert!(receipt == Receipt::Recorded || self.state == before, "a late outcome changed something");
    }

    /// Steps until there is an answer. `failure`: the last step must say that a failure was recorded.
    fn run(&mut self, policy: &Policy, event: Event, failure: bool) -> Verdict {
        loop {
            let step = self.step(policy, event);
            let again = step.effect.verdict == Verdict::Again;
            assert_eq!(step.effect.failed, failure && !again);
            if !again {
                return step.effect.verdict;
            }
            assert_eq!(step.effect.transition.map(|told| told.to), Some(CircuitState::HalfOpen));
        }
    }

    fn step(&mut self, policy: &Policy, event: Event) -> Step {
        let before = self.state;
        let answer = step(policy, before, event, self.time());
        assert_eq!(answer, step(policy, before, event, self.time()), "not pure");
        let after = answer.next.unwrap_or(before);
        let generations = (after.generation() + 512 - before.generation()) % 512;
        if (after.circuit(), after.mode()) == (before.circuit(), before.mode()) {
            assert_eq!(answer.effect.transition, None);
            // A reclaimed probe begins a generation of its own.
            assert!(generations == 0 || (generations == 1 && event == Event::Acquire));
        } else {
            let told = answer.effect.transition.expect("a change that nobody is told of");
            assert_eq!((told.from, told.to, told.mode), (before.circuit(), after.circuit(), after.mode()));
            assert_eq!((generations, told.generation), (1, after.generation()));
        }
        self.state = after;
        answer
    }

    /// What the ghost knows and what the state says are the same, and the state is within its limits.
    fn agrees(&self, policy: &Policy) {
        let (state, ghost) = (self.state, &self.ghost);
        assert_eq!((state.circuit(), state.mode()), (ghost.circuit, ghost.mode));
        assert_eq!(u32::from(state.failure_count()), ghost.count);
        assert_eq!(u32::from(state.successes()), ghost.successes);
        assert!(state.successes() < policy.success_threshold());
        assert!(state.in_flight() <= policy.half_open_max_calls());
        assert!(ghost.unfenced || usize::from(state.in_flight()) == ghost.probes().count());
        match state.circuit() {
            CircuitState::Closed => assert!(state.failure_count() < policy.failure_threshold()),
            CircuitState::Open => {}
            CircuitState::HalfOpen => return,
        }
        assert_eq!((state.in_flight(), state.successes()), (0, 0));
    }

    pub(crate) fn time(&self) -> Timestamp {
        Timestamp::from_millis(self.now as u64)
    }

    pub(crate) fn key(&self, policy: &Policy, far: i64) -> Key {
        let (state, ghost) = (self.state, &self.ghost);
        let near = |time: i64| time.clamp(-far, far);
        let ruled = matches!(state.mode(), Mode::Normal | Mode::Shadow);
        let opened = if state.circuit() == CircuitState::Open { near(ghost.forward - ghost.opened) } else { 0 };
        let due = ghost.due.map_or(far + 1, |due| near(due - ghost.forward));
        let waits = ruled && state.circuit() != CircuitState::Closed;
        let times = if waits { [near(self.waited()), opened, due] } else { [0; 3] };
        let seen = |call: &Call| {
            let current = call.counts && call.round == ghost.round;
            let began = if current && call.probe { near(ghost.forward - call.began) } else { 0 };
            let issued = if call.probe { near(self.now - call.issued) } else { 0 };
            (call.probe, current, began, issued)
        };
        let mut calls: Vec<_> = ghost.calls.iter().map(seen).collect();
        calls.sort_unstable();
        let count = state.failure_count().min(policy.failure_threshold() + 1);
        let state = (state.circuit(), state.mode(), count, state.in_flight(), state.successes());
        Key { state, times, unfenced: ghost.unfenced, calls }
    }

    /// How long the state has waited, by the clock: what is left in the future of the longest wait there is.
    fn waited(&self) -> i64 {
        const AHEAD: i64 = 1 << 20;
        let time = Timestamp::from_millis((self.now + AHEAD) as u64);
        match step(&LONGEST, self.state, Event::Acquire, time).effect.verdict {
            Verdict::Refused(Refusal { retry_after_ms: Some(left), .. })
            | Verdict::Shadowed(_, Refusal { retry_after_ms: Some(left), .. }) => {
                i64::from(LONGEST.recovery_timeout_ms() - left) - AHEAD
            }
            _ => 0,
        }
    }
}
