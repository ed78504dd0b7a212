//! Restoring a snapshot while others use the breaker.

use std::time::Duration;

use halfopen::{Config, Snapshot};

use super::{Breaker, RECOVERY, breaker, every, lapsed, path, spawn};

/// What is kept of a new breaker that `make` has been at, some time later.
fn kept(make: impl FnOnce(&Breaker), later: Duration) -> Snapshot {
    let (breaker, clock) = breaker(Config::new().failure_threshold(1));
    make(&breaker);
    clock.advance(later);
    breaker.snapshot()
}

#[test]
fn a_restore_that_is_stopped_half_way_ends_no_wait_early() {
    every(|| {
        let closed = kept(|_| (), Duration::ZERO);
        let (breaker, _) = breaker(Config::new().failure_threshold(1));
        breaker.record_failure();
        let other = spawn(&breaker, move |breaker| breaker.restore(&closed).unwrap());
        if let Ok(permit) = breaker.try_acquire() {
            assert!(!permit.is_probe(), "let through as a probe although the circuit has just opened");
            permit.ignore();
        }
        other.join().unwrap();
        assert_eq!(path(&breaker), "closed open closed");
    });
}

#[test]
fn a_restore_that_is_stopped_half_way_takes_away_no_live_lease() {
    for open in [false, true] {
        every(move || {
            // CLOSED, or OPEN with nothing left of its time.
            let kept = kept(
                |breaker| {
                    if open {
                        breaker.trip()
                    }
                },
                RECOVERY,
            );
            let (breaker, _) = lapsed(Config::new());
            let live = breaker.acquire_ticket().unwrap();
            let other = spawn(&breaker, move |breaker| breaker.restore(&kept).unwrap());
            if let Ok(second) = breaker.acquire_ticket() {
                let taken_over = second.is_probe() && second.generation() == live.generation() + 1;
                assert!(!taken_over, "a second probe beside one that is alive");
            }
            other.join().unwrap();
        });
    }
}

#[test]
fn a_restore_of_open_takes_over_what_is_left_of_its_time() {
    every(|| {
        let half = RECOVERY / 2;
        let kept = kept(|breaker| breaker.trip(), half);
        let (breaker, now) = breaker(Config::new().failure_threshold(1));
        let other = spawn(&breaker, |breaker| breaker.state());
        breaker.restore(&kept).unwrap();
        assert_eq!(breaker.retry_after(), Some(half));
        other.join().unwrap();
        now.advance(half);
        assert!(breaker.allow_request());
        assert_eq!(path(&breaker), "closed open half_open");
    });
}
