//! Retries that are taken from a budget.

use std::sync::Arc;
use std::time::Duration;

use halfopen::retry::GaveUp;
use halfopen::{RetryBudget, RetryError, retry_async};

use super::rig::{RECOVERY, WAYS, block_on, failing, poll, rig};

#[test]
fn a_retry_is_made_while_there_is_one_left_and_calls_bring_new_ones() {
    for way in WAYS {
        let budget = RetryBudget::new(3, 50);
        let (breaker, policy, _) = rig(1_000);
        let policy = policy.budget(&budget);
        let attempts = |times| -> u32 {
            (0..times).map(|_| way.retry(&breaker, &policy, || failing(1).call()).unwrap_err().attempts()).sum()
        };
        // Full: the first call brings nothing and takes two of three, the second one brings half a one.
        assert_eq!(attempts(2), 3 + 2);
        let error = way.retry(&breaker, &policy, || failing(1).call()).unwrap_err();
        assert!(matches!(error, RetryError::Inner { attempts: 2, why: GaveUp::Budget, .. }), "{error:?}");
        assert_eq!(budget.retries_left(), 0);
        assert_eq!(attempts(100), 150);
    }
}

#[test]
fn calls_that_are_refused_bring_and_take_nothing() {
    for way in WAYS {
        let budget = RetryBudget::new(2, 100);
        let (breaker, policy, nap) = rig(1);
        let policy = policy.budget(&budget);
        // The circuit opens at the first failure: the retry that was taken is given back, for it was refused.
        assert!(way.retry(&breaker, &policy, || failing(1).call()).unwrap_err().is_open());
        assert_eq!(budget.retries_left(), 2);
        nap.clock.advance(RECOVERY);
        let patient = policy.attempts(3).wait_while_open();
        assert_eq!(way.retry(&breaker, &patient, || failing(1).call()).unwrap_err().attempts(), 3);
        assert_eq!(budget.retries_left(), 0);
        for _ in 0..10 {
            assert_eq!(
                way.retry(&breaker, &patient.clone().deadline(Duration::ZERO), || Ok::<_, ()>(7))
                    .unwrap_err()
                    .attempts(),
                0
            );
        }
        assert_eq!(budget.retries_left(), 0);
    }
}

#[test]
fn a_retry_that_its_caller_left_is_given_back() {
    let budget = Arc::new(RetryBudget::new(1, 0));
    let (breaker, policy, _) = rig(10);
    let policy = policy.budget(budget.clone()).sleeper(|_| std::future::pending::<()>());
    {
        let mut waiting = std::pin::pin!(retry_async(&breaker, &policy, async || Err::<(), _>("no")));
        assert!(poll(waiting.as_mut()).is_pending());
        assert_eq!(budget.retries_left(), 0);
        let other = block_on(retry_async(&breaker, &policy, async || Err::<(), _>("no")));
        assert!(matches!(other, Err(RetryError::Inner { why: GaveUp::Budget, .. })));
    }
    assert_eq!(budget.retries_left(), 1);
}
