//! The three that are played with: a breaker in a `static`, a circuit in a table, and a breaker that tears.

use core::cell::UnsafeCell;

use halfopen::machine::{Event, Policy, State, Ticket, Verdict, step};
use halfopen::{BreakerTable, CircuitBreaker, CircuitState, Clock, Config, Mode, Observer, Outcome, Receipt};

use crate::circuit::Circuit;
use crate::game::Game;
use crate::shared::{Ticks, inside};
use crate::told::Tell;

#[derive(Clone, Copy)]
pub enum Kind {
    Breaker,
    Table,
    Torn,
}

impl Kind {
    pub const ALL: [Self; 3] = [Self::Breaker, Self::Table, Self::Torn];

    pub const fn name(self) -> &'static str {
        ["breaker", "table", "torn"][self as usize]
    }
}

type Breaker = CircuitBreaker<Ticks, Tell>;

// One for each game.
static BREAKERS: [Breaker; 4] =
    [const { breaker(0) }, const { breaker(1) }, const { breaker(2) }, const { breaker(3) }];
static TORN: [Torn; 4] = [const { torn(0) }, const { torn(1) }, const { torn(2) }, const { torn(3) }];
static TABLE: BreakerTable<Ticks, 4, &'static str, Tell> = BreakerTable::with_observer(Config::new(), Ticks, Tell);

const fn breaker(game: usize) -> Breaker {
    let game = Game::ALL[game];
    CircuitBreaker::with_observer(game.name(), game.config(), Ticks, Tell)
}

const fn torn(game: usize) -> Torn {
    match Game::ALL[game].config().validate() {
        Ok(policy) => Torn { policy, state: UnsafeCell::new(State::NEW) },
        Err(_) => panic!(),
    }
}

/// Registers the circuits of the table.
pub fn register() {
    for game in Game::ALL {
        TABLE.register_with(game.name(), game.config()).expect("there is room for each game");
    }
}

pub fn with_circuit<T>(kind: Kind, game: Game, use_it: impl FnOnce(&dyn Circuit) -> T) -> T {
    match kind {
        Kind::Breaker => use_it(&BREAKERS[game as usize]),
        Kind::Table => use_it(&*TABLE.get(game.name()).expect("it was registered")),
        Kind::Torn => use_it(&TORN[game as usize]),
    }
}

/// The same rules in a shell that stores whatever it has come to: what an interrupt stored meanwhile is lost.
pub struct Torn {
    policy: Policy,
    state: UnsafeCell<State>,
}

// SAFETY: there is one core, and this is what must not be done: the accesses are volatile, so that it can go wrong only
// in the way that is meant to be shown.
unsafe impl Sync for Torn {}

impl Torn {
    fn load(&self) -> State {
        // SAFETY: as of `Sync`; every combination of its words is a state.
        unsafe { self.state.get().read_volatile() }
    }

    fn run(&self, event: Event) -> Verdict {
        inside(|| {
            loop {
                let step = step(&self.policy, self.load(), event, Ticks.now());
                if let Some(next) = step.next {
                    // SAFETY: as of `Sync`.
                    unsafe { self.state.get().write_volatile(next) };
                }
                if let Some(transition) = &step.effect.transition {
                    Tell.on_transition("torn", transition);
                }
                if step.effect.verdict != Verdict::Again {
                    return step.effect.verdict;
                }
            }
        })
    }

    fn settle(&self, ticket: Option<Ticket>, outcome: Outcome) -> Receipt {
        match self.run(Event::Settle(ticket, outcome)) {
            Verdict::Settled(receipt) => receipt,
            _ => Receipt::Stale,
        }
    }
}

impl Circuit for Torn {
    fn allow(&self) -> bool {
        matches!(self.run(Event::Acquire), Verdict::Admitted(_) | Verdict::Shadowed(..))
    }

    fn record(&self, outcome: Outcome) -> Receipt {
        self.settle(None, outcome)
    }

    fn attempt(&self, outcome: Outcome, meanwhile: &mut dyn FnMut(Ticket)) -> Option<Receipt> {
        let (Verdict::Admitted(ticket) | Verdict::Shadowed(ticket, _)) = self.run(Event::Acquire) else {
            return None;
        };
        meanwhile(ticket);
        Some(self.settle(Some(ticket), outcome))
    }

    fn command(&self, command: Event) {
        self.run(command);
    }

    fn state(&self) -> CircuitState {
        self.load().in_force(&self.policy, Ticks.now())
    }

    fn mode(&self) -> Mode {
        self.load().mode()
    }

    fn failure_count(&self) -> u16 {
        self.load().failure_count()
    }

    fn generation(&self) -> u16 {
        self.load().generation()
    }
}
