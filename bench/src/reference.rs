//! What a breaker is made of, each by itself, such as a load, a clock and a lock.

use std::hint::black_box;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Acquire, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use halfopen::{Clock, SystemClock};

use crate::rounds::Row;
use crate::service::serve_alone;
use crate::subject::works;

pub(crate) const LOADS: &str = "two atomic loads";
pub(crate) const ADD: &str = "one fetch_add";
pub(crate) const MUTEX: &str = "a std Mutex, locked and unlocked";
pub(crate) const INSTANT: &str = "Instant::now()";
pub(crate) const CLOCK: &str = "SystemClock.now()";
/// As a program does them, and not as the sum of what each takes in a loop of its own.
pub(crate) const CLOCK_AND_ADDS: &str = "SystemClock.now(), then 2 fetch_add";
pub(crate) const INSTANT_AND_ADDS: &str = "Instant::now(), then 2 fetch_add";
pub(crate) const OPERATION: &str = "the operation alone";
pub(crate) const SERVICE: &str = "a tower service alone: poll_ready, call, its future";

/// Something to compare with.
pub(crate) struct Reference {
    pub(crate) name: &'static str,
    pub(crate) row: Row,
}

pub(crate) fn references() -> Vec<Reference> {
    vec![
        reference(OPERATION, (), |()| black_box(works)().is_ok()),
        reference(SERVICE, (), |()| serve_alone()),
        reference(LOADS, [true, true].map(AtomicBool::new), |flags| flags[0].load(Acquire) & flags[1].load(Acquire)),
        reference(ADD, AtomicU64::new(0), |word| {
            black_box(word.fetch_add(1, Relaxed));
            true
        }),
        reference(MUTEX, Mutex::new(7), |mutex| *black_box(mutex.lock().expect("nobody panics with it")) == 7),
        reference(INSTANT, (), |()| {
            black_box(Instant::now());
            true
        }),
        reference(CLOCK, (), |()| {
            black_box(SystemClock.now());
            true
        }),
        reference(INSTANT_AND_ADDS, [0, 0].map(AtomicU64::new), |words| {
            black_box(Instant::now());
            add_to_both(words)
        }),
        reference(CLOCK_AND_ADDS, [0, 0].map(AtomicU64::new), |words| {
            black_box(SystemClock.now());
            add_to_both(words)
        }),
    ]
}

#[inline(always)]
fn add_to_both(words: &[AtomicU64; 2]) -> bool {
    for word in words {
        black_box(word.fetch_add(1, Relaxed));
    }
    true
}

fn reference<T: Send + Sync + 'static>(
    name: &'static str,
    thing: T,
    call: impl Fn(&T) -> bool + Copy + Send + 'static,
) -> Reference {
    let thing = Arc::new(thing);
    let row = Row::shared("alone", true, || [thing.clone(), thing.clone()], move |thing| call(thing));
    Reference { name, row }
}
