//! An interrupt against a task, on one breaker: both use it as fast as they can, and afterwards the books must balance.
//!
//! The same is done to a breaker in a `static`, to a circuit in a table, and to a breaker that stores without a
//! compare-and-swap: that one must be caught, or the interrupts prove nothing. With the argument `broken` it is taken for
//! a right one, which must be seen.
#![no_std]
#![no_main]

mod circuit;
mod found;
mod game;
mod kinds;
mod moves;
mod shared;
#[allow(dead_code, reason = "`race_windows` asks more of it")]
mod told;

use core::mem::size_of;
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};

use halfopen::{BreakerTable, CircuitBreaker};

use found::Found;
use game::Game;
use kinds::{Kind, register, with_circuit};
use moves::falter;
use shared::{CALLS, INTERRUPTS, LANDED, Ticks, increment, interrupting, lost_increments};
use told::{Books, Tell};

board::panic_handler!();

// A breaker and a table fit into a `static` that an interrupt shares, and are small.
const _: () = {
    const fn shared<T: Send + Sync + 'static>() {}
    shared::<CircuitBreaker<Ticks, Tell>>();
    shared::<BreakerTable<Ticks, 8, &'static str, Tell>>();
    assert!(size_of::<CircuitBreaker<Ticks>>() <= 48);
    assert!(size_of::<BreakerTable<Ticks, 8>>() <= 416);
};

/// Interrupts of each game, and how far they are apart: the slowest chip needs half of that for one.
const INTERRUPTS_OF_A_GAME: u32 = 5_000;
const PERIOD_NS: u32 = 29_300;
/// A round ends by so many of either: few enough transitions to tell their generations apart, which wrap at 512.
const TRANSITIONS_OF_A_ROUND: u32 = 180;
const INTERRUPTS_OF_A_ROUND: u32 = 400;

/// What is being played; the interrupt looks at it.
static PLAYING: AtomicBool = AtomicBool::new(false);
static KIND: AtomicUsize = AtomicUsize::new(0);
static GAME: AtomicUsize = AtomicUsize::new(0);

#[board::entry]
fn main() -> ! {
    let broken = board::has_argument("broken");
    let (mut wrong, mut torn, mut anew, mut idle) = (false, 0, 0, false);
    register();
    board::on_tick(PERIOD_NS, || {
        if PLAYING.load(SeqCst) {
            interrupting(|| play(Kind::ALL[KIND.load(SeqCst)], Game::ALL[GAME.load(SeqCst)]));
        }
    });
    for game in Game::ALL {
        for kind in Kind::ALL {
            let found = rounds(kind, game);
            board::println!("{} {}: {found}", kind.name(), game.name());
            if matches!(kind, Kind::Torn) {
                torn += u32::from(found.is_wrong());
                wrong |= found.is_wrong() && broken;
            } else {
                wrong |= found.is_wrong();
                anew += found.anew;
                idle |= !happened(game, &found);
            }
        }
    }
    let (interrupts, landed, lost) = (INTERRUPTS.get(), LANDED.get(), lost_increments());
    let proven = torn == 4 && lost >= 100 && anew >= 100 && landed >= interrupts / 10 && !idle;
    board::println!(
        "{}: {interrupts} interrupts, {landed} inside a call, {anew} calls began anew: {}; \
         without compare-and-swap: {torn} of 4 games wrong, {lost} increments lost{}",
        board::TARGET,
        if wrong { "SOMETHING WRONG, see above" } else { "nothing wrong" },
        if proven { "" } else { "; TOO LITTLE HAPPENED to prove anything" },
    );
    board::exit(i32::from(wrong || !proven))
}

/// One thing is done by whoever asks.
fn play(kind: Kind, game: Game) {
    increment();
    with_circuit(kind, game, |circuit| game.play(circuit));
}

/// The task's part of a game, and what came of it.
fn rounds(kind: Kind, game: Game) -> Found {
    let (mut found, mut books) = (Found::default(), Books::NEW);
    let (interrupts, landed) = (INTERRUPTS.get(), LANDED.get());
    KIND.store(kind as usize, SeqCst);
    GAME.store(game as usize, SeqCst);
    while INTERRUPTS.get() - interrupts < INTERRUPTS_OF_A_GAME {
        let begin = INTERRUPTS.get();
        with_circuit(kind, game, |circuit| game.begin(circuit));
        PLAYING.store(true, SeqCst);
        while !game.is_full()
            && told::count() < TRANSITIONS_OF_A_ROUND
            && INTERRUPTS.get() - begin < INTERRUPTS_OF_A_ROUND
        {
            play(kind, game);
            falter();
        }
        PLAYING.store(false, SeqCst);
        found.calls += CALLS.sum();
        with_circuit(kind, game, |circuit| {
            game.end(circuit, &mut found);
            books.balance(circuit, game, &mut found);
        });
    }
    found.interrupts = INTERRUPTS.get() - interrupts;
    found.landed = LANDED.get() - landed;
    found
}

/// Enough for the game to have been one.
fn happened(game: Game, found: &Found) -> bool {
    match game {
        Game::Count => found.anew >= 20,
        Game::Churn => found.transitions >= 1_000,
        Game::Lease => found.transitions >= 500 && found.reclaimed >= 20,
        Game::Probe => found.probes >= 500 && found.contended >= 50,
    }
}
