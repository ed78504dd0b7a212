//! The state of a circuit, raced for by requests, outcomes and commands.

use std::time::Duration;

use halfopen::{CircuitState, Config, Outcome, Receipt};

use super::{RECOVERY, bounded, breaker, every, lapsed, path, spawn};

#[test]
fn two_requests_never_share_one_probe() {
    every(|| {
        let (breaker, _) = lapsed(Config::new());
        let other = spawn(&breaker, |breaker| breaker.allow_request());
        let here = breaker.allow_request();
        assert!(here ^ other.join().unwrap(), "exactly one is let through");
        assert_eq!(path(&breaker), "closed open half_open");
    });
}

#[test]
fn three_requests_never_take_more_than_the_two_places_there_are() {
    bounded(|| {
        let (breaker, _) = lapsed(Config::new().half_open_max_calls(2));
        let others = [spawn(&breaker, |b| b.allow_request()), spawn(&breaker, |b| b.allow_request())];
        let mut admitted = usize::from(breaker.allow_request());
        for other in others {
            admitted += usize::from(other.join().unwrap());
        }
        // A request that meets the one that begins the round may be refused while that one is on its way.
        assert!((1..=2).contains(&admitted), "{admitted}");
        assert_eq!(path(&breaker), "closed open half_open");
    });
}

#[test]
fn failures_that_come_at_once_are_all_counted_and_open_once() {
    every(|| {
        let (breaker, _) = breaker(Config::new().failure_threshold(3));
        breaker.record_failure();
        let other = spawn(&breaker, |breaker| breaker.record_failure());
        assert_eq!(breaker.record_failure(), Receipt::Recorded);
        assert_eq!(other.join().unwrap(), Receipt::Recorded);
        assert_eq!(breaker.failure_count(), 3);
        assert_eq!(path(&breaker), "closed open");
    });
}

#[test]
fn a_success_and_a_failure_leave_what_one_of_their_orders_leaves() {
    every(|| {
        let (breaker, _) = breaker(Config::new().failure_threshold(5));
        breaker.record_failure();
        let other = spawn(&breaker, |breaker| breaker.record_success());
        breaker.record_failure();
        other.join().unwrap();
        assert!(matches!(breaker.failure_count(), 0 | 1), "{}", breaker.failure_count());
    });
}

#[test]
fn an_outcome_meets_a_transition_and_is_recorded_before_it_or_stale_after_it() {
    every(|| {
        let (breaker, _) = breaker(Config::new().failure_threshold(2));
        let other = spawn(&breaker, |breaker| breaker.trip());
        let receipt = breaker.try_acquire().map(|permit| permit.failure());
        other.join().unwrap();
        match receipt {
            Ok(Receipt::Recorded) => assert_eq!(breaker.failure_count(), 1),
            Ok(Receipt::Stale) => assert_eq!(breaker.failure_count(), 0),
            Ok(receipt) => panic!("{receipt:?}"),
            Err(refused) => assert_eq!(refused.state, CircuitState::Open),
        }
        assert_eq!(path(&breaker), "closed open");
    });
}

#[test]
fn who_sees_the_opening_sees_its_time() {
    every(|| {
        // The clock is far beyond the time 0 of a new state: by that time, OPEN would have lapsed at once.
        let (breaker, _) = breaker(Config::new().failure_threshold(1));
        let other = spawn(&breaker, |breaker| breaker.record_failure());
        if let Ok(permit) = breaker.try_acquire() {
            assert!(!permit.is_probe(), "let through as a probe although the circuit has just opened");
            permit.ignore();
        }
        other.join().unwrap();
        assert_eq!(breaker.retry_after(), Some(RECOVERY));
        assert_eq!(path(&breaker), "closed open");
    });
}

#[test]
fn a_writer_that_is_stopped_between_its_two_words_holds_nobody_for_longer_than_one_timeout() {
    bounded(|| {
        let (breaker, clock) = lapsed(Config::new());
        // Among the schedules are those in which this one rests between its words until the other is done.
        let other = spawn(&breaker, |breaker| breaker.try_acquire().map(|permit| permit.success()));
        let first = breaker.allow_request();
        clock.advance(RECOVERY);
        let second = breaker.allow_request();
        clock.advance(RECOVERY);
        let third = breaker.allow_request();
        // One of the two was let through within one more timeout; and if it was the other, which may be lost for ever,
        // then a third request takes its place one lease later.
        assert!(first || second || other.join().unwrap().is_ok(), "nobody was let through");
        assert!(first || second || third, "refused for longer than a timeout and a lease");
        path(&breaker);
    });
}

#[test]
fn an_opening_that_is_stopped_between_its_words_never_overwrites_a_newer_time() {
    every(|| {
        let (breaker, clock) = breaker(Config::new().failure_threshold(1));
        let ticket = breaker.acquire_ticket().unwrap();
        let other = spawn(&breaker, move |breaker| breaker.settle_ticket(ticket, Outcome::Failure));
        clock.advance(RECOVERY);
        breaker.record_failure();
        other.join().unwrap();
        // Whichever opened it first, this one's came last. By the other's time the wait would be over already.
        assert_eq!(breaker.retry_after(), Some(RECOVERY));
        assert!(path(&breaker).ends_with(" open"));
    });
}

#[test]
fn a_request_that_is_overtaken_between_its_looks_at_the_two_words_prolongs_no_wait() {
    every(|| {
        let (breaker, clock) = lapsed(Config::new());
        let other = spawn(&breaker, |breaker| breaker.allow_request());
        breaker.reset();
        breaker.record_failure();
        clock.advance(RECOVERY);
        // Refused, it came between the failure and the advance: the wait is over, and is not begun anew by it.
        if !other.join().unwrap() {
            assert_eq!(breaker.retry_after(), Some(Duration::ZERO));
        }
    });
}

#[test]
fn a_reclaimed_lease_and_its_late_result_never_both_count() {
    every(|| {
        let (breaker, clock) = lapsed(Config::new());
        let late = breaker.acquire_ticket().unwrap();
        clock.advance(RECOVERY);
        let other = spawn(&breaker, move |breaker| breaker.settle_ticket(late, Outcome::Success));
        let permit = breaker.try_acquire().expect("the lease is over, or the circuit closed");
        let (probe, receipt) = (permit.is_probe(), permit.failure());
        match (other.join().unwrap(), probe) {
            // It was in time: the circuit closed, and the failure counts there.
            (Receipt::Recorded, false) => assert_eq!(path(&breaker), "closed open half_open closed open"),
            // It was reclaimed: the circuit reopened by the new probe alone.
            (Receipt::Expired, true) => assert_eq!(path(&breaker), "closed open half_open open"),
            other => panic!("{other:?}"),
        }
        assert_eq!(receipt, Receipt::Recorded);
    });
}

#[test]
fn a_reset_meets_a_probe_s_failure() {
    every(|| {
        let (breaker, _) = lapsed(Config::new());
        let ticket = breaker.acquire_ticket().unwrap();
        let other = spawn(&breaker, |breaker| breaker.reset());
        let receipt = breaker.settle_ticket(ticket, Outcome::Failure);
        other.join().unwrap();
        match receipt {
            Receipt::Recorded => assert_eq!(path(&breaker), "closed open half_open open closed"),
            Receipt::Stale => assert_eq!(path(&breaker), "closed open half_open closed"),
            receipt => panic!("{receipt:?}"),
        }
        assert_eq!((breaker.state(), breaker.failure_count()), (CircuitState::Closed, 0));
    });
}
