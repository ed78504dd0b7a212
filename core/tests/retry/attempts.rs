//! Attempts and the waits between them.

use std::cell::RefCell;
use std::time::Duration;

use halfopen::retry::backon::{ConstantBuilder, FibonacciBuilder};
use halfopen::retry::{GaveUp, Jitter, RetryRules};
use halfopen::{Outcome, RetryError, retry};

use super::rig::{WAYS, failing, rig};

const MS: Duration = Duration::from_millis(1);

#[test]
fn it_tries_again_with_exponential_backoff_until_an_attempt_succeeds() {
    for way in WAYS {
        let (breaker, policy, nap) = rig(10);
        let mut operation = failing(3);
        assert_eq!(way.retry(&breaker, &policy.attempts(4).backoff(50 * MS), || operation.call()), Ok(7));
        assert_eq!((nap.slept(), operation.calls, breaker.failure_count()), (vec![50, 100, 200], 4, 0));
    }
}

#[test]
fn each_attempt_is_recorded_once_and_the_last_error_is_given_with_their_number() {
    for way in WAYS {
        let (breaker, policy, nap) = rig(10);
        let error = way.retry(&breaker, &policy, || failing(9).call()).unwrap_err();
        assert_eq!(error, RetryError::Inner { error: "broken 1".into(), attempts: 3, why: GaveUp::Attempts });
        assert_eq!((breaker.failure_count(), nap.slept()), (3, vec![100, 200]));
    }
}

#[test]
fn no_backoff_is_longer_than_the_longest_and_none_overflows() {
    for way in WAYS {
        let (breaker, policy, nap) = rig(1_000);
        let policy = policy.attempts(200).backoff(1_000 * MS).max_delay(5_000 * MS);
        assert_eq!(way.retry(&breaker, &policy, || failing(1).call()).unwrap_err().attempts(), 200);
        assert_eq!(nap.slept()[..4], [1_000, 2_000, 4_000, 5_000]);
        assert!(nap.slept()[3..].iter().all(|ms| *ms == 5_000));
        let (breaker, policy, nap) = rig(1_000);
        let policy = policy.attempts(100).max_delay(Duration::MAX);
        assert!(way.retry(&breaker, &policy, || failing(1).call()).is_err());
        assert_eq!(nap.slept().len(), 99);
    }
}

#[test]
fn chance_shortens_a_backoff_and_no_two_are_alike() {
    for (jitter, least) in [(Jitter::Full, 0), (Jitter::Equal, 500)] {
        let (breaker, policy, nap) = rig(1_000);
        let policy = policy.attempts(65).backoff_by(ConstantBuilder::new().with_delay(1_000 * MS).without_max_times());
        assert!(retry(&breaker, &policy.jitter(jitter), || failing(1).call()).is_err());
        let slept = nap.slept();
        assert!(slept.iter().all(|ms| (least..1_000).contains(ms)), "{slept:?}");
        let mut different = slept.clone();
        different.sort_unstable();
        different.dedup();
        assert!(different.len() > 32, "{slept:?}");
        let mean = slept.iter().sum::<u64>() / 64;
        assert!(mean.abs_diff(least.midpoint(1_000)) < 160, "{mean} ms on average");
    }
}

#[test]
fn a_backoff_of_backon_has_its_own_times_and_its_own_end() {
    for way in WAYS {
        let (breaker, policy, nap) = rig(100);
        let fibonacci = FibonacciBuilder::new().with_min_delay(10 * MS).with_max_times(5);
        let error = way.retry(&breaker, &policy.attempts(50).backoff_by(fibonacci), || failing(1).call()).unwrap_err();
        assert_eq!((error.attempts(), nap.slept()), (6, vec![10, 10, 20, 30, 50]));
        assert!(matches!(error, RetryError::Inner { why: GaveUp::Attempts, .. }));
    }
}

#[test]
fn one_attempt_is_made_where_none_is_asked_for() {
    for way in WAYS {
        let (breaker, policy, nap) = rig(10);
        let error = way.retry(&breaker, &policy.attempts(0), || failing(9).call()).unwrap_err();
        assert_eq!((error.attempts(), breaker.failure_count(), nap.slept()), (1, 1, vec![]));
    }
}

