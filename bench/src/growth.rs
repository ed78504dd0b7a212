//! What a call costs after many others, where a breaker looks back over time.

use std::time::{Duration, Instant};

use crate::rounds::each;
use crate::subject::Subject;

/// How many calls came before.
pub(crate) const SIZES: [usize; 4] = [10, 1_000, 100_000, 1_000_000];

/// So few that they hardly add to those before, so many that the timer does not matter.
const MEASURED: u32 = 32;

/// A breaker that is asked what it costs after many calls.
pub(crate) struct Growth {
    pub(crate) name: &'static str,
    /// Nanoseconds of a call that works, after each of `SIZES`; `None` where it would take too long to get there.
    pub(crate) times: [Option<f64>; SIZES.len()],
    most: usize,
    run: Box<dyn Fn(usize, Duration) -> f64>,
}

impl Growth {
    /// `make` makes one; more than `most` calls would take too long.
    pub(crate) fn new<S: Subject>(name: &'static str, most: usize, make: impl Fn() -> S + 'static) -> Self {
        let run = move |size, time| shortest(&make, size, time);
        Self { name, times: [None; SIZES.len()], most, run: Box::new(run) }
    }

    /// Measures for about `time` at each size up to `most`; at least once.
    pub(crate) fn measure(&mut self, time: Duration, most: usize) {
        for (result, size) in self.times.iter_mut().zip(SIZES) {
            *result = (size <= most.min(self.most)).then(|| (self.run)(size, time));
        }
    }
}

fn shortest<S: Subject>(make: &impl Fn() -> S, size: usize, time: Duration) -> f64 {
    let mut best = f64::INFINITY;
    let begin = Instant::now();
    while best.is_infinite() || begin.elapsed() < time {
        let mut subject = make();
        for _ in 0..size {
            subject.call_ok();
        }
        // A few rounds where there are many before: so that it stays about that many.
        for _ in 0..(size / 1_000).clamp(1, 100) {
            let start = Instant::now();
            let mut answer = true;
            for _ in 0..MEASURED {
                answer &= std::hint::black_box(subject.call_ok());
            }
            best = best.min(each(start.elapsed(), MEASURED, 1));
            assert!(answer, "calls that work do not open it");
        }
    }
    best
}
