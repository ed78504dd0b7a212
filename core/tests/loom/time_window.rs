//! A window over time, into which threads record at once. The clock stands at 1,000 ms; a window is two buckets of 10 ms.

use std::time::Duration;

use halfopen::rules::TimeWindow;
use halfopen::{CircuitState, Config, ManualClock, Outcome, Receipt};
use loom::sync::Arc;

use super::{RECOVERY, bounded, by_rule, narrowly, path, spawn};

type Breaker = super::Breaker<TimeWindow<2>>;

const BUCKET: Duration = Duration::from_millis(10);

fn breaker(rate: u32, minimum: u32) -> (Arc<Breaker>, &'static ManualClock) {
    let config = Config::new().sliding_window(2 * BUCKET).recovery_timeout(RECOVERY);
    by_rule(TimeWindow::<2>::with(config.failure_rate_threshold(rate).minimum_calls(minimum)))
}

fn record(breaker: &Breaker, calls: &str) {
    for call in calls.bytes() {
        let receipt = if call == b's' { breaker.record_success() } else { breaker.record_failure() };
        assert_eq!(receipt, Receipt::Recorded);
    }
}

/// Records so many calls more that the circuit opens, and gives what the window held then.
fn opened(breaker: &Breaker) -> (u32, u32) {
    while breaker.state() == CircuitState::Closed {
        breaker.record_failure();
    }
    let told = breaker.observer().0.lock().unwrap()[0].tally.unwrap();
    (told.calls, told.failures)
}

#[test]
fn calls_that_are_recorded_at_once_are_all_in_the_window() {
    narrowly(|| {
        let (breaker, _) = breaker(80, 10);
        let others = [spawn(&breaker, |b| record(b, "f")), spawn(&breaker, |b| record(b, "s"))];
        record(&breaker, "f");
        others.into_iter().for_each(|other| other.join().unwrap());
        assert_eq!(breaker.failure_count(), 2);
        assert_eq!(opened(&breaker), (10, 9));
    });
}

#[test]
fn calls_that_turn_to_the_next_bucket_at_once_are_all_in_it_and_nothing_of_the_one_before_is_lost() {
    bounded(|| {
        let (breaker, clock) = breaker(80, 10);
        record(&breaker, "fsf");
        clock.advance(BUCKET);
        let other = spawn(&breaker, |breaker| record(breaker, "fs"));
        record(&breaker, "f");
        other.join().unwrap();
        assert_eq!(breaker.failure_count(), 4);
        assert_eq!(opened(&breaker), (10, 8));
    });
}

#[test]
fn calls_that_turn_to_a_bucket_that_was_used_before_leave_nothing_of_then_in_it() {
    bounded(|| {
        let (breaker, clock) = breaker(80, 10);
        record(&breaker, "ff");
        clock.advance(BUCKET);
        record(&breaker, "f");
        clock.advance(BUCKET);
        let other = spawn(&breaker, |breaker| record(breaker, "f"));
        record(&breaker, "s");
        other.join().unwrap();
        assert_eq!(breaker.failure_count(), 2);
        assert_eq!(opened(&breaker), (10, 9));
    });
}

#[test]
fn the_failure_that_reaches_the_rate_opens_once_whoever_it_is() {
    for turns in [false, true] {
        bounded(move || {
            let (breaker, clock) = breaker(60, 3);
            record(&breaker, "s");
            if turns {
                clock.advance(BUCKET);
            }
            let other = spawn(&breaker, |breaker| record(breaker, "f"));
            record(&breaker, "f");
            other.join().unwrap();
            assert_eq!(path(&breaker), "closed open");
            assert_eq!(opened(&breaker), (3, 2));
        });
    }
}

#[test]
fn two_failures_on_the_two_sides_of_a_turn_open_whoever_is_last() {
    bounded(|| {
        let (breaker, clock) = breaker(60, 3);
        record(&breaker, "s");
        let other = spawn(&breaker, |breaker| record(breaker, "f"));
        clock.advance(BUCKET);
        record(&breaker, "f");
        other.join().unwrap();
        assert_eq!(path(&breaker), "closed open");
    });
}

#[test]
fn a_success_that_is_the_last_of_the_minimum_opens_although_the_failure_comes_at_the_same_time() {
    for turns in [false, true] {
        bounded(move || {
            let (breaker, clock) = breaker(50, 2);
            let other = spawn(&breaker, |breaker| record(breaker, "f"));
            if turns {
                clock.advance(BUCKET);
            }
            record(&breaker, "s");
            other.join().unwrap();
            assert_eq!(path(&breaker), "closed open");
        });
    }
}

#[test]
fn a_turn_that_meets_a_count_brings_nothing_back_that_was_forgotten() {
    bounded(|| {
        let (breaker, clock) = breaker(50, 5);
        record(&breaker, "ffff");
        clock.advance(100 * BUCKET);
        record(&breaker, "sss");
        let other = spawn(&breaker, |breaker| record(breaker, "f"));
        clock.advance(BUCKET);
        record(&breaker, "s");
        other.join().unwrap();
        // One failure among the last five calls, and the four before are long forgotten.
        assert_eq!(path(&breaker), "closed");
    });
}

