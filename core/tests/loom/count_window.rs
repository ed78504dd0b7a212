//! A window over calls, into which threads record at once. A word holds two calls under loom.

use halfopen::rules::CountWindow;
use halfopen::{CircuitState, Config, Outcome, Receipt};
use loom::sync::Arc;

use super::orders::traces;
use super::{RECOVERY, bounded, bounded_once, by_rule, narrowly, path, spawn};

type Breaker = super::Breaker<CountWindow<6>>;

fn config(size: usize) -> Config {
    Config::new().sliding_window_size(size as u32).recovery_timeout(RECOVERY)
}

fn record(breaker: &Breaker, calls: &str) {
    for call in calls.bytes() {
        _ = if call == b's' { breaker.record_success() } else { breaker.record_failure() };
    }
}

/// The threads record their calls at once, this one those of the last.
fn all_at_once(breaker: &Arc<Breaker>, threads: &[&'static str]) {
    let (here, others) = threads.split_last().unwrap();
    let others: Vec<_> = others
        .iter()
        .map(|calls| {
            let calls = *calls;
            spawn(breaker, move |breaker| record(breaker, calls))
        })
        .collect();
    record(breaker, here);
    others.into_iter().for_each(|other| other.join().unwrap());
}

fn explore(threads: usize, model: impl Fn() + Sync + Send + 'static) {
    if threads > 2 { narrowly(model) } else { bounded(model) }
}

/// After `past`, the threads record their calls at once, and the window must hold what it holds after one of their orders,
/// failure by failure at its place. It never fills with failures, and so the circuit stays CLOSED.
fn race(size: usize, past: &'static str, threads: &[&'static str]) {
    let expected = traces(past, threads, size);
    let threads = threads.to_vec();
    explore(threads.len(), move || {
        let rule = config(size).failure_rate_threshold(100).minimum_calls(size as u32);
        let (breaker, _) = by_rule(CountWindow::<6>::with(rule));
        record(&breaker, past);
        all_at_once(&breaker, &threads);
        let mut trace = vec![usize::from(breaker.failure_count())];
        for _ in 0..size {
            breaker.record_success();
            trace.push(breaker.failure_count().into());
        }
        assert!(expected.contains(&trace), "{trace:?} is none of {expected:?}");
        assert_eq!(path(&breaker), "closed");
    });
}

#[test]
fn two_calls_that_are_recorded_at_once_are_both_in_the_window_wherever_a_word_ends() {
    for past in ["", "s", "sf", "sfs"] {
        race(5, past, &["f", "f"]);
    }
}

#[test]
fn three_calls_that_are_recorded_at_once_are_all_in_the_window() {
    race(5, "s", &["f", "s", "f"]);
}

#[test]
fn what_slides_out_while_two_threads_record_is_the_oldest() {
    race(3, "fsf", &["s", "f"]);
    race(4, "fsfs", &["sf", "f"]);
    race(4, "sfsfs", &["sf", "f"]);
}

#[test]
fn a_window_that_fills_while_two_threads_record_slides_from_then_on() {
    race(3, "fs", &["s", "fs"]);
    race(4, "fsf", &["sf", "s"]);
}

#[test]
fn a_window_of_one_word_goes_round_in_itself_without_losing_a_call() {
    race(2, "", &["s", "fs"]);
    race(2, "s", &["fs", "s"]);
    race(2, "fs", &["s", "f"]);
    race(1, "s", &["s", "s"]);
}

#[test]
fn a_failure_is_neither_lost_nor_kept_too_long_by_successes_that_find_the_window_clean() {
    for size in [2, 3, 4] {
        race(size, "sssss", &["sss", "f"]);
    }
}

#[test]
fn a_failure_meets_the_success_that_would_mark_the_window_clean() {
    // The next success makes the window good, but for the failure that comes meanwhile.
    race(2, "sfs", &["ss", "f"]);
    race(3, "ssfsss", &["ss", "f"]);
}

/// Exactly one of the calls reaches the threshold, whichever is last, and the circuit opens once with all of them.
fn opens_once(size: usize, rule: Config, past: &'static str, threads: &[&'static str], tally: (u32, u32)) {
    let threads = threads.to_vec();
    explore(threads.len(), move || {
        let (breaker, _) = by_rule(CountWindow::<6>::with(rule.sliding_window_size(size as u32)));
        record(&breaker, past);
        all_at_once(&breaker, &threads);
        assert_eq!(path(&breaker), "closed open");
        let told = breaker.observer().0.lock().unwrap()[0].tally.unwrap();
        assert_eq!((told.calls, told.failures), tally);
        assert!(breaker.last_failure_time().is_some());
    });
}

#[test]
fn a_failure_meets_a_success_that_marks_the_window_clean_and_another_that_finds_it_so() {
    race(2, "sfs", &["s", "ss", "f"]);
}