#[test]
fn an_ignored_outcome_is_not_tried_again_and_a_value_that_counts_as_a_failure_is() {
    for way in WAYS {
        let (breaker, policy, nap) = rig(10);
        let policy = policy.classify(|result: &Result<u16, &str>| match result {
            Ok(500..) => Outcome::Failure,
            Ok(_) => Outcome::Success,
            Err(_) => Outcome::Ignored,
        });
        let error = way.retry(&breaker, &policy, || Err("gone")).unwrap_err();
        assert_eq!(error, RetryError::Inner { error: "gone", attempts: 1, why: GaveUp::NotWorthIt });
        assert_eq!((breaker.failure_count(), nap.slept()), (0, vec![]));
        let mut answers = [500, 503, 200].into_iter();
        assert_eq!(way.retry(&breaker, &policy, || Ok(answers.next().unwrap())), Ok(200));
        assert_eq!((breaker.failure_count(), nap.slept()), (0, vec![100, 200]));
        // The last one's value is given as it is.
        assert_eq!(way.retry(&breaker, &policy, || Ok(502)), Ok(502));
        assert_eq!(breaker.failure_count(), 3);
    }
}

#[test]
fn a_predicate_says_what_is_worth_it_and_is_not_asked_after_the_last_attempt() {
    for way in WAYS {
        let asked = RefCell::new(Vec::new());
        let (breaker, policy, _) = rig(10);
        let policy = policy.attempts(3).retry_if(|result: &Result<u32, String>, attempt| {
            asked.borrow_mut().push((result.clone().unwrap_err(), attempt));
            attempt < 2
        });
        let mut operation = failing(9);
        let error = way.retry(&breaker, &policy, || operation.call()).unwrap_err();
        assert_eq!(error, RetryError::Inner { error: "broken 2".into(), attempts: 2, why: GaveUp::NotWorthIt });
        assert_eq!(asked.take(), [("broken 1".to_owned(), 1), ("broken 2".to_owned(), 2)]);
        assert!(way.retry(&breaker, &policy.attempts(1), || failing(9).call()).is_err());
        assert_eq!(asked.take(), []);
    }
}

#[test]
fn a_predicate_may_want_a_success_again() {
    for way in WAYS {
        let (breaker, policy, nap) = rig(10);
        let policy = policy.retry_if(|result: &Result<u32, ()>, _| *result == Ok(0));
        let mut answers = [0, 9].into_iter();
        assert_eq!(way.retry(&breaker, &policy, || Ok(answers.next().unwrap())), Ok(9));
        assert_eq!(nap.slept(), [100]);
    }
}

#[test]
fn who_wants_to_know_is_told_before_each_wait() {
    for way in WAYS {
        let (breaker, policy, nap) = rig(10);
        let told = RefCell::new(Vec::new());
        let policy = policy.on_retry(|again: halfopen::retry::Again<'_, u32, String>| {
            told.borrow_mut().push((again.attempt, again.result.clone(), again.delay, nap.slept().len()));
        });
        let mut operation = failing(2);
        assert_eq!(way.retry(&breaker, &policy, || operation.call()), Ok(7));
        let broken = |number| Err(format!("broken {number}"));
        assert_eq!(told.take(), [(1, broken(1), 100 * MS, 0), (2, broken(2), 200 * MS, 1)]);
    }
}

#[test]
fn a_type_may_have_all_rules_and_functions_change_some() {
    struct Strict;
    impl RetryRules<u32, String> for Strict {
        fn classify(&self, _: &Result<u32, String>) -> Outcome {
            Outcome::Ignored
        }
        fn retry_if(&self, _: &Result<u32, String>, attempt: u32, outcome: Outcome) -> bool {
            assert_eq!(outcome, Outcome::Ignored);
            attempt < 2
        }
    }
    for way in WAYS {
        let (breaker, policy, nap) = rig(10);
        let policy = policy.rules(Strict).retry_after(|_: &Result<u32, String>| Some(Duration::from_secs(2)));
        let error = way.retry(&breaker, &policy, || failing(9).call()).unwrap_err();
        assert_eq!((error.attempts(), breaker.failure_count(), nap.slept()), (2, 0, vec![2_000]));
    }
}

#[test]
fn a_policy_fits_a_static() {
    static POLICY: halfopen::RetryPolicy = halfopen::RetryPolicy::new().attempts(2).backoff(Duration::from_micros(1));
    static BREAKER: halfopen::CircuitBreaker = halfopen::CircuitBreaker::new("static", halfopen::Config::new());
    assert_eq!(retry(&BREAKER, &POLICY, || failing(9).call()).unwrap_err().attempts(), 2);
}
