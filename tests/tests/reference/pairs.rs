//! Each call of the breaker, its shortcuts included, does to every reachable state what `step` does.

use core::cell::Cell;
use core::hash::Hash;
use std::collections::{HashSet, VecDeque};

use conformance::reference::{Rules, Trip};
use halfopen::machine::{Event, Policy, State, Ticket, Verdict, step};
use halfopen::{CircuitBreaker, CircuitState, FnClock, Mode, Outcome, Timestamp};

const OUTCOMES: [Outcome; 3] = [Outcome::Success, Outcome::Failure, Outcome::Ignored];
const COMMANDS: [Event; 5] = [Event::Trip, Event::Isolate, Event::Disable, Event::Shadow, Event::Reset];
/// Each clock's low half wraps soon.
const START: u64 = (1 << 32) - 2;

#[derive(Clone, Copy)]
enum Move {
    Event(Event),
    Clock(i64),
}

/// What `step` says that is there.
#[derive(Clone)]
struct World {
    state: State,
    now: u64,
    tickets: Vec<Ticket>,
}

/// A breaker, and what it takes to move its clock and to see who reads it.
struct Replay<'a, C> {
    breaker: CircuitBreaker<C>,
    now: &'a Cell<u64>,
    reads: &'a Cell<usize>,
}

impl World {
    fn moves(&self, policy: &Policy) -> Vec<Move> {
        let tickets = self.tickets.iter().map(|ticket| Some(*ticket)).chain([None]);
        let ends = tickets.flat_map(|ticket| OUTCOMES.map(|outcome| Event::Settle(ticket, outcome)));
        let events = ends.chain(COMMANDS).chain([Event::Acquire]).map(Move::Event);
        events.chain([1, i64::from(policy.recovery_timeout_ms()), -1].map(Move::Clock)).collect()
    }

    fn state_in_short(&self, policy: &Policy) -> (CircuitState, Mode, u16, u8, u8) {
        let state = self.state;
        let count = state.failure_count().min(policy.failure_threshold() + 1);
        (state.circuit(), state.mode(), count, state.in_flight(), state.successes())
    }

    /// What makes a difference to what can happen next.
    fn looks(&self, policy: &Policy) -> impl Eq + Hash + use<> {
        let times = [0, 1, policy.recovery_timeout_ms().into(), (1 << 20)];
        let waits = times.map(|later| {
            match step(policy, self.state, Event::Acquire, Timestamp::from_millis(self.now + later)).effect.verdict {
                Verdict::Refused(refusal) | Verdict::Shadowed(_, refusal) => refusal.retry_after_ms,
                _ => Some(0),
            }
        });
        let tickets =
            self.tickets.iter().map(|ticket| (ticket.generation() == self.state.generation(), ticket.is_probe()));
        (self.state_in_short(policy), waits, tickets.collect::<Vec<_>>())
    }

    fn after(&self, policy: &Policy, made: Move) -> Self {
        let mut world = self.clone();
        match made {
            Move::Clock(by) => world.now = world.now.saturating_add_signed(by),
            Move::Event(event) => {
                if let Event::Settle(Some(ticket), _) = event {
                    world.tickets.retain(|other| *other != ticket);
                }
                if let Verdict::Admitted(ticket) | Verdict::Shadowed(ticket, _) = world.run(policy, event) {
                    world.tickets.push(ticket);
                }
            }
        }
        world
    }

    fn run(&mut self, policy: &Policy, event: Event) -> Verdict {
        loop {
            let step = step(policy, self.state, event, Timestamp::from_millis(self.now));
            self.state = step.next.unwrap_or(self.state);
            if step.effect.verdict != Verdict::Again {
                return step.effect.verdict;
            }
        }
    }
}

impl<C: halfopen::Clock> Replay<'_, C> {
    fn does(&self, made: Move) -> Option<Verdict> {
        match made {
            Move::Clock(by) => self.now.set(self.now.get().saturating_add_signed(by)),
            Move::Event(event) => return Some(self.call(event)),
        }
        None
    }

    fn call(&self, event: Event) -> Verdict {
        let breaker = &self.breaker;
        match event {
            Event::Acquire => match breaker.acquire_ticket() {
                Ok(ticket) => Verdict::Admitted(ticket),
                Err(refusal) => Verdict::Refused(refusal),
            },
            Event::Settle(Some(ticket), outcome) => Verdict::Settled(breaker.settle_ticket(ticket, outcome)),
            Event::Settle(None, Outcome::Success) => Verdict::Settled(breaker.record_success()),
            Event::Settle(None, Outcome::Failure) => Verdict::Settled(breaker.record_failure()),
            Event::Settle(None, Outcome::Ignored) => Verdict::Settled(breaker.record_ignored()),
            command => {
                match command {
                    Event::Trip => breaker.trip(),
                    Event::Isolate => breaker.isolate(),
                    Event::Disable => breaker.disable(),
                    Event::Shadow => breaker.shadow(),
                    _ => breaker.reset(),
                }
                Verdict::Done
            }
        }
    }

    fn holds(&self, state: State) {
        let shown = format!("{:?}", self.breaker);
        assert!(shown.contains(&format!("{state:?}")), "{state:?} is not in {shown}");
    }
}

