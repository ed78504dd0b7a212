//! What the observer was told, and whether it fits together: the transitions of a round, sorted by their generation, must
//! lead from one to the next, without a gap and none twice.

use core::sync::atomic::{AtomicU32, Ordering::Relaxed};

use halfopen::{CircuitState, Mode, Observer, Reason, Transition};

use crate::circuit::Circuit;
use crate::found::Found;
use crate::game::Game;
use crate::shared::{BEGAN, Each, INTERRUPTS, side};

/// Generations are counted modulo this.
const GENERATIONS: u16 = 512;
const ROOM: usize = 256;

static TOLD: Each = Each::new();
static LOGS: [[Place; ROOM]; 2] = [const { [const { Place::new() }; ROOM] }; 2];

/// Where a transition is kept, with its time.
struct Place {
    entry: AtomicU32,
    time: AtomicU32,
}

impl Place {
    const fn new() -> Self {
        Self { entry: AtomicU32::new(0), time: AtomicU32::new(0) }
    }
}

/// The observer of every circuit here: each side writes into a log of its own.
#[derive(Clone)]
pub struct Tell;

impl Observer for Tell {
    fn on_transition(&self, _: &str, transition: &Transition) {
        let told = TOLD.mine();
        if let Some(place) = LOGS[side()].get(told.get() as usize) {
            place.entry.store(Entry::pack(transition), Relaxed);
            // No later than the time of an opening, and no earlier than that of anything else.
            let opened = transition.to == CircuitState::Open;
            place.time.store(if opened { BEGAN.mine().get() } else { INTERRUPTS.get() }, Relaxed);
        }
        told.add_one();
    }
}

/// How many transitions were told in this round.
pub fn count() -> u32 {
    TOLD.sum()
}

/// A transition in one word.
#[derive(Clone, Copy)]
struct Entry(u32);

impl Entry {
    fn pack(told: &Transition) -> u32 {
        let known = Self::is_possible(told);
        u32::from(told.generation)
            | (told.from as u32) << 9
            | (told.to as u32) << 11
            | (told.mode as u32) << 13
            | u32::from(known) << 15
            | u32::from(told.reason == Reason::ConsecutiveFailures) << 16
            | u32::from(told.failure_count) << 17
            | 1 << 31
    }

    fn is_possible(told: &Transition) -> bool {
        use CircuitState::{Closed, HalfOpen, Open};
        match told.reason {
            Reason::ConsecutiveFailures => told.from == Closed && told.to == Open,
            Reason::RecoveryTimeout => told.from == Open && told.to == HalfOpen,
            Reason::ProbesSucceeded => told.from == HalfOpen && told.to == Closed,
            Reason::ProbeFailed => told.from == HalfOpen && told.to == Open,
            Reason::Tripped => told.from != Open && told.to == Open,
            Reason::Isolated => told.to == Open && told.mode == Mode::Isolated,
            Reason::Disabled => told.to == Closed && told.mode == Mode::Disabled,
            Reason::Shadowed => told.mode == Mode::Shadow,
            Reason::Reset => told.to == Closed && told.mode == Mode::Normal,
            _ => false,
        }
    }

    fn is_there(self) -> bool {
        self.0 != 0
    }

    fn generation(self) -> u16 {
        (self.0 & 511) as u16
    }

    fn from(self) -> u32 {
        self.0 >> 9 & 3
    }

    fn to(self) -> u32 {
        self.0 >> 11 & 3
    }

    fn mode(self) -> u32 {
        self.0 >> 13 & 3
    }

    fn opens(self) -> bool {
        self.from() != CircuitState::Open as u32 && self.to() == CircuitState::Open as u32
    }

    fn recovers(self) -> bool {
        self.from() == CircuitState::Open as u32 && self.to() == CircuitState::HalfOpen as u32
    }

    fn fits(self, game: Game) -> bool {
        let (possible, opened) = (self.0 >> 15 & 1 == 1, self.0 >> 16 & 1 == 1);
        possible && (!opened || self.0 >> 17 & 1023 == game.threshold())
    }
}

/// Where a circuit stood after the last round.
pub struct Books {
    generation: u16,
    state: u32,
    mode: u32,
    opened: u32,
}

impl Books {
    /// A circuit that nobody has used.
    pub const NEW: Self =
        Self { generation: 0, state: CircuitState::Closed as u32, mode: Mode::Normal as u32, opened: 0 };

    /// Goes through a round that has ended.
    pub fn balance(&mut self, circuit: &dyn Circuit, game: Game, found: &mut Found) {
        let length = circuit.generation().wrapping_sub(self.generation) % GENERATIONS;
        let mut sorted = [(Entry(0), 0); ROOM];
        for (log, side) in LOGS.iter().zip(0..) {
            let told = TOLD.of(side) as usize;
            found.transitions += told as u32;
            found.wrong_if(told > ROOM, "more transitions than there is room for");
            for place in &log[..told.min(ROOM)] {
                let entry = Entry(place.entry.load(Relaxed));
                let since = entry.generation().wrapping_sub(self.generation) % GENERATIONS;
                found.wrong_if(
                    since == 0 || since > length,
                    "a transition to a generation that the circuit never reached",
                );
                found.wrong_if(!entry.fits(game), "a transition that there cannot be");
                if let Some(sorted) = sorted.get_mut(usize::from(since)) {
                    found.wrong_if(sorted.0.is_there(), "two transitions to one generation");
                    *sorted = (entry, place.time.load(Relaxed));
                }
            }
        }
        for since in 1..=length {
            let (entry, time) = sorted.get(usize::from(since)).copied().unwrap_or((Entry(0), 0));
            if entry.is_there() {
                let waited = time.wrapping_sub(self.opened);
                found.wrong_if(entry.recovers() && waited < game.recovery_timeout(), "OPEN for less than its timeout");
                if entry.opens() {
                    self.opened = time;
                }
                found.wrong_if(entry.from() != self.state, "a transition that does not begin where the last one ended");
                (self.state, self.mode) = (entry.to(), entry.mode());
            } else {
                // Only a probe whose lease runs out begins a generation that is no transition.
                let probed = self.state == CircuitState::HalfOpen as u32;
                let admitted = game.admitted_in((self.generation + since) % GENERATIONS);
                found.wrong_if(!game.has_leases() || !probed || !admitted, "a transition that was not told");
                found.reclaimed += 1;
            }
        }
        self.generation = circuit.generation();
        let lapsed = self.state == CircuitState::Open as u32 && circuit.state() == CircuitState::HalfOpen;
        found.wrong_if(circuit.state() as u32 != self.state && !lapsed, "not in the state that was told last");
        found.wrong_if(circuit.mode() as u32 != self.mode, "not in the mode that was told last");
        TOLD.clear();
    }
}
