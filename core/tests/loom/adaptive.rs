//! The way back that adapts: growing times, a server's wish, a ramp-up, raced for.

use std::time::Duration;

use halfopen::rules::{Adaptive, Consecutive};
use halfopen::{CircuitState, Config, ManualClock, Outcome, Receipt};
use loom::sync::Arc;

use super::{RECOVERY, bounded, by_rule, narrowly, path, spawn};

type Rule = Adaptive<Consecutive>;
type Breaker = super::Breaker<Rule>;

/// OPEN after one failure for 100 ms, then for 200, 400 and 800.
fn growing() -> Config {
    Config::new()
        .failure_threshold(1)
        .recovery_timeout(RECOVERY)
        .recovery_multiplier_percent(200)
        .max_recovery_timeout(8 * RECOVERY)
}

/// An OPEN breaker whose timeout has just passed.
fn lapsed(config: Config) -> (Arc<Breaker>, &'static ManualClock) {
    let (breaker, clock) = by_rule(Rule::with(config));
    breaker.record_failure();
    clock.advance(RECOVERY);
    (breaker, clock)
}

#[test]
fn two_probes_that_fail_at_once_are_one_reopening() {
    bounded(|| {
        let (breaker, _) = lapsed(growing().half_open_max_calls(2));
        let (one, two) = (breaker.acquire_ticket().unwrap(), breaker.acquire_ticket().unwrap());
        let other = spawn(&breaker, move |breaker| breaker.settle_ticket(one, Outcome::Failure));
        let here = breaker.settle_ticket(two, Outcome::Failure);
        let both = [here, other.join().unwrap()];
        assert!(both.contains(&Receipt::Recorded) && both.contains(&Receipt::Stale), "{both:?}");
        assert_eq!((breaker.reopenings(), breaker.retry_after()), (1, Some(2 * RECOVERY)));
        assert_eq!(path(&breaker), "closed open half_open open");
    });
}

#[test]
fn a_probe_that_fails_beside_one_that_succeeds_counts_no_reopening_too_many() {
    bounded(|| {
        let (breaker, clock) = lapsed(growing().half_open_max_calls(2));
        let (one, two) = (breaker.acquire_ticket().unwrap(), breaker.acquire_ticket().unwrap());
        let other = spawn(&breaker, move |breaker| breaker.settle_ticket(one, Outcome::Failure));
        let closed = breaker.settle_ticket(two, Outcome::Success) == Receipt::Recorded;
        let opened = other.join().unwrap() == Receipt::Recorded;
        assert!(closed ^ opened);
        if closed {
            assert_eq!((breaker.state(), breaker.reopenings()), (CircuitState::Closed, 0));
            breaker.record_failure();
            assert_eq!((breaker.reopenings(), breaker.retry_after()), (0, Some(RECOVERY)));
            clock.advance(RECOVERY);
            assert!(breaker.try_acquire().is_ok_and(|permit| permit.is_probe()));
        }
    });
}

#[test]
fn a_failure_from_before_the_opening_does_not_take_its_reopenings_back() {
    bounded(|| {
        let (breaker, clock) = by_rule(Rule::with(growing()));
        let (one, two) = (breaker.acquire_ticket().unwrap(), breaker.acquire_ticket().unwrap());
        let other = spawn(&breaker, move |breaker| breaker.settle_ticket(one, Outcome::Failure));
        breaker.settle_ticket(two, Outcome::Failure);
        clock.advance(RECOVERY);
        let probe = breaker.acquire_ticket();
        let reopened = probe.is_ok_and(|probe| breaker.settle_ticket(probe, Outcome::Failure) == Receipt::Recorded);
        other.join().unwrap();
        if reopened {
            assert_eq!((breaker.reopenings(), breaker.retry_after()), (1, Some(2 * RECOVERY)));
        }
    });
}

