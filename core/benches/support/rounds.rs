//! Minimum times of several functions that take turns, so that their ratios come from one run.
//!
//! Every function runs in the same loop: eight calls a turn, each result made opaque. The loop's own cost is in every
//! time, and the same in all of them.

use std::hint::{black_box, spin_loop};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// Short enough for most rounds to fall between two interruptions, long enough for the timer not to matter.
const ROUND: Duration = Duration::from_micros(20);
const UNROLLED: u32 = 8;

/// A function under measurement.
pub(crate) struct Row<'a> {
    pub(crate) name: &'static str,
    /// The shortest time of one call so far, in nanoseconds.
    pub(crate) best: f64,
    turns: u32,
    run: Box<dyn Fn(u32) + 'a>,
}

/// A row that calls `body`.
pub(crate) fn row<'a, R>(name: &'static str, body: impl Fn() -> R + 'a) -> Row<'a> {
    Row { name, best: f64::INFINITY, turns: 1, run: Box::new(move |turns| repeat(turns, &body)) }
}

/// Runs each row in turn, `rounds` times, and keeps their shortest times.
pub(crate) fn take_turns(rows: &mut [Row<'_>], rounds: usize) {
    for row in &mut *rows {
        row.turns = turns_for(&row.run);
    }
    for _ in 0..rounds {
        for row in &mut *rows {
            let start = Instant::now();
            (row.run)(row.turns);
            row.best = row.best.min(each(start.elapsed(), row.turns));
        }
    }
}

/// The shortest time of one call of `body` on one thread, and on the slower of two that start together.
///
/// `None` if the two never ran side by side.
pub(crate) fn one_and_two_threads<R>(body: impl Fn() -> R + Sync, rounds: usize) -> Option<(f64, f64)> {
    let turns = turns_for(&|turns| repeat(turns, &body));
    let arrived = AtomicUsize::new(0);
    let measure = |alone: bool| {
        let mut rounds_of_two = Vec::with_capacity(rounds);
        let mut best_alone = f64::INFINITY;
        for round in 0..rounds {
            if alone {
                let start = Instant::now();
                repeat(turns, &body);
                best_alone = best_alone.min(each(start.elapsed(), turns));
            }
            meet(&arrived, 2 * (round + 1));
            let start = Instant::now();
            repeat(turns, &body);
            rounds_of_two.push((start, Instant::now()));
        }
        (best_alone, rounds_of_two)
    };
    let ((one, first), (_, second)) = std::thread::scope(|scope| {
        let other = scope.spawn(|| measure(false));
        let this = measure(true);
        (this, other.join().expect("the measured path does not panic"))
    });
    let two = first
        .into_iter()
        .zip(second)
        .filter_map(|(a, b)| {
            let slower = (a.1 - a.0).max(b.1 - b.0);
            let together = a.1.min(b.1).saturating_duration_since(a.0.max(b.0));
            (together.as_nanos() * 10 >= slower.as_nanos() * 9).then(|| each(slower, turns))
        })
        .min_by(f64::total_cmp)?;
    Some((one, two))
}

/// Waits, without sleeping, until `arrived` has counted to `all`: woken threads would start too far apart.
fn meet(arrived: &AtomicUsize, all: usize) {
    arrived.fetch_add(1, Ordering::AcqRel);
    let mut spins = 0u32;
    while arrived.load(Ordering::Acquire) < all {
        spins += 1;
        if spins % 10_000 == 0 { std::thread::yield_now() } else { spin_loop() }
    }
}

/// How many turns fill a round.
fn turns_for(run: &impl Fn(u32)) -> u32 {
    let mut turns = 1;
    loop {
        let start = Instant::now();
        run(turns);
        if start.elapsed() >= ROUND || turns >= 1 << 20 {
            return turns;
        }
        turns += turns.div_ceil(4);
    }
}

fn each(passed: Duration, turns: u32) -> f64 {
    passed.as_nanos() as f64 / (f64::from(turns) * f64::from(UNROLLED))
}

#[inline(always)]
fn repeat<R>(turns: u32, body: &impl Fn() -> R) {
    for _ in 0..turns {
        black_box(body());
        black_box(body());
        black_box(body());
        black_box(body());
        black_box(body());
        black_box(body());
        black_box(body());
        black_box(body());
    }
}
