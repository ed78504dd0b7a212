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
//! assert_eq!((exports::out(0), exports::out(1), exports::out(4)), (0, 1, 1)); // from, to, failure count
//! exports::free(breaker);
//! ```

use core::sync::atomic::{AtomicI32, AtomicU32, Ordering::Relaxed};

use halfopen::local::At;
use halfopen::{Observer, Receipt, Refusal, Tally, Timestamp, Transition, Window};

/// Where the count of transitions stands.
pub const TRANSITIONS: u32 = 2;
pub(crate) const REFUSED: u32 = 1 << 4;
/// A refusal, and no admission in spite of it.
pub(crate) const MAY_NOT: u32 = REFUSED | 1;
const LATE: u32 = 1 << 5;

/// Numbers of one transition.
const STRIDE: usize = 16;
/// The most that one call can make: the timeout passed, and a probe ended.
const MOST: u32 = 3;
/// Where a refusal is.
const REFUSAL: usize = STRIDE * MOST as usize;
pub(crate) const WAIT: usize = REFUSAL + 1;
const SIZE: usize = REFUSAL + STRIDE;

// One thread uses them; the atomics are plain loads and stores there.
static OUT: [AtomicI32; SIZE] = [const { AtomicI32::new(0) }; SIZE];
static FLAGS: AtomicU32 = AtomicU32::new(0);
static CHANCE: AtomicU32 = AtomicU32::new(0);

/// A number that the latest call left; 0 beyond the end.
pub(crate) fn read(place: usize) -> i32 {
    OUT.get(place).map_or(0, |number| number.load(Relaxed))
}

pub(crate) fn write(place: usize, number: u32) {
    if let Some(slot) = OUT.get(place) {
        slot.store(number as i32, Relaxed);
    }
}

/// Leaves a refusal, whose wait is less than 0 where there is no end to it.
pub(crate) fn refused(refusal: Refusal) {
    FLAGS.store(FLAGS.load(Relaxed) | REFUSED, Relaxed);
    write(REFUSAL, refusal.state as u32);
    write(WAIT, refusal.retry_after_ms.unwrap_or(u32::MAX));
}

/// The time `now`, in milliseconds, and what chance says. What is no time counts as 0, what is too late as the last one.
pub(crate) fn at(now: f64) -> At {
    At { now: time(now), random: CHANCE.load(Relaxed) }
}

/// Milliseconds that come from JavaScript.
pub(crate) fn time(now: f64) -> Timestamp {
    Timestamp::from_millis(now as u64)
}

/// What the call says, which is over.
pub(crate) fn packed(answer: u32) -> u32 {
    let flags = FLAGS.load(Relaxed);
    FLAGS.store(0, Relaxed);
    flags | answer
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
    fn on_transition(&self, _: &str, transition: &Transition) {
        let flags = FLAGS.load(Relaxed);
        let first = (flags >> TRANSITIONS & MOST) as usize * STRIDE;
        let Some(slots) = OUT.get(first..REFUSAL).and_then(<[AtomicI32]>::first_chunk::<STRIDE>) else { return };
        FLAGS.store(flags + (1 << TRANSITIONS), Relaxed);
        let (mut counts, mut reaches) = ([0; 3], 0);
        if let Some(Tally { calls, failures, slow_calls, window, .. }) = transition.tally {
            counts = [calls, failures, slow_calls];
            reaches = match window {
                Window::Calls(calls) => calls.into(),
                Window::Millis(ms) => -(ms as i32),
            };
        }
        let put = |place: usize, number: u32| slots[place].store(number as i32, Relaxed);
        put(0, transition.from as u32);
        put(1, transition.to as u32);
        put(2, transition.mode as u32);
        put(3, transition.reason as u32);
        put(4, transition.failure_count.into());
        put(5, transition.successes.into());
        put(6, transition.generation.into());
        put(7, counts[0]);
        put(8, counts[1]);
        put(9, counts[2]);
        put(10, reaches as u32);
    }

    fn on_late(&self, _: &str, _: Receipt) {
        FLAGS.store(FLAGS.load(Relaxed) | LATE, Relaxed);
    }
}
