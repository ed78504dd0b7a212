//! Two threads that run the same function on one thing at the same time.
//!
//! A figure here is the middle one of many rounds, not the shortest: how two threads meet differs from round to round,
//! and that is what is measured, not a disturbance. Rounds in which they did not run side by side do not count.

use std::hint::{black_box, spin_loop};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use crate::rounds::Body;

/// What two threads do, and where to put how long it took.
pub(crate) struct Pair<'a> {
    pub(crate) bodies: &'a mut [Body; 2],
    pub(crate) turns: u32,
    pub(crate) calls: u32,
    /// In how many of the rounds it takes part: in each, with 1.
    pub(crate) one_in: usize,
    pub(crate) times: &'a mut Option<Times>,
}

/// Nanoseconds of a call.
#[derive(Clone, Copy)]
pub(crate) struct Times {
    /// Of one thread, in between the rounds of two: what `two` is to be compared with.
    pub(crate) one: f64,
    /// Of the slower of two threads that start together.
    pub(crate) two: f64,
    /// In how many of a hundred rounds they ran side by side.
    pub(crate) percent: usize,
}

/// When a round of one thread began and ended, in nanoseconds since both threads began.
type Span = (u64, u64);

/// What one thread saw of one pair.
struct Side {
    /// Nanoseconds of its rounds alone.
    alone: Vec<u64>,
    together: Vec<Span>,
}

/// Runs each pair in turn, `rounds` times.
pub(crate) fn take_turns(pairs: Vec<Pair<'_>>, rounds: usize) {
    if std::thread::available_parallelism().map_or(1, usize::from) < 2 {
        return;
    }
    let (mut here, mut there, mut results) = (Vec::new(), Vec::new(), Vec::new());
    for pair in pairs {
        let [first, second] = pair.bodies;
        here.push((first, pair.turns, pair.one_in));
        there.push((second, pair.turns, pair.one_in));
        results.push((pair.times, f64::from(pair.turns) * f64::from(pair.calls)));
    }
    let (arrived, origin) = (AtomicUsize::new(0), Instant::now());
    let (first, second) = std::thread::scope(|scope| {
        let other = scope.spawn(|| run_side(there, rounds, &arrived, origin, false));
        let this = run_side(here, rounds, &arrived, origin, true);
        (this, other.join().expect("the measured path does not panic"))
    });
    for ((times, calls), (first, second)) in results.into_iter().zip(first.into_iter().zip(second)) {
        let spans = first.together.iter().zip(&second.together);
        let together: Vec<u64> = spans.filter_map(|(a, b)| side_by_side(*a, *b)).collect();
        let percent = together.len() * 100 / first.together.len().max(1);
        let both = middle(first.alone).zip(middle(together));
        *times = both.map(|(one, two)| Times { one: one as f64 / calls, two: two as f64 / calls, percent });
    }
}

/// One thread's part: alone, if it is the one that does that, then with the other.
fn run_side(
    mut bodies: Vec<(&mut Body, u32, usize)>,
    rounds: usize,
    arrived: &AtomicUsize,
    origin: Instant,
    goes_alone: bool,
) -> Vec<Side> {
    let nanos = || origin.elapsed().as_nanos() as u64;
    let timed = |body: &mut Body, turns| {
        let start = nanos();
        black_box(body(turns));
        (start, nanos())
    };
    let mut sides: Vec<Side> = bodies
        .iter()
        .map(|_| Side { alone: Vec::with_capacity(rounds), together: Vec::with_capacity(rounds) })
        .collect();
    let mut arrivals = 0;
    for round in 0..rounds {
        for ((body, turns, _), side) in
            bodies.iter_mut().zip(&mut sides).filter(|((.., one_in), _)| round % one_in == 0)
        {
            if goes_alone {
                let (start, end) = timed(body, *turns);
                side.alone.push(end - start);
            }
            arrivals += 2;
            meet(arrived, arrivals);
            side.together.push(timed(body, *turns));
            // Nobody goes on alone while the other is still in the round.
            arrivals += 2;
            meet(arrived, arrivals);
        }
    }
    sides
}

fn middle(mut times: Vec<u64>) -> Option<u64> {
    times.sort_unstable();
    times.get(times.len() / 2).copied()
}

/// How long the slower took, if nine tenths of that were spent with the other.
fn side_by_side(a: Span, b: Span) -> Option<u64> {
    let slower = (a.1 - a.0).max(b.1 - b.0);
    let together = a.1.min(b.1).saturating_sub(a.0.max(b.0));
    (together * 10 >= slower * 9).then_some(slower)
}

/// Waits, without sleeping, until `arrived` has counted to `all`: woken threads would start too far apart.
fn meet(arrived: &AtomicUsize, all: usize) {
    arrived.fetch_add(1, Ordering::AcqRel);
    let mut spins = 0u32;
    while arrived.load(Ordering::Acquire) < all {
        spins += 1;
        if spins.is_multiple_of(10_000) { std::thread::yield_now() } else { spin_loop() }
    }
}
