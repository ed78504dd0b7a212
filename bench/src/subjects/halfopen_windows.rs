//! `halfopen` with windows, called by permits.

use std::sync::Arc;
use std::time::Duration;

use halfopen::rules::{Checked, CountWindow, Rule, TimeWindow};
use halfopen::{CircuitBreaker, Clock, Config, SystemClock};

use super::halfopen::{Ahead, MILLISECOND, Permits};
use crate::candidate::{Candidate, Cycle, Facts, Side, Window};
use crate::growth::Growth;
use crate::heap;
use crate::subject::{DAY, works};

/// The names of those that a bar is about.
pub(crate) const COUNT: &str = "halfopen, count window 64";
pub(crate) const TIME: &str = "halfopen, time window 10 s in 10";

type Breaker<C, R> = CircuitBreaker<C, (), &'static str, R>;

fn windowed<C: Clock, R: Rule>(rule: Checked<R>, clock: C) -> Permits<C, R> {
    Permits(Arc::new(CircuitBreaker::with_rule("bench", rule, clock, ())))
}

fn half_of_ten_or_more() -> Config {
    Config::new().failure_rate_threshold(50).minimum_calls(10)
}

fn over_ten_seconds() -> Config {
    half_of_ten_or_more().sliding_window(Duration::from_secs(10))
}

pub(super) fn candidates() -> Vec<Candidate> {
    let count = |name, counts| facts(name, counts, "none");
    vec![
        candidate(
            count(COUNT, "half of the latest 64 calls, of 10 or more"),
            half_of_ten_or_more(),
            CountWindow::<64>::with,
        ),
        candidate(
            count("halfopen, count window 1,024", "half of the latest 1,024 calls, of 10 or more"),
            half_of_ten_or_more(),
            CountWindow::<1_024>::with,
        ),
        candidate(
            facts(TIME, "half of the calls in 10 s, of 10 or more, in 10 buckets", "1"),
            over_ten_seconds(),
            TimeWindow::<10>::with,
        ),
    ]
}

fn facts(name: &'static str, counts: &'static str, clock: &'static str) -> Facts {
    Facts { name, side: Side::Ours, window: Window::Slides, counts, clock: (clock, "1"), shares: "atomic words" }
}

fn candidate<R: Rule + 'static>(facts: Facts, config: Config, rule: fn(Config) -> Checked<R>) -> Candidate
where
    Breaker<SystemClock, R>: Send + Sync,
    Breaker<Ahead, R>: Send + Sync,
{
    let clock = Ahead::default();
    let for_cycle = clock.clone();
    let bytes = heap::bytes(
        || CircuitBreaker::with_rule("bench", rule(config), SystemClock, ()),
        |breaker| _ = breaker.call(works),
    );
    Candidate::shared(
        facts,
        bytes,
        |wait| windowed(rule(config.recovery_timeout(wait)), SystemClock),
        Cycle {
            make: |wait| windowed(rule(config.minimum_calls(1).recovery_timeout(wait)), for_cycle.clone()),
            failures: 1,
            successes: 1,
            wait: MILLISECOND,
            pass: move || clock.put_forward(),
        },
    )
}

pub(super) fn growth() -> Growth {
    Growth::new(TIME, usize::MAX, || {
        windowed(TimeWindow::<10>::with(over_ten_seconds().recovery_timeout(DAY)), SystemClock)
    })
}
