//! What a server asks for by `Retry-After`.

use std::time::Duration;

use halfopen::RetryError;
use halfopen::retry::GaveUp;

use super::rig::{RECOVERY, WAYS, rig};

fn asked_for(seconds: u64) -> impl Fn(&Result<(), &'static str>) -> Option<Duration> {
    move |_| Some(Duration::from_secs(seconds))
}

#[test]
fn the_wait_is_not_shorter_than_it_and_not_shorter_than_the_backoff() {
    for way in WAYS {
        let (breaker, policy, nap) = rig(10);
        let policy = policy.backoff(Duration::from_secs(3)).retry_after(asked_for(5));
        assert_eq!(way.retry(&breaker, &policy, || Err("busy")).unwrap_err().attempts(), 3);
        assert_eq!(nap.slept(), [5_000, 6_000]);
    }
}

#[test]
fn who_asks_for_more_than_the_longest_wait_is_left_alone() {
    for way in WAYS {
        let (breaker, policy, nap) = rig(10);
        let at_the_limit = policy.clone().attempts(2).retry_after(asked_for(30));
        assert_eq!(way.retry(&breaker, &at_the_limit, || Err("busy")).unwrap_err().attempts(), 2);
        assert_eq!(nap.slept(), [30_000]);
        let error = way.retry(&breaker, &policy.retry_after(asked_for(31)), || Err("busy")).unwrap_err();
        assert_eq!(error, RetryError::Inner { error: "busy", attempts: 1, why: GaveUp::RetryAfter });
        assert_eq!(nap.slept(), [30_000]);
    }
}

#[test]
fn one_that_outlasts_the_circuit_is_waited_for_and_a_shorter_one_ends_at_the_circuit() {
    for way in WAYS {
        let (breaker, policy, nap) = rig(1);
        let patient = policy.clone().max_delay(RECOVERY * 2).attempts(2).retry_after(asked_for(40));
        assert_eq!(way.retry(&breaker, &patient, || Err("busy")).unwrap_err().attempts(), 2);
        assert_eq!(nap.slept(), [40_000]);
        nap.clock.advance(RECOVERY);
        let error = way.retry(&breaker, &policy.retry_after(asked_for(29)), || Err("busy")).unwrap_err();
        assert_eq!((error.attempts(), error.is_open(), nap.slept().len()), (1, true, 1));
    }
}