#[test]
fn the_failure_that_reaches_the_rate_opens_once_whoever_it_is() {
    let rule = config(4).failure_rate_threshold(60).minimum_calls(3);
    opens_once(4, rule, "s", &["f", "f"], (3, 2));
    opens_once(6, rule.minimum_calls(5), "ss", &["f", "f", "f"], (5, 3));
}

#[test]
fn the_call_that_is_the_last_of_the_minimum_opens_once_whatever_it_is() {
    let rule = config(4).failure_rate_threshold(50).minimum_calls(3);
    opens_once(4, rule, "s", &["f", "f"], (3, 2));
    opens_once(4, rule.minimum_calls(4), "ff", &["s", "s"], (4, 2));
    opens_once(3, rule, "f", &["f", "s"], (3, 2));
}

#[test]
fn a_failure_that_fills_a_window_of_one_word_opens_although_a_success_goes_round_meanwhile() {
    // Of two calls one failed, whichever of the three are the last two.
    let rule = config(2).failure_rate_threshold(50).minimum_calls(2);
    opens_once(2, rule, "s", &["f", "s"], (2, 1));
}

#[test]
fn a_count_that_a_success_overtakes_opens_nothing_by_a_rate_that_was_never_reached() {
    bounded_once(|| {
        let rule = config(2).failure_rate_threshold(60).minimum_calls(1);
        let (breaker, _) = by_rule(CountWindow::<6>::with(rule));
        record(&breaker, "s");
        let other = spawn(&breaker, |breaker| record(breaker, "s"));
        record(&breaker, "f");
        other.join().unwrap();
        assert_eq!((path(&breaker).as_str(), breaker.failure_count()), ("closed", 1));
    });
}

#[test]
fn a_record_of_an_old_permit_never_gets_into_the_window_of_a_new_generation() {
    bounded(|| {
        let (breaker, _) = by_rule(CountWindow::<6>::with(config(4).failure_rate_threshold(100).minimum_calls(4)));
        record(&breaker, "sf");
        let old = breaker.acquire_ticket().unwrap();
        let other = spawn(&breaker, move |breaker| breaker.settle_ticket(old, Outcome::Failure));
        breaker.disable();
        breaker.reset();
        record(&breaker, "f");
        assert!(matches!(other.join().unwrap(), Receipt::Recorded | Receipt::Stale | Receipt::Disabled));
        assert_eq!((breaker.state(), breaker.failure_count()), (CircuitState::Closed, 1));
        record(&breaker, "ss");
        assert_eq!(breaker.failure_count(), 1);
    });
}

#[test]
fn a_look_at_a_window_that_begins_sees_nothing_of_the_generation_before() {
    bounded(|| {
        let (breaker, _) = by_rule(CountWindow::<6>::with(config(4).failure_rate_threshold(100).minimum_calls(4)));
        record(&breaker, "sfff");
        breaker.reset();
        let other = spawn(&breaker, |breaker| record(breaker, "s"));
        assert_eq!(breaker.failure_count(), 0);
        other.join().unwrap();
    });
}

#[test]
fn a_record_that_was_on_its_way_gets_into_no_window_of_a_generation_that_has_begun() {
    // The window of the old generation is not full, and so the place it was on its way to is free in the new one.
    bounded(|| {
        let (breaker, _) = by_rule(CountWindow::<6>::with(config(4).failure_rate_threshold(100).minimum_calls(4)));
        record(&breaker, "s");
        let old = breaker.acquire_ticket().unwrap();
        let other = spawn(&breaker, move |breaker| breaker.settle_ticket(old, Outcome::Failure));
        // A reset of a CLOSED circuit alone begins no generation.
        breaker.disable();
        breaker.reset();
        record(&breaker, "s");
        other.join().unwrap();
        assert_eq!(breaker.failure_count(), 0);
    });
}

#[test]
fn the_first_calls_of_a_new_generation_are_all_in_its_window() {
    narrowly(|| {
        let (breaker, _) = by_rule(CountWindow::<6>::with(config(4).failure_rate_threshold(100).minimum_calls(4)));
        record(&breaker, "fss");
        breaker.reset();
        let others = [spawn(&breaker, |breaker| record(breaker, "f")), spawn(&breaker, |breaker| record(breaker, "s"))];
        record(&breaker, "f");
        others.into_iter().for_each(|other| other.join().unwrap());
        assert_eq!(breaker.failure_count(), 2);
        record(&breaker, "f");
        assert_eq!((path(&breaker).as_str(), breaker.failure_count()), ("closed", 3));
    });
}

#[test]
fn a_failure_meets_a_trip_and_is_recorded_before_it_or_stale_after_it() {
    bounded(|| {
        let (breaker, _) = by_rule(CountWindow::<6>::with(config(4).failure_rate_threshold(50).minimum_calls(1)));
        let other = spawn(&breaker, |breaker| breaker.trip());
        let receipt = breaker.record_failure();
        other.join().unwrap();
        assert!(breaker.last_failure_time().is_some(), "{receipt:?}");
        assert_eq!(path(&breaker), "closed open");
    });
}