#[test]
fn a_thread_that_is_stopped_while_it_opens_leaves_its_length_to_no_later_opening() {
    narrowly(|| {
        let (breaker, clock) = by_rule(Rule::with(growing()));
        let (one, two) = (breaker.acquire_ticket().unwrap(), breaker.acquire_ticket().unwrap());
        let other = spawn(&breaker, move |breaker| breaker.settle_ticket(one, Outcome::Failure));
        breaker.settle_ticket(two, Outcome::Failure);
        probe(&breaker, clock, Outcome::Failure);
        probe(&breaker, clock, Outcome::Success);
        breaker.record_failure();
        probe(&breaker, clock, Outcome::Failure);
        other.join().unwrap();
        assert_eq!((breaker.reopenings(), breaker.retry_after()), (1, Some(2 * RECOVERY)));
        assert_eq!(path(&breaker), "closed open half_open open half_open closed open half_open open");
    });
}

/// Waits for a probe, longer where the other thread has made the time of the opening a newer one, and ends it so.
fn probe(breaker: &Breaker, clock: &ManualClock, outcome: Outcome) {
    let probe = loop {
        match breaker.acquire_ticket() {
            Ok(probe) => break probe,
            Err(refusal) => clock.advance(refusal.retry_after().unwrap()),
        }
    };
    assert_eq!(breaker.settle_ticket(probe, outcome), Receipt::Recorded);
}

#[test]
fn a_reopening_that_is_given_up_because_a_request_takes_the_probe_over_is_not_counted() {
    bounded(|| {
        let lease = 3 * RECOVERY;
        let (breaker, clock) = lapsed(growing().probe_timeout(lease));
        let lost = breaker.acquire_ticket().unwrap();
        clock.advance(lease);
        let other = spawn(&breaker, move |breaker| breaker.settle_ticket(lost, Outcome::Failure));
        let probe = breaker.acquire_ticket();
        let failed = probe.map(|probe| breaker.settle_ticket(probe, Outcome::Failure));
        let taken_over = other.join().unwrap() == Receipt::Expired;
        assert_eq!(failed, if taken_over { Ok(Receipt::Recorded) } else { failed });
        // Whoever it was, it was one.
        assert_eq!((breaker.reopenings(), breaker.retry_after()), (1, Some(2 * RECOVERY)));
        assert_eq!(breaker.state(), CircuitState::Open);
    });
}

#[test]
fn a_probe_that_fails_in_time_counts_whatever_a_request_asks_meanwhile() {
    bounded(|| {
        let (breaker, _) = lapsed(growing());
        let probe = breaker.acquire_ticket().unwrap();
        let other = spawn(&breaker, move |breaker| breaker.settle_ticket(probe, Outcome::Failure));
        assert!(!breaker.allow_request(), "a second probe beside one whose lease is not over");
        assert_eq!(other.join().unwrap(), Receipt::Recorded);
        assert_eq!((breaker.reopenings(), breaker.retry_after()), (1, Some(2 * RECOVERY)));
        assert_eq!(path(&breaker), "closed open half_open open");
    });
}

#[test]
fn a_wish_to_stay_open_holds_a_probe_back_or_comes_after_it() {
    bounded(|| {
        let (breaker, clock) = by_rule(Rule::with(growing()));
        breaker.record_failure();
        let other = spawn(&breaker, |breaker| breaker.hold_open(3 * RECOVERY));
        clock.advance(RECOVERY);
        let admitted = breaker.allow_request();
        other.join().unwrap();
        if admitted {
            assert_eq!(path(&breaker), "closed open half_open");
            assert_eq!((breaker.state(), breaker.retry_after()), (CircuitState::HalfOpen, Some(RECOVERY)));
        } else {
            assert_eq!(path(&breaker), "closed open");
            // It was asked for before the clock went on, or after.
            let left = breaker.retry_after().unwrap();
            assert!(left == 2 * RECOVERY || left == 3 * RECOVERY, "{left:?}");
        }
    });
}