/// Plays `path` on a new breaker and gives what `then` finds.
fn replay<T>(policy: &Policy, path: &[Move], then: impl FnOnce(Replay<'_, FnClock<&dyn Fn() -> u64>>) -> T) -> T {
    let (now, reads) = (Cell::new(START), Cell::new(0));
    let clock = || {
        reads.set(reads.get() + 1);
        now.get()
    };
    let breaker = CircuitBreaker::with_policy("replayed", *policy, FnClock::new(&clock as &dyn Fn() -> u64), ());
    let replay = Replay { breaker, now: &now, reads: &reads };
    for made in path {
        replay.does(*made);
    }
    reads.set(0);
    then(replay)
}

/// Every call, each on a breaker that has come the same way.
fn compare(policy: &Policy, world: &World, path: &[Move]) {
    let mut asked = world.clone();
    let verdict = asked.run(policy, Event::Acquire);
    let granted = !matches!(verdict, Verdict::Refused(_));
    let idle = (world.state.circuit(), world.state.mode()) == (CircuitState::Closed, Mode::Normal);
    replay(policy, path, |replay| {
        replay.holds(world.state);
        assert_eq!(replay.breaker.allow_request(), granted);
        assert!(!idle || replay.reads.get() == 0, "the clock was read in CLOSED");
        replay.holds(asked.state);
    });
    let mut inquired = world.clone();
    inquired.run(policy, Event::Inquire);
    replay(policy, path, |replay| {
        assert_eq!(replay.breaker.would_allow(), granted);
        assert!(!idle || replay.reads.get() == 0, "the clock was read in CLOSED");
        replay.holds(inquired.state);
    });
    for made in world.moves(policy) {
        let Move::Event(event) = made else { continue };
        let mut stepped = world.clone();
        let expected = match stepped.run(policy, event) {
            Verdict::Shadowed(ticket, _) => Verdict::Admitted(ticket),
            verdict => verdict,
        };
        replay(policy, path, |replay| {
            assert_eq!(replay.does(made), Some(expected), "{event:?} in {:?}", world.state);
            replay.holds(stepped.state);
            let shortcut = idle && world.state.failure_count() == 0 && event == Event::Settle(None, Outcome::Success);
            assert!(!shortcut || replay.reads.get() == 0, "the clock was read in CLOSED");
        });
    }
}

#[test]
fn every_call_of_the_breaker_does_to_every_state_what_step_does() {
    let rules = Rules {
        failure_threshold: 2,
        recovery_ms: 2,
        success_threshold: 2,
        max_calls: 2,
        lease_ms: 2,
        trip: Trip::InARow,
        back: None,
    };
    let policy = rules.policy();
    let new = World { state: State::NEW, now: START, tickets: Vec::new() };
    let mut seen = HashSet::from([new.looks(&policy)]);
    let mut queue = VecDeque::from([(new, Vec::new())]);
    let (mut worlds, mut states) = (0, HashSet::new());
    while let Some((world, path)) = queue.pop_front() {
        worlds += 1;
        states.insert(world.state_in_short(&policy));
        compare(&policy, &world, &path);
        for made in world.moves(&policy) {
            let next = world.after(&policy, made);
            if next.tickets.len() <= 2 && seen.insert(next.looks(&policy)) {
                let path = path.iter().copied().chain([made]).collect();
                queue.push_back((next, path));
            }
        }
    }
    println!("{worlds} worlds, {} states", states.len());
    assert!(worlds >= 950, "only {worlds} worlds");
    // CLOSED with 0 or 1 failures and OPEN or HALF_OPEN with 0 to 3, by the rules and in shadow; up to two probes in
    // flight and one success in HALF_OPEN; isolated with 0 to 3 failures; disabled.
    assert_eq!(states.len(), 2 * (2 + 4 + 4 * 3 * 2) + 4 + 1);
}
