//! Moves that more than one game is made of.

use core::hint::spin_loop;
use core::sync::atomic::{AtomicU32, Ordering::Relaxed};

use halfopen::Outcome;
use halfopen::machine::{Event, Ticket};

use crate::circuit::Circuit;
use crate::shared::{INTERRUPT, TASK, chance, side};

/// A bit for each generation in which a probe was let through.
static PROBED: [[AtomicU32; 16]; 2] = [const { [const { AtomicU32::new(0) }; 16] }; 2];

/// Whatever a circuit can do, by chance.
pub fn churn(circuit: &dyn Circuit, leases: bool) {
    let chance = chance();
    let outcome = match chance >> 8 & 7 {
        0..=2 => Outcome::Success,
        3..=6 => Outcome::Failure,
        _ => Outcome::Ignored,
    };
    match chance % 64 {
        0 => circuit.command(Event::Isolate),
        1 => circuit.command(Event::Disable),
        2 => circuit.command(Event::Shadow),
        3..=4 => circuit.command(Event::Trip),
        5..=9 => circuit.command(Event::Reset),
        10..=13 => _ = (circuit.state(), circuit.mode(), circuit.failure_count()),
        // An outcome without a permit would end the probe that is to be replaced, and a probe that is let through without
        // one leaves no trace of its generation.
        14..=43 if !leases => _ = circuit.record(outcome),
        44..=49 if !leases => {
            if circuit.allow() {
                dawdle(leases);
                circuit.record(outcome);
            }
        }
        _ => {
            circuit.attempt(outcome, &mut |ticket| {
                note(ticket);
                dawdle(leases);
            });
        }
    }
}

/// Notes a probe; `true` if this side had one in the same generation.
pub fn note(ticket: Ticket) -> bool {
    let (generation, bit) = (usize::from(ticket.generation()), 1 << (ticket.generation() % 32));
    let bits = &PROBED[side()][generation / 32];
    let before = bits.load(Relaxed);
    if ticket.is_probe() {
        bits.store(before | bit, Relaxed);
    }
    before & bit != 0
}

/// The task's request takes its time, mostly enough for some interrupts: each one, or one in eight.
pub fn dawdle(each: bool) {
    let chance = chance();
    if side() == TASK && (each || chance & 7 == 0) {
        (0..chance >> 22).for_each(|_| spin_loop());
    }
}

/// Forgets the probes that were noted.
pub fn forget() {
    PROBED.iter().flatten().for_each(|bits| bits.store(0, Relaxed));
}

/// Whether a probe was let through in this generation.
pub fn admitted_in(generation: u16) -> bool {
    PROBED.iter().any(|probed| probed[usize::from(generation / 32)].load(Relaxed) & 1 << (generation % 32) != 0)
}

/// Generations in which both sides were let through as probes.
pub fn admitted_twice() -> u32 {
    let both = PROBED[TASK].iter().zip(&PROBED[INTERRUPT]);
    both.map(|(task, interrupt)| (task.load(Relaxed) & interrupt.load(Relaxed)).count_ones()).sum()
}

/// A little time, by chance: otherwise the interrupts might always land between the same two instructions.
pub fn falter() {
    (0..chance() >> 28).for_each(|_| spin_loop());
}
