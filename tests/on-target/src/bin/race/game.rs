//! What both sides do, and what must be true afterwards.

use core::time::Duration;

use halfopen::machine::Event;
use halfopen::{Config, Outcome, Receipt};

use crate::circuit::Circuit;
use crate::found::Found;
use crate::moves::{self, churn, dawdle, note};
use crate::shared::{CALLS, Counter, Each, INTERRUPT, READS, TASK, chance, side};
use crate::told::Opening;

/// Transitions of a round that either side can have told.
pub const ROOM: usize = 256;

#[derive(Clone, Copy, PartialEq)]
pub enum Game {
    /// Failures alone, below the threshold: every one must be counted.
    Count,
    /// Everything that a circuit can do: every transition must be told, once, and lead on from the one before.
    Churn,
    /// The same by permits alone, with probes that take longer than their lease and are replaced.
    Lease,
    /// Permits alone, one probe at a time: there must never be two.
    Probe,
}

/// Failures of a round of `Count`: as many as a breaker counts, but for those that come while a round ends.
const FAILURES: u32 = 1_000;

static FAILED: Each = Each::new();
static PROBES: Each = Each::new();
static TWICE: Each = Each::new();
static UNWANTED: Each = Each::new();
static UNDERWAY: Counter = Counter::new(0);
static CONTENDED: Counter = Counter::new(0);

impl Game {
    pub const ALL: [Self; 4] = [Self::Count, Self::Churn, Self::Lease, Self::Probe];

    pub const fn name(self) -> &'static str {
        ["count", "churn", "lease", "probe"][self as usize]
    }

    pub const fn threshold(self) -> u32 {
        [1_023, 3, 2, 1][self as usize]
    }

    pub const fn has_leases(self) -> bool {
        matches!(self, Self::Lease)
    }

    /// Whether the rule may have opened the circuit by these counts.
    pub fn may_open(self, opening: Opening) -> bool {
        opening.count == self.threshold() && opening.calls == 0
    }

    /// For how long it is OPEN, however often it was before.
    pub const fn open_for(self, _: u32) -> u32 {
        self.recovery_timeout()
    }

    pub const fn recovery_timeout(self) -> u32 {
        if matches!(self, Self::Probe) { 1 } else { 2 }
    }

    /// A tick of the clock is an interrupt.
    pub const fn config(self) -> Config {
        let lease = if self.has_leases() { 1 } else { 1_000_000 };
        Config::new()
            .failure_threshold(self.threshold())
            .success_threshold(if matches!(self, Self::Probe) { 1 } else { 2 })
            .half_open_max_calls(1)
            .recovery_timeout(Duration::from_millis(self.recovery_timeout() as u64))
            .probe_timeout(Duration::from_millis(lease))
    }

    /// Does one thing to `circuit`, as the task or as the interrupt.
    pub fn play(self, circuit: &dyn Circuit) {
        if matches!(self, Self::Lease | Self::Probe) && side() == INTERRUPT && chance() & 3 != 0 {
            return; // Or it would always be the first to ask when a timeout ends, and the task had no probes.
        }
        match self {
            Self::Count => count(circuit),
            Self::Churn | Self::Lease => churn(circuit, self.has_leases()),
            Self::Probe => probe(circuit),
        }
    }

    /// Before a round.
    pub fn begin(self, circuit: &dyn Circuit) {
        if self == Self::Count {
            circuit.command(Event::Reset);
        }
        for counter in [&FAILED, &PROBES, &TWICE, &UNWANTED, &CALLS, &READS] {
            counter.clear();
        }
        CONTENDED.set(0);
        moves::forget();
    }

    /// The round is full.
    pub fn is_full(self) -> bool {
        FAILED.sum() >= FAILURES
    }

    /// After a round, while the interrupt rests.
    pub fn end(self, circuit: &dyn Circuit, found: &mut Found) {
        let counted = u32::from(circuit.failure_count());
        found.wrong_if(self == Self::Count && counted != FAILED.sum(), "not as many failures counted as recorded");
        if self == Self::Count {
            // A failure reads the clock once, or again if it has to begin anew. Nobody interrupts the interrupt.
            found.anew += READS.of(TASK).saturating_sub(FAILED.of(TASK));
            found.wrong_if(READS.of(INTERRUPT) != FAILED.of(INTERRUPT), "the interrupt had to begin anew");
        }
        found.wrong_if(TWICE.sum() > 0, "two probes at once");
        found.wrong_if(UNWANTED.sum() > 0, "the outcome of the only probe was not wanted");
        if self == Self::Probe {
            found.wrong_if(moves::admitted_twice() > 0, "two probes in one generation");
            found.probes += PROBES.sum();
            found.contended += CONTENDED.get();
        }
    }
}

fn count(circuit: &dyn Circuit) {
    if FAILED.sum() < FAILURES {
        circuit.record(Outcome::Failure);
        FAILED.mine().add_one();
    }
}

fn probe(circuit: &dyn Circuit) {
    let chance = chance();
    let interrupt = side() == INTERRUPT;
    let outcome = if chance & 16 == 0 { Outcome::Success } else { Outcome::Failure };
    let underway = interrupt && UNDERWAY.get() == 1;
    let mut is_probe = false;
    let receipt = circuit.attempt(outcome, &mut |ticket| {
        is_probe = ticket.is_probe();
        if !is_probe {
            return;
        }
        let again = note(ticket);
        if again || underway {
            TWICE.mine().add_one();
        }
        if !interrupt {
            UNDERWAY.set(1);
            dawdle(false);
            UNDERWAY.set(0);
        }
    });
    if underway {
        CONTENDED.add_one();
    }
    if is_probe {
        PROBES.mine().add_one();
        if receipt != Some(Receipt::Recorded) {
            UNWANTED.mine().add_one();
        }
    }
}
