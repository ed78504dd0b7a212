//! What the observer was told, and whether it fits together: the transitions of a round, sorted by their generation, must
//! lead from one to the next, without a gap and none twice.

use core::sync::atomic::{AtomicU32, Ordering::Relaxed};

use halfopen::{CircuitState, Mode, Observer, Reason, Transition};

use crate::circuit::Circuit;
use crate::found::Found;
use crate::game::{Game, ROOM};
use crate::moves::admitted_in;
use crate::shared::{BEGAN, Each, INTERRUPT, INTERRUPTS, side};

/// Generations are counted modulo this.
const GENERATIONS: u16 = 512;

static TOLD: Each = Each::new();
static LOGS: [[Place; ROOM]; 2] = [const { [const { Place::new() }; ROOM] }; 2];

/// Where a transition is kept, with its time, and the calls and failures that a window held.
struct Place {
    entry: AtomicU32,
    time: AtomicU32,
    tally: AtomicU32,
}

impl Place {
    const fn new() -> Self {
        Self { entry: AtomicU32::new(0), time: AtomicU32::new(0), tally: AtomicU32::new(0) }
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
            let tally = transition.tally.map_or(0, |tally| tally.calls << 16 | tally.failures);
            place.tally.store(tally, Relaxed);
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
        let known = Self::can_be(told);
        u32::from(told.generation)
            | (told.from as u32) << 9
            | (told.to as u32) << 11
            | (told.mode as u32) << 13
            | u32::from(known) << 15
            | u32::from(matches!(told.reason, Reason::ConsecutiveFailures | Reason::FailureRate)) << 16
            | u32::from(told.failure_count) << 17
            | 1 << 31
    }

    fn can_be(told: &Transition) -> bool {
        use CircuitState::{Closed, HalfOpen, Open};
        match told.reason {
            Reason::ConsecutiveFailures | Reason::FailureRate => told.from == Closed && told.to == Open,
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

    fn closes(self) -> bool {
        self.from() == CircuitState::HalfOpen as u32 && self.to() == CircuitState::Closed as u32
    }

    fn is_possible(self) -> bool {
        self.0 >> 15 & 1 == 1
    }

    /// By what counts, where it was the rule that opened the circuit.
    fn opening(self, tally: u32, side: usize) -> Option<Opening> {
        let by_rule = self.0 >> 16 & 1 == 1;
        by_rule.then_some(Opening {
            count: self.0 >> 17 & 1023,
            calls: tally >> 16,
            failures: tally & 0xffff,
            by_interrupt: side == INTERRUPT,
        })
    }
}

/// By what counts a rule has opened a circuit: the last two are those of a window, and 0 where there is none.
#[derive(Clone, Copy)]
pub struct Opening {
    pub count: u32,
    pub calls: u32,
    pub failures: u32,
    pub by_interrupt: bool,
}

/// Where a circuit stood after the last round.
pub struct Books {
    generation: u16,
    state: u32,
    mode: u32,
    opened: u32,
    /// How often it has opened again since it was CLOSED.
    reopenings: u32,
    /// Of the last round: all transitions, those from HALF_OPEN, and the opening by the rule that came last.
    pub told: u32,
    pub reopened: u32,
    pub closed: u32,
    pub opening: Option<Opening>,
}

impl Books {
    /// A circuit that nobody has used.
    pub const NEW: Self = Self {
        generation: 0,
        state: CircuitState::Closed as u32,
        mode: Mode::Normal as u32,
        opened: 0,
        reopenings: 0,
        told: 0,
        reopened: 0,
        closed: 0,
        opening: None,
    };

    /// Goes through a round that has ended.
    pub fn balance(&mut self, circuit: &dyn Circuit, game: Game, found: &mut Found) {
        let length = circuit.generation().wrapping_sub(self.generation) % GENERATIONS;
        let mut sorted = [(Entry(0), 0); ROOM];
        let mut latest = 0;
        (self.told, self.reopened, self.closed, self.opening) = (TOLD.sum(), 0, 0, None);
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
                let opening = entry.opening(place.tally.load(Relaxed), side);
                let fits = opening.is_none_or(|opening| game.may_open(opening));
                found.wrong_if(!entry.is_possible() || !fits, "a transition that there cannot be");
                if opening.is_some() && since > latest {
                    (latest, self.opening) = (since, opening);
                }
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
                let least = game.open_for(self.reopenings);
                found.wrong_if(entry.recovers() && waited < least, "OPEN for less than its timeout");
                if entry.opens() {
                    let again = entry.from() == CircuitState::HalfOpen as u32;
                    self.reopenings = if again { self.reopenings + 1 } else { 0 };
                    self.reopened += u32::from(again);
                    self.opened = time;
                }
                self.closed += u32::from(entry.closes());
                found.wrong_if(entry.from() != self.state, "a transition that does not begin where the last one ended");
                (self.state, self.mode) = (entry.to(), entry.mode());
            } else {
                // Only a probe whose lease runs out begins a generation that is no transition.
                let probed = self.state == CircuitState::HalfOpen as u32;
                let admitted = admitted_in((self.generation + since) % GENERATIONS);
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

    /// How often the circuit has opened again since it was CLOSED, if it is not now and comes back by itself.
    pub fn reopenings(&self) -> Option<u32> {
        let counts = self.state != CircuitState::Closed as u32 && self.mode != Mode::Isolated as u32;
        counts.then_some(self.reopenings)
    }
}
