//! The race of `race`, on windows: an interrupt and a task record into one, and it must hold exactly what they recorded.
//!
//! The same is done to breakers that are copied out, worked on and copied back: those must be caught in every game, or the
//! interrupts prove nothing. With the argument `broken` they are taken for right ones, which must be seen.
#![no_std]
#![no_main]

#[path = "../race/circuit.rs"]
mod circuit;
#[path = "../race/found.rs"]
mod found;
mod game;
mod kinds;
mod model;
#[allow(dead_code, reason = "`race` asks more of it")]
#[path = "../race/moves.rs"]
mod moves;
#[path = "../race/shared.rs"]
mod shared;
#[path = "../race/told.rs"]
mod told;

use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};

use found::Found;
use game::{Game, Play, Window};
use kinds::circuit;
use model::Model;
use moves::falter;
use shared::{CALLS, INTERRUPTS, LANDED, increment, interrupting, lost_increments};
use told::Books;

board::panic_handler!();

/// How far the interrupts are apart: a window takes longer than a count.
const PERIOD_NS: u32 = 47_300;
/// A round ends by so many of either, if not before: each side can have told as many transitions as there is room for.
const TRANSITIONS_OF_A_ROUND: u32 = 60;
const INTERRUPTS_OF_A_ROUND: u32 = 100;

/// What is being played; the interrupt looks at it.
static PLAYING: AtomicBool = AtomicBool::new(false);
static TORN: AtomicBool = AtomicBool::new(false);
static WINDOW: AtomicUsize = AtomicUsize::new(0);
static PLAY: AtomicUsize = AtomicUsize::new(0);

#[board::entry]
fn main() -> ! {
    let broken = board::has_argument("broken");
    let (mut wrong, mut caught, mut idle, mut recorded, mut raced) = (false, 0, false, 0, 0);
    board::on_tick(PERIOD_NS, || {
        if PLAYING.load(SeqCst) && !kinds::is_copying() {
            let game = Game { window: Window::ALL[WINDOW.load(SeqCst)], play: Play::ALL[PLAY.load(SeqCst)] };
            interrupting(|| play(game, TORN.load(SeqCst)));
        }
    });
    for play in Play::ALL {
        for window in Window::ALL {
            for torn in [false, true] {
                let game = Game { window, play };
                let found = rounds(game, torn);
                let kind = if torn { "torn " } else { "" };
                board::println!("{kind}{} {}: {found}", window.name(), play.name());
                if torn {
                    caught += u32::from(found.is_wrong());
                    wrong |= found.is_wrong() && broken;
                } else {
                    wrong |= found.is_wrong();
                    idle |= !happened(play, &found);
                    recorded += found.recorded;
                    raced += found.raced;
                }
            }
        }
    }
    let (interrupts, landed, lost) = (INTERRUPTS.get(), LANDED.get(), lost_increments());
    let proven = caught == 16 && lost >= 100 && landed >= interrupts / 10 && !idle;
    board::println!(
        "{}: {interrupts} interrupts, {landed} inside a call, {recorded} outcomes recorded, {raced} openings raced for: {}; \
         copied out and back: {caught} of 16 games wrong, {lost} increments lost{}",
        board::TARGET,
        if wrong { "SOMETHING WRONG, see above" } else { "nothing wrong" },
        if proven { "" } else { "; TOO LITTLE HAPPENED to prove anything" },
    );
    board::exit(i32::from(wrong || !proven))
}

/// One thing is done by whoever asks.
fn play(game: Game, torn: bool) {
    increment();
    game.play(circuit(game, torn));
}

/// The task's part of a game, and what came of it.
fn rounds(game: Game, torn: bool) -> Found {
    let (mut found, mut books, mut model) = (Found::default(), Books::NEW, Model::new(game));
    let (interrupts, landed) = (INTERRUPTS.get(), LANDED.get());
    let circuit = circuit(game, torn);
    TORN.store(torn, SeqCst);
    WINDOW.store(game.window as usize, SeqCst);
    PLAY.store(game.play as usize, SeqCst);
    while INTERRUPTS.get() - interrupts < game.interrupts() {
        let begin = INTERRUPTS.get();
        game.begin(circuit, &mut model);
        PLAYING.store(true, SeqCst);
        while !game.is_full()
            && told::count() < TRANSITIONS_OF_A_ROUND
            && INTERRUPTS.get() - begin < INTERRUPTS_OF_A_ROUND
        {
            play(game, torn);
            falter();
        }
        PLAYING.store(false, SeqCst);
        found.calls += CALLS.sum();
        books.balance(circuit, game, &mut found);
        let reopenings = kinds::reopenings(game, torn).zip(books.reopenings());
        found
            .wrong_if(reopenings.is_some_and(|(counted, told)| counted != told), "not as many reopenings as were told");
        game.end(circuit, &books, &mut model, &mut found);
    }
    found.interrupts = INTERRUPTS.get() - interrupts;
    found.landed = LANDED.get() - landed;
    found
}

/// Enough for the game to have been one.
fn happened(play: Play, found: &Found) -> bool {
    match play {
        Play::Fill => found.recorded >= 1_000 && found.exact >= 50,
        Play::Tip => found.openings >= 30 && found.raced >= 3,
        Play::Churn => found.transitions >= 300,
        Play::Reopen => found.reopened >= 100 && found.contended >= 10,
    }
}