#[test]
fn a_wish_to_stay_open_that_comes_late_is_not_measured_by_another_opening() {
    // Shorter than the opening that follows, and longer.
    for (wish, waits) in [(3 * RECOVERY / 2, vec![2 * RECOVERY]), (3 * RECOVERY, vec![2 * RECOVERY, 3 * RECOVERY])] {
        bounded(move || {
            let (breaker, clock) = by_rule(Rule::with(growing()));
            breaker.record_failure();
            clock.advance(RECOVERY / 2);
            let other = spawn(&breaker, move |breaker| breaker.hold_open(wish));
            clock.advance(RECOVERY / 2);
            let probe = breaker.acquire_ticket();
            let reopened = probe.is_ok_and(|probe| breaker.settle_ticket(probe, Outcome::Failure) == Receipt::Recorded);
            other.join().unwrap();
            if reopened {
                let wait = breaker.retry_after().unwrap();
                assert!(waits.contains(&wait), "{wait:?}");
            }
        });
    }
}

#[test]
fn a_wish_to_stay_open_is_not_taken_back_by_a_thread_that_is_stopped_while_it_opens() {
    bounded(|| {
        let (breaker, _) = by_rule(Rule::with(growing()));
        let (one, two) = (breaker.acquire_ticket().unwrap(), breaker.acquire_ticket().unwrap());
        let other = spawn(&breaker, move |breaker| breaker.settle_ticket(one, Outcome::Failure));
        breaker.settle_ticket(two, Outcome::Failure);
        breaker.hold_open(3 * RECOVERY);
        other.join().unwrap();
        assert_eq!((breaker.reopenings(), breaker.retry_after()), (0, Some(3 * RECOVERY)));
    });
}

#[test]
fn two_wishes_to_stay_open_leave_the_longer_one() {
    bounded(|| {
        let (breaker, _) = by_rule(Rule::with(growing()));
        breaker.record_failure();
        let other = spawn(&breaker, |breaker| breaker.hold_open(3 * RECOVERY));
        breaker.hold_open(5 * RECOVERY);
        other.join().unwrap();
        assert_eq!(breaker.retry_after(), Some(5 * RECOVERY));
    });
}

/// CLOSED again just now, with a ramp of 100 ms before it.
fn ramping() -> (Arc<Breaker>, &'static ManualClock) {
    let config = growing().failure_threshold(2).ramp_up(RECOVERY).ramp_up_from_percent(1);
    let (breaker, clock) = by_rule(Rule::with(config));
    breaker.trip();
    clock.advance(RECOVERY);
    breaker.try_acquire().unwrap().success();
    assert_eq!(breaker.state(), CircuitState::Closed);
    (breaker, clock)
}

#[test]
fn after_a_ramp_up_everything_is_let_through_whoever_notices_its_end() {
    bounded(|| {
        let (breaker, clock) = ramping();
        clock.advance(RECOVERY);
        let other = spawn(&breaker, |breaker| breaker.allow_request());
        let failed = spawn(&breaker, |breaker| breaker.record_failure());
        assert!(breaker.allow_request());
        assert!(other.join().unwrap());
        assert_eq!(failed.join().unwrap(), Receipt::Recorded);
        assert_eq!((breaker.state(), breaker.failure_count()), (CircuitState::Closed, 1));
    });
}

#[test]
fn an_opening_that_does_not_come_to_be_lets_no_ramp_up_end_early() {
    bounded(|| {
        let (breaker, _) = ramping();
        breaker.record_failure();
        // The second failure opens, unless the success is first.
        let other = spawn(&breaker, |breaker| breaker.record_failure());
        breaker.record_success();
        other.join().unwrap();
        if breaker.state() == CircuitState::Closed {
            let let_through = (0..12).filter(|_| breaker.allow_request()).count();
            assert!(let_through < 8, "{let_through} of 12 although the ramp has just begun");
        }
    });
}

#[test]
fn a_time_open_is_never_shorter_than_it_was_asked_for() {
    bounded(|| {
        let (breaker, _) = by_rule(Rule::with(growing()));
        let other = spawn(&breaker, |breaker| breaker.record_failure());
        if breaker.try_acquire().is_ok_and(|permit| permit.is_probe()) {
            panic!("let through as a probe although the circuit has just opened");
        }
        other.join().unwrap();
        assert_eq!(breaker.retry_after(), Some(Duration::from_millis(100)));
    });
}
