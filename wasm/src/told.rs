//! What a call says: one number, and where that says so, a few more to be read before the next call.
//!
//! | bits | of the packed number |
//! | --- | --- |
//! | 0 and 1 | the answer: 1 for an admission, 0 for a refusal; of an outcome 0 recorded, 1 stale, 2 expired, 3 disabled |
//! | 2 and 3 | how many transitions happened: their numbers are at 16 times 0, 1 and 2 |
//! | 4 | a request was refused, or would have been: state and wait are at 48 and 49 |
//! | 5 | the outcome came too late |
//!
//! ```
//! use halfopen_wasm::{exports, told};
//!
//! (0..17).for_each(|place| exports::set(place, f64::NAN));
//! exports::set(0, 1.0); // the failure threshold
//! let breaker = exports::create(0, false);
//! let packed = exports::record(breaker, 1, -1.0, 1_000.0);
//! assert_eq!(packed, 1 << told::TRANSITIONS);
//! assert_eq!((exports::out(0), exports::out(1), exports::out(4)), (0.0, 1.0, 1.0)); // from, to, failure count
//! exports::free(breaker);
//! ```

use core::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};

use halfopen::local::At;
use halfopen::{Mode, Observer, Receipt, Refusal, Timestamp, Transition, Window};

/// Where the count of transitions stands.
pub const TRANSITIONS: u32 = 2;
const REFUSED: u32 = 1 << 4;
const LATE: u32 = 1 << 5;

/// Numbers of one transition.
const STRIDE: usize = 16;
/// Over how much the window reaches: so many calls, or less than 0 for milliseconds; 0 where there is none.
const WINDOW: usize = 10;
/// The most that one call can make: the timeout passed, and a probe ended.
const MOST: u32 = 3;
/// Where a refusal is.
const REFUSAL: usize = STRIDE * MOST as usize;
const SIZE: usize = REFUSAL + STRIDE;

// One thread uses them; the atomics are plain loads and stores there.
static OUT: [AtomicU64; SIZE] = [const { AtomicU64::new(0) }; SIZE];
static FLAGS: AtomicU32 = AtomicU32::new(0);
static CHANCE: AtomicU32 = AtomicU32::new(0);

/// A number that the latest call left; 0 beyond the end.
pub(crate) fn read(place: usize) -> f64 {
    OUT.get(place).map_or(0.0, |number| f64::from_bits(number.load(Relaxed)))
}

pub(crate) fn write(place: usize, number: f64) {
    if let Some(slot) = OUT.get(place) {
        slot.store(number.to_bits(), Relaxed);
    }
}

/// Begins a call at the time `now`, in milliseconds. What is no time counts as 0, what is too late as the last one.
pub(crate) fn begin(now: f64) -> At {
    FLAGS.store(0, Relaxed);
    At { now: time(now), random: CHANCE.load(Relaxed) }
}

/// Milliseconds that come from JavaScript.
pub(crate) fn time(now: f64) -> Timestamp {
    Timestamp::from_millis(now as u64)
}

/// What the call that was begun says.
pub(crate) fn packed(answer: u32) -> u32 {
    FLAGS.load(Relaxed) | answer
}

/// Sets what chance says until it is set again: JavaScript gives it with a call, so that nothing has to be seeded where that is
/// not allowed yet.
pub(crate) fn set_chance(number: u32) {
    CHANCE.store(number, Relaxed);
}

/// Puts what happens where JavaScript can read it.
#[derive(Debug)]
pub struct Told;

impl Observer for Told {
    #[inline(never)]
    fn on_transition(&self, _: &str, transition: &Transition) {
        let flags = FLAGS.load(Relaxed);
        let before = flags >> TRANSITIONS & MOST;
        if before == MOST {
            return;
        }
        FLAGS.store(flags + (1 << TRANSITIONS), Relaxed);
        let first = before as usize * STRIDE;
        write(first, (transition.from as u32).into());
        write(first + 1, (transition.to as u32).into());
        write(first + 2, (transition.mode as u32).into());
        write(first + 3, (transition.reason as u32).into());
        write(first + 4, transition.failure_count.into());
        write(first + 5, transition.successes.into());
        write(first + 6, transition.generation.into());
        write(first + WINDOW, 0.0);
        if let Some(tally) = transition.tally {
            write(first + 7, tally.calls.into());
            write(first + 8, tally.failures.into());
            write(first + 9, tally.slow_calls.into());
            let reaches = match tally.window {
                Window::Calls(calls) => calls.into(),
                Window::Millis(ms) => -f64::from(ms),
            };
            write(first + WINDOW, reaches);
        }
    }

    fn on_refused(&self, _: &str, refusal: &Refusal, _: Mode) {
        FLAGS.store(FLAGS.load(Relaxed) | REFUSED, Relaxed);
        write(REFUSAL, f64::from(refusal.state as u32));
        write(REFUSAL + 1, refusal.retry_after_ms.map_or(-1.0, f64::from));
    }

    fn on_late(&self, _: &str, _: Receipt) {
        FLAGS.store(FLAGS.load(Relaxed) | LATE, Relaxed);
    }
}
