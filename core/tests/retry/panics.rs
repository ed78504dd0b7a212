//! Operations that panic: one failure, no permit held, and no attempt more.

use std::future::ready;
use std::panic::{AssertUnwindSafe, catch_unwind, panic_any};

use halfopen::{CircuitState, RetryBudget, retry_async};

use super::rig::{RECOVERY, Subject, WAYS, block_on, rig};

#[track_caller]
fn boom<T>(run: impl FnOnce() -> T) {
    let payload = catch_unwind(AssertUnwindSafe(run)).err().expect("no panic came through");
    assert_eq!(payload.downcast_ref::<&str>(), Some(&"boom"));
}

#[test]
fn a_panic_is_one_failure_and_goes_on_whichever_attempt_it_is() {
    for way in WAYS {
        for attempt in 1..=3 {
            let budget = RetryBudget::new(5, 0);
            let (breaker, policy, _) = rig(10);
            let mut calls = 0;
            boom(|| {
                let _ = way.retry(&breaker, &policy.budget(&budget), || {
                    calls += 1;
                    if calls == attempt { panic_any("boom") } else { Err::<(), _>("no") }
                });
            });
            assert_eq!((calls, u32::from(breaker.failure_count())), (attempt, attempt));
            assert_eq!(budget.retries_left(), 5 - (attempt - 1));
        }
    }
}

#[test]
fn a_panic_of_a_probe_gives_its_place_back_by_opening_again() {
    for way in WAYS {
        let (breaker, policy, nap) = rig(1);
        breaker.trip();
        nap.clock.advance(RECOVERY);
        boom(|| way.retry(&breaker, &policy, || -> Result<(), ()> { panic_any("boom") }));
        assert_eq!((breaker.state(), breaker.retry_after()), (CircuitState::Open, Some(RECOVERY)));
        nap.clock.advance(RECOVERY);
        assert!(breaker.try_acquire().is_ok());
    }
}

#[test]
fn a_panic_of_the_future_counts_as_one_of_the_function_that_makes_it() {
    let (breaker, policy, _) = rig(10);
    let in_future = async || -> Result<(), ()> { panic_any("boom") };
    boom(|| block_on(retry_async(&breaker, &policy, in_future)));
    assert_eq!(breaker.failure_count(), 1);
}

#[test]
fn a_panic_of_the_policy_s_own_functions_holds_no_permit() {
    let held = |breaker: &Subject, failures| {
        assert_eq!((breaker.failure_count(), breaker.state()), (failures, CircuitState::Closed));
    };
    let (breaker, policy, _) = rig(10);
    let classify = policy.clone().classify(|_: &Result<(), &str>| panic_any("boom"));
    boom(|| block_on(retry_async(&breaker, &classify, || ready(Ok(())))));
    held(&breaker, 1);
    let retry_if = policy.retry_if(|_: &Result<(), &str>, _| panic_any("boom"));
    boom(|| block_on(retry_async(&breaker, &retry_if, || ready(Err("no")))));
    held(&breaker, 2);
}
