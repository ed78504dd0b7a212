//! Circuits that refuse: the end of a retry, or a wait.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use halfopen::retry::GaveUp;
use halfopen::retry::backon::BlockingSleeper;
use halfopen::{CircuitState, Outcome, Receipt, RetryError, retry};

use super::rig::{RECOVERY, WAYS, failing, rig};

#[test]
fn it_ends_it_at_once_without_a_backoff_and_the_error_before_is_in_it() {
    for way in WAYS {
        let (breaker, policy, nap) = rig(2);
        let mut operation = failing(9);
        match way.retry(&breaker, &policy.attempts(9), || operation.call()).unwrap_err() {
            RetryError::Open { refused, attempts, last } => {
                assert_eq!((refused.state, refused.retry_after), (CircuitState::Open, Some(RECOVERY)));
                assert_eq!((attempts, last.as_deref()), (2, Some("broken 2")));
            }
            error => panic!("{error:?}"),
        }
        assert_eq!((operation.calls, nap.slept()), (2, vec![100]));
    }
}

#[test]
fn one_that_is_open_already_means_no_attempt() {
    for way in WAYS {
        let (breaker, policy, nap) = rig(1);
        breaker.trip();
        let error = way.retry(&breaker, &policy, || -> Result<(), ()> { panic!("called") }).unwrap_err();
        assert_eq!((error.attempts(), error.last(), error.is_open()), (0, None, true));
        assert_eq!(nap.slept(), []);
    }
}

#[test]
fn it_is_waited_out_by_a_backoff_that_is_longer() {
    for way in WAYS {
        let (breaker, policy, nap) = rig(1);
        let policy = policy.backoff(2 * RECOVERY).max_delay(2 * RECOVERY);
        let mut operation = failing(1);
        assert_eq!(way.retry(&breaker, &policy, || operation.call()), Ok(7));
        assert_eq!((nap.slept(), breaker.state()), (vec![60_000], CircuitState::Closed));
    }
}

#[test]
fn it_is_waited_for_where_that_is_asked_and_a_refusal_is_no_attempt() {
    for way in WAYS {
        let (breaker, policy, nap) = rig(1);
        let mut operation = failing(2);
        assert_eq!(way.retry(&breaker, &policy.wait_while_open(), || operation.call()), Ok(7));
        assert_eq!((nap.slept(), operation.calls), (vec![30_000, 30_000], 3));
        assert_eq!(breaker.state(), CircuitState::Closed);
    }
}

#[test]
fn it_is_not_waited_for_beyond_the_deadline_which_is_a_minute_by_default() {
    let deadline = |ms| Some(Duration::from_millis(ms));
    for (limit, waits) in [(deadline(29_999), 0), (deadline(30_000), 1), (None, 2), (Some(Duration::MAX), 8)] {
        for way in WAYS {
            let (breaker, policy, nap) = rig(1);
            let mut policy = policy.attempts(9).wait_while_open();
            if let Some(limit) = limit {
                policy = policy.deadline(limit);
            }
            let error = way.retry(&breaker, &policy, || failing(1).call()).unwrap_err();
            assert_eq!(nap.slept(), vec![30_000; waits], "{limit:?}");
            // It says what the last attempt met, and after all attempts that is no refusal.
            assert_eq!((error.attempts() as usize, error.is_open()), (waits + 1, waits < 8), "{limit:?}");
        }
    }
}

#[test]
fn no_backoff_begins_that_would_end_after_the_deadline() {
    for way in WAYS {
        let (breaker, policy, nap) = rig(10);
        let policy = policy.attempts(9).deadline(Duration::from_millis(699));
        let error = way.retry(&breaker, &policy, || failing(1).call()).unwrap_err();
        assert!(matches!(error, RetryError::Inner { attempts: 3, why: GaveUp::Deadline, .. }), "{error:?}");
        assert_eq!(nap.slept(), [100, 200]);
    }
}

#[test]
fn an_attempt_that_outlives_the_deadline_is_the_last_one() {
    for way in WAYS {
        let (breaker, policy, nap) = rig(10);
        let policy = policy.deadline(Duration::from_secs(5)).wait_while_open();
        let slow = || {
            nap.clock.advance(Duration::from_secs(6));
            Err::<(), _>("slow")
        };
        let error = way.retry(&breaker, &policy, slow).unwrap_err();
        assert_eq!(error, RetryError::Inner { error: "slow", attempts: 1, why: GaveUp::Deadline });
    }
}

#[test]
fn one_that_is_isolated_is_not_waited_for() {
    for way in WAYS {
        let (breaker, policy, nap) = rig(1);
        breaker.isolate();
        let policy = policy.wait_while_open().deadline(Duration::MAX);
        let error = way.retry(&breaker, &policy, || failing(0).call()).unwrap_err();
        assert!(matches!(error, RetryError::Open { refused, attempts: 0, .. } if refused.retry_after.is_none()));
        assert_eq!(nap.slept(), []);
    }
}

#[test]
fn who_waits_for_the_probe_of_another_asks_again_after_a_backoff_and_not_after_its_lease() {
    let (breaker, policy, nap) = rig(1);
    breaker.record_failure();
    nap.clock.advance(RECOVERY);
    let breaker = Arc::new(breaker);
    let ticket = breaker.acquire_ticket().unwrap();
    let (other, naps) = (breaker.clone(), nap.clone());
    let policy = policy.wait_while_open().sleeper(move |wait| {
        BlockingSleeper::sleep(&naps, wait);
        if naps.slept().len() == 3 {
            assert_eq!(other.settle_ticket(ticket, Outcome::Success), Receipt::Recorded);
        }
    });
    assert_eq!(retry(&*breaker, &policy, || Ok::<_, ()>(7)), Ok(7));
    assert_eq!(nap.slept(), [100, 200, 400]);
}

#[test]
fn after_an_attempt_it_is_as_impatient_as_before() {
    let (breaker, policy, nap) = rig(1);
    breaker.record_failure();
    nap.clock.advance(RECOVERY);
    let breaker = Arc::new(breaker);
    let ticket = Mutex::new(breaker.acquire_ticket().ok());
    let (other, naps) = (breaker.clone(), nap.clone());
    let policy = policy.wait_while_open().sleeper(move |wait| {
        BlockingSleeper::sleep(&naps, wait);
        let mut ticket = ticket.lock().unwrap();
        match naps.slept().len() {
            // OPEN was waited for, and the place of the probe is taken again.
            3 => *ticket = other.acquire_ticket().ok(),
            2 | 4 => assert_eq!(other.settle_ticket(ticket.take().unwrap(), Outcome::Success), Receipt::Recorded),
            _ => {}
        }
    });
    let mut operation = failing(1);
    assert_eq!(retry(&*breaker, &policy, || operation.call()), Ok(7));
    assert_eq!(nap.slept(), [100, 200, 30_000, 100]);
}

#[test]
fn no_wait_for_a_circuit_is_shorter_than_a_millisecond() {
    let (breaker, policy, nap) = rig(1);
    breaker.record_failure();
    nap.clock.advance(RECOVERY);
    let _probe = breaker.try_acquire().unwrap();
    let policy = policy.wait_while_open().backoff(Duration::ZERO).deadline(Duration::from_millis(5));
    assert!(retry(&breaker, &policy, || Ok::<_, ()>(7)).unwrap_err().is_open());
    assert_eq!(nap.slept(), [1; 5]);
}
