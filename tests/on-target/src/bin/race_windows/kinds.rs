//! The two of each window that are played with: a breaker in a `static`, and one that tears.

use core::cell::UnsafeCell;
use core::mem::MaybeUninit;
use core::sync::atomic::{AtomicBool, Ordering::SeqCst};

use halfopen::machine::{Event, Ticket};
use halfopen::rules::{Adaptive, CountWindow, Rule, TimeWindow};
use halfopen::{CircuitBreaker, CircuitState, Mode, Outcome, Receipt};

use crate::circuit::Circuit;
use crate::game::{Game, Play, Window};
use crate::shared::Ticks;
use crate::told::Tell;

type Breaker<R> = CircuitBreaker<Ticks, Tell, &'static str, R>;

/// One of each for each game.
struct Circuits<R: Rule> {
    whole: [Breaker<R>; 4],
    torn: [Torn<R>; 4],
}

macro_rules! circuits {
    ($rule:ty, $window:expr) => {{
        const fn breaker(play: usize) -> Breaker<$rule> {
            let game = Game { window: $window, play: Play::ALL[play] };
            CircuitBreaker::with_rule($window.name(), <$rule>::with(game.config()), Ticks, Tell)
        }
        const fn torn(play: usize) -> Torn<$rule> {
            Torn(UnsafeCell::new(breaker(play)))
        }
        Circuits { whole: [breaker(0), breaker(1), breaker(2), breaker(3)], torn: [torn(0), torn(1), torn(2), torn(3)] }
    }};
}

static TEN: Circuits<CountWindow<10>> = circuits!(CountWindow<10>, Window::Ten);
static FORTY: Circuits<CountWindow<40>> = circuits!(CountWindow<40>, Window::Forty);
static TIME: Circuits<TimeWindow<4>> = circuits!(TimeWindow<4>, Window::Time);
static ADAPTIVE: Circuits<Adaptive<CountWindow<40>>> = circuits!(Adaptive<CountWindow<40>>, Window::Adaptive);

pub fn circuit(game: Game, torn: bool) -> &'static dyn Circuit {
    match game.window {
        Window::Ten => TEN.circuit(game.play, torn),
        Window::Forty => FORTY.circuit(game.play, torn),
        Window::Time => TIME.circuit(game.play, torn),
        Window::Adaptive => ADAPTIVE.circuit(game.play, torn),
    }
}

/// What the rule says of how often the circuit has opened again, if it counts that.
pub fn reopenings(game: Game, torn: bool) -> Option<u32> {
    (game.window == Window::Adaptive).then(|| ADAPTIVE.breaker(game.play, torn).reopenings().into())
}

impl<R: Rule> Circuits<R> {
    fn circuit(&'static self, play: Play, torn: bool) -> &'static dyn Circuit {
        if torn { &self.torn[play as usize] } else { &self.whole[play as usize] }
    }

    /// To be looked at while the interrupt rests.
    fn breaker(&self, play: Play, torn: bool) -> &Breaker<R> {
        if torn { self.torn[play as usize].look() } else { &self.whole[play as usize] }
    }
}

/// The same breaker, but each call works on a copy and stores that: what an interrupt stored meanwhile is lost.
struct Torn<R: Rule>(UnsafeCell<Breaker<R>>);

// SAFETY: there is one core, and this is what must not be done: the accesses are volatile, so that it can go wrong only
// in the way that is meant to be shown.
unsafe impl<R: Rule> Sync for Torn<R> {}

impl<R: Rule> Torn<R> {
    fn look(&self) -> &Breaker<R> {
        // SAFETY: as of `Sync`.
        unsafe { &*self.0.get() }
    }

    fn with<T>(&self, work: impl FnOnce(&dyn Circuit) -> T) -> T {
        let place = self.0.get().cast::<MaybeUninit<Breaker<R>>>();
        // SAFETY: as of `Sync`. A copy is a breaker like any other, for none has anything to drop.
        let copy = copying(|| unsafe { place.read_volatile() });
        // SAFETY: a breaker was there.
        let answer = work(unsafe { copy.assume_init_ref() });
        // SAFETY: as above.
        copying(|| unsafe { place.write_volatile(copy) });
        answer
    }
}

/// Half a copy is not what is meant to be shown: no breaker has to put up with it, and one may hang.
fn copying<T>(copy: impl FnOnce() -> T) -> T {
    COPYING.store(true, SeqCst);
    let answer = copy();
    COPYING.store(false, SeqCst);
    answer
}

static COPYING: AtomicBool = AtomicBool::new(false);

/// Whether the interrupt must rest.
pub fn is_copying() -> bool {
    COPYING.load(SeqCst)
}

impl<R: Rule> Circuit for Torn<R> {
    fn allow(&self) -> bool {
        self.with(|breaker| breaker.allow())
    }

    fn record(&self, outcome: Outcome) -> Receipt {
        self.with(|breaker| breaker.record(outcome))
    }

    fn attempt(&self, outcome: Outcome, meanwhile: &mut dyn FnMut(Ticket)) -> Option<Receipt> {
        self.with(|breaker| breaker.attempt(outcome, meanwhile))
    }

    fn command(&self, command: Event) {
        self.with(|breaker| breaker.command(command));
    }

    fn state(&self) -> CircuitState {
        self.look().state()
    }

    fn mode(&self) -> Mode {
        self.look().mode()
    }

    fn failure_count(&self) -> u16 {
        self.look().failure_count()
    }

    fn generation(&self) -> u16 {
        self.look().generation()
    }
}