#[test]
fn a_turn_that_meets_a_count_leaves_no_failure_without_its_call() {
    bounded(|| {
        let (breaker, clock) = breaker(60, 2);
        record(&breaker, "sssf");
        clock.advance(BUCKET);
        record(&breaker, "s");
        let other = spawn(&breaker, |breaker| record(breaker, "f"));
        clock.advance(BUCKET);
        record(&breaker, "s");
        other.join().unwrap();
        // With the first bucket two of six or seven; without it one of two or three.
        assert_eq!(path(&breaker), "closed");
    });
}

#[test]
fn a_failure_whose_thread_was_stopped_counts_nothing_that_is_forgotten_by_now() {
    bounded(|| {
        let (breaker, clock) = breaker(60, 3);
        record(&breaker, "f");
        let other = spawn(&breaker, |breaker| record(breaker, "f"));
        clock.advance(2 * BUCKET);
        record(&breaker, "s");
        other.join().unwrap();
        // The other's failure is of then or of now: one or two failures then, or one of two now.
        assert_eq!(path(&breaker), "closed");
    });
}

#[test]
fn a_call_is_kept_although_a_thread_that_was_stopped_begins_its_bucket() {
    bounded(|| {
        let (breaker, clock) = breaker(100, 10);
        record(&breaker, "s");
        clock.advance(BUCKET);
        let other = spawn(&breaker, |breaker| record(breaker, "s"));
        clock.advance(5 * BUCKET);
        record(&breaker, "f");
        other.join().unwrap();
        assert_eq!(breaker.failure_count(), 1);
        record(&breaker, "s");
        assert_eq!(breaker.failure_count(), 1);
    });
}

#[test]
fn a_failure_that_comes_late_hides_no_newer_one_from_the_last_of_the_minimum() {
    bounded(|| {
        let (breaker, clock) = breaker(30, 3);
        record(&breaker, "s");
        let other = spawn(&breaker, |breaker| _ = breaker.record_failure());
        clock.advance(3 * BUCKET);
        for fails in [true, false, false] {
            _ = if fails { breaker.record_failure() } else { breaker.record_success() };
        }
        other.join().unwrap();
        // A failure and two successes of now, whatever there was before.
        assert_eq!(path(&breaker), "closed open");
    });
}

#[test]
fn no_failure_is_counted_without_its_call() {
    bounded(|| {
        let (breaker, _) = breaker(45, 1);
        record(&breaker, "sss");
        let other = spawn(&breaker, |breaker| record(breaker, "f"));
        record(&breaker, "f");
        other.join().unwrap();
        // Two of five at the end, one of four before: two of four would be one call too few.
        assert_eq!(path(&breaker), "closed");
    });
}

#[test]
fn a_record_of_an_old_permit_never_gets_into_the_window_of_a_new_generation() {
    bounded(|| {
        let (breaker, _) = breaker(100, 4);
        record(&breaker, "sf");
        let old = breaker.acquire_ticket().unwrap();
        let other = spawn(&breaker, move |breaker| breaker.settle_ticket(old, Outcome::Failure));
        // A reset of a CLOSED circuit begins no generation.
        breaker.trip();
        breaker.reset();
        record(&breaker, "f");
        assert!(matches!(other.join().unwrap(), Receipt::Recorded | Receipt::Stale));
        assert_eq!((breaker.state(), breaker.failure_count()), (CircuitState::Closed, 1));
    });
}

#[test]
fn a_reset_empties_the_window_before_or_after_a_record_and_loses_none_that_comes_after() {
    bounded(|| {
        let (breaker, _) = breaker(100, 5);
        record(&breaker, "sf");
        let other = spawn(&breaker, |breaker| record(breaker, "f"));
        breaker.reset();
        record(&breaker, "f");
        other.join().unwrap();
        assert!((1..=2).contains(&breaker.failure_count()));
    });
}

#[test]
fn the_first_calls_of_a_new_generation_are_all_in_its_window() {
    bounded(|| {
        let (breaker, _) = breaker(100, 4);
        record(&breaker, "fs");
        breaker.reset();
        let other = spawn(&breaker, |breaker| record(breaker, "fs"));
        record(&breaker, "f");
        other.join().unwrap();
        assert_eq!(breaker.failure_count(), 2);
    });
}

#[test]
fn a_clock_that_goes_back_while_two_threads_record_loses_none_of_their_calls() {
    bounded(|| {
        let (breaker, clock) = breaker(100, 10);
        record(&breaker, "f");
        let other = spawn(&breaker, |breaker| record(breaker, "f"));
        clock.set(halfopen::Timestamp::from_millis(995));
        record(&breaker, "f");
        other.join().unwrap();
        assert_eq!(breaker.failure_count(), 3);
    });
}
