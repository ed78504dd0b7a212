//! What a retry asks its caller: what a result means, whether to try again, and when.
//!
//! ```
//! use core::time::Duration;
//! use halfopen::retry::{ByDefault, RetryRules};
//! use halfopen::Outcome;
//!
//! let failed: Result<(), &str> = Err("no route to host");
//! assert!(ByDefault.retry_if(&failed, 1, Outcome::Failure));
//! assert_eq!(ByDefault.retry_after(&failed), None);
//! ```

use core::time::Duration;

use crate::call::by_result;
use crate::event::Outcome;

/// What a retry asks of the results of an operation.
///
/// A type of your own may answer all of it, for [`RetryPolicy::rules`](super::RetryPolicy::rules); for one or two of them functions
/// given to the policy are less to write.
pub trait RetryRules<T, E> {
    /// What a result means to the breaker: by default `Ok` is a success and `Err` a failure. Asked once for each attempt.
    fn classify(&self, result: &Result<T, E>) -> Outcome {
        by_result(result)
    }

    /// Whether to try again after the attempt of this number, which is 1 for the first, and which counted as `outcome`: by default
    /// if that is a failure. Not asked after the last attempt.
    fn retry_if(&self, result: &Result<T, E>, attempt: u32, outcome: Outcome) -> bool {
        let _ = (result, attempt);
        outcome == Outcome::Failure
    }

    /// For how long the server asked to be left alone: by default it did not.
    fn retry_after(&self, result: &Result<T, E>) -> Option<Duration> {
        let _ = result;
        None
    }

    /// Is told before each wait for another attempt: by default nothing is done.
    fn on_retry(&self, again: Again<'_, T, E>) {
        let _ = again;
    }
}

/// An attempt that is followed by another one.
#[derive(Debug)]
#[non_exhaustive]
pub struct Again<'a, T, E> {
    /// Which attempt it was: 1 for the first.
    pub attempt: u32,
    /// How it ended.
    pub result: &'a Result<T, E>,
    /// How long until the next attempt; zero where the circuit is to be asked first, which would refuse for longer.
    pub delay: Duration,
}

/// The rules of a policy that was given none: see the defaults of [`RetryRules`].
#[derive(Clone, Copy, Debug, Default)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct ByDefault;

impl<T, E> RetryRules<T, E> for ByDefault {}

/// The rules `R`, with a function that classifies.
#[derive(Clone, Copy, Debug)]
pub struct Classify<R, F>(pub(super) R, pub(super) F);
/// The rules `R`, with a function that says what is worth trying again.
#[derive(Clone, Copy, Debug)]
pub struct RetryIf<R, F>(pub(super) R, pub(super) F);
/// The rules `R`, with a function that tells what the server asks for.
#[derive(Clone, Copy, Debug)]
pub struct RetryAfter<R, F>(pub(super) R, pub(super) F);
/// The rules `R`, with a function that is told.
#[derive(Clone, Copy, Debug)]
pub struct OnRetry<R, F>(pub(super) R, pub(super) F);

/// The methods that a layer leaves to the rules below it.
macro_rules! as_below {
    (classify) => {
        fn classify(&self, result: &Result<T, E>) -> Outcome {
            self.0.classify(result)
        }
    };
    (retry_if) => {
        fn retry_if(&self, result: &Result<T, E>, attempt: u32, outcome: Outcome) -> bool {
            self.0.retry_if(result, attempt, outcome)
        }
    };
    (retry_after) => {
        fn retry_after(&self, result: &Result<T, E>) -> Option<Duration> {
            self.0.retry_after(result)
        }
    };
    (on_retry) => {
        fn on_retry(&self, again: Again<'_, T, E>) {
            self.0.on_retry(again);
        }
    };
    ($($method:ident)+) => { $(as_below!($method);)+ };
}

impl<T, E, R: RetryRules<T, E>, F: Fn(&Result<T, E>) -> Outcome> RetryRules<T, E> for Classify<R, F> {
    fn classify(&self, result: &Result<T, E>) -> Outcome {
        (self.1)(result)
    }
    as_below!(retry_if retry_after on_retry);
}

impl<T, E, R: RetryRules<T, E>, F: Fn(&Result<T, E>, u32) -> bool> RetryRules<T, E> for RetryIf<R, F> {
    fn retry_if(&self, result: &Result<T, E>, attempt: u32, _: Outcome) -> bool {
        (self.1)(result, attempt)
    }
    as_below!(classify retry_after on_retry);
}

impl<T, E, R: RetryRules<T, E>, F: Fn(&Result<T, E>) -> Option<Duration>> RetryRules<T, E> for RetryAfter<R, F> {
    fn retry_after(&self, result: &Result<T, E>) -> Option<Duration> {
        (self.1)(result)
    }
    as_below!(classify retry_if on_retry);
}

impl<T, E, R: RetryRules<T, E>, F: Fn(Again<'_, T, E>)> RetryRules<T, E> for OnRetry<R, F> {
    fn on_retry(&self, again: Again<'_, T, E>) {
        (self.1)(again);
    }
    as_below!(classify retry_if retry_after);
}
