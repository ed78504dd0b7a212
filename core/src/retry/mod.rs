//! Attempts that ask the circuit each time and record once, until one succeeds or no other is worth making.
//!
//! ```
//! # #[cfg(feature = "std")] {
//! use core::time::Duration;
//! use halfopen::{CircuitBreaker, Config, RetryError, RetryPolicy, retry};
//!
//! let uploads = CircuitBreaker::new("s3_upload", Config::new().failure_threshold(2));
//! let policy = RetryPolicy::new().attempts(5).backoff(Duration::from_millis(1));
//! let result = retry(&uploads, &policy, || Err::<(), _>("no route to host"));
//! // The second failure has opened the circuit: no third attempt is made.
//! let Err(RetryError::Open { refused, attempts, last }) = result else { unreachable!() };
//! assert_eq!((refused.operation_name, attempts, last), ("s3_upload", 2, Some("no route to host")));
//! # }
//! ```
//!
//! # Rules
//!
//! They are those of `withRetry` in the npm package, and the words are the same.
//!
//! - **Each attempt asks the breaker, and is recorded once**, by [`classify`](RetryPolicy::classify) or as `Ok` and `Err`. A
//!   failure is tried again, a value that counts as one too; a success and an ignored outcome are not, unless
//!   [`retry_if`](RetryPolicy::retry_if) says otherwise.
//! - **A refusal is no attempt.** It ends the retry at once, without a backoff before it; with
//!   [`wait_while_open`](RetryPolicy::wait_while_open) it is waited out, as far as the [`deadline`](RetryPolicy::deadline)
//!   allows. OPEN is waited for as long as the circuit says. A probe of somebody else in HALF_OPEN may be done long before
//!   its time is over, so there the circuit is asked again after a backoff.
//! - **Backoff** is exponential with full jitter ("Exponential Backoff And Jitter", AWS Architecture Blog, 2015): by default
//!   100 ms, doubled, at most 30 s, and of that a part that chance chooses. Any builder of [`backon`] will do in its place.
//! - **What the server asks for** by `Retry-After` is respected: [`retry_after`](RetryPolicy::retry_after) tells it, and
//!   the wait is not shorter. Who asks for more than [`max_delay`](RetryPolicy::max_delay) is not asked again.
//! - **A [`RetryBudget`]** keeps retries to a share of all calls, so that they do not multiply the load of what is sick.
//! - **A future that is dropped** holds no permit and has counted nothing that did not end: what is a probe gives its place
//!   back, and a retry that was not begun is given back to the budget. A panic of the operation counts as one failure and goes on.
//!
//! # How it waits
//!
//! | | |
//! | --- | --- |
//! | threads | [`retry`] with `std`: nothing to do |
//! | tokio; wasm in a browser, an edge worker or Node | [`retry_async`] with the feature `retry-sleep`: nothing to do |
//! | embassy | [`backon::EmbassySleeper`](https://docs.rs/backon/1.6/backon/struct.EmbassySleeper.html), feature `retry-embassy-v0_5` |
//! | smol and others | a function that gives a future, as `async_io::Timer::after` |
//! | a chip without any of these | [`retry`] with a function that waits |
//!
//! ```
//! use core::time::Duration;
//! use halfopen::{CircuitBreaker, Config, FnClock, RetryPolicy, retry};
//!
//! fn uptime_ms() -> u64 { 0 } // your board's
//! fn wait(_: Duration) {} // the same
//!
//! static MODEM: CircuitBreaker<FnClock> = CircuitBreaker::with_clock("modem", Config::new(), FnClock::new(uptime_ms));
//! let policy = RetryPolicy::with_clock(FnClock::new(uptime_ms)).sleeper(wait);
//! assert_eq!(retry(&MODEM, &policy, || Ok::<_, ()>("OK")), Ok("OK"));
//! ```
//!
//! Without `std` all devices that run the same program make the same jitter until [`seed_jitter`] is called.

mod budget;
mod course;
mod error;
mod policy;
mod rules;
mod sleeper;

use core::borrow::Borrow;
use core::future::Future;
use core::ops::{ControlFlow, Deref};

/// The crate by which backoff and waiting are made.
pub use ::backon;
use backon::{BackoffBuilder, BlockingSleeper, Sleeper};

use crate::clock::Clock;
use crate::contract::Breaker;
use course::Course;

pub use budget::RetryBudget;
pub use error::{GaveUp, RetryError};
pub use policy::{Jitter, RetryPolicy, seed_jitter};
pub use rules::{Again, ByDefault, Classify, OnRetry, RetryAfter, RetryIf, RetryRules};
pub use sleeper::SystemSleeper;

/// Calls `operation` through `breaker`, and again while it fails, as `policy` says. It waits by blocking.
///
/// # Errors
///
/// [`RetryError::Open`] if the circuit refused, [`RetryError::Inner`] with the error of the last attempt.
///
/// # Panics
///
/// If `operation` does, which counts as a failure, or a function that the policy was given.
pub fn retry<B, T, E, R, S, C, W, G>(
    breaker: &B,
    policy: &RetryPolicy<R, S, C, W, G>,
    mut operation: impl FnMut() -> Result<T, E>,
) -> Result<T, RetryError<E, B::Name>>
where
    B: Breaker,
    R: RetryRules<T, E>,
    S: BlockingSleeper,
    C: Clock,
    W: BackoffBuilder + Clone,
    G: Borrow<RetryBudget>,
{
    let mut course = Course::new(breaker, policy);
    loop {
        let mut outcome = None;
        let called = breaker.call_with(
            |result| *outcome.insert(policy.rules.classify(result)),
            || {
                course.begin();
                operation()
            },
        );
        match course.after(called, outcome) {
            ControlFlow::Break(result) => return result,
            ControlFlow::Continue(wait) if wait.is_zero() => {}
            ControlFlow::Continue(wait) => policy.sleeper.sleep(wait),
        }
    }
}

/// As [`retry`], for a function that makes futures. It waits without blocking.
///
/// The future may be dropped at any point: see [the rules](self#rules).
///
/// # Errors
///
/// As [`retry`].
///
/// # Panics
///
/// If `operation` or its future does, which counts as a failure, or a function that the policy was given.
pub async fn retry_async<B, T, E, F, R, S, C, W, G>(
    breaker: &B,
    policy: &RetryPolicy<R, S, C, W, G>,
    mut operation: impl FnMut() -> F,
) -> Result<T, RetryError<E, B::Name>>
where
    B: Breaker,
    F: Future<Output = Result<T, E>>,
    R: RetryRules<T, E>,
    S: Sleeper,
    C: Clock,
    W: BackoffBuilder + Clone,
    G: Borrow<RetryBudget>,
{
    let mut course = Course::new(breaker, policy);
    loop {
        let mut outcome = None;
        let called = breaker
            .call_async_with(
                |result| *outcome.insert(policy.rules.classify(result)),
                || {
                    course.begin();
                    operation()
                },
            )
            .await;
        match course.after(called, outcome) {
            ControlFlow::Break(result) => return result,
            ControlFlow::Continue(wait) if wait.is_zero() => {}
            ControlFlow::Continue(wait) => {
                policy.sleeper.sleep(wait).await;
            }
        }
    }
}

/// Makes a function of one argument that calls `operation` as [`retry`] does: the counterpart of a decorator.
///
/// The argument is cloned for each attempt. The breaker is a reference or an `Arc`.
///
/// ```
/// # #[cfg(feature = "std")] {
/// use halfopen::{CircuitBreaker, Config, RetryPolicy, wrap_retry};
///
/// static UPLOADS: CircuitBreaker = CircuitBreaker::new("s3_upload", Config::new());
/// let put = |(bucket, key): (&'static str, &'static str)| Ok::<_, std::io::Error>(format!("{bucket}/{key}"));
/// let upload_with_protection = wrap_retry(&UPLOADS, RetryPolicy::new(), put);
/// assert_eq!(upload_with_protection(("photos", "cat.jpg")).unwrap(), "photos/cat.jpg");
/// # }
/// ```
pub fn wrap_retry<D, A, T, E, R, S, C, W, G>(
    breaker: D,
    policy: RetryPolicy<R, S, C, W, G>,
    operation: impl Fn(A) -> Result<T, E>,
) -> impl Fn(A) -> Result<T, RetryError<E, <D::Target as Breaker>::Name>>
where
    D: Deref<Target: Breaker + Sized>,
    A: Clone,
    R: RetryRules<T, E>,
    S: BlockingSleeper,
    C: Clock,
    W: BackoffBuilder + Clone,
    G: Borrow<RetryBudget>,
{
    move |argument| retry(&*breaker, &policy, || operation(argument.clone()))
}

/// As [`wrap_retry`], for a function that makes futures, which are called as by [`retry_async`].
///
/// What it makes is called by [`RetryAsync::call`]: the future of a function that is made here could not be sent to another thread.
pub const fn wrap_retry_async<D, P, F>(breaker: D, policy: P, operation: F) -> RetryAsync<D, P, F> {
    RetryAsync { breaker, policy, operation }
}

/// A function that makes futures, with retries around it. Made by [`wrap_retry_async`].
#[derive(Clone, Debug)]
pub struct RetryAsync<D, P, F> {
    breaker: D,
    policy: P,
    operation: F,
}

impl<D: Deref<Target: Breaker + Sized>, R, S, C, W, G, O> RetryAsync<D, RetryPolicy<R, S, C, W, G>, O> {
    /// Calls it. The argument is cloned for each attempt.
    ///
    /// # Errors
    ///
    /// As [`retry`].
    pub async fn call<A: Clone, T, E, F>(&self, argument: A) -> Result<T, RetryError<E, <D::Target as Breaker>::Name>>
    where
        O: Fn(A) -> F,
        F: Future<Output = Result<T, E>>,
        R: RetryRules<T, E>,
        S: Sleeper,
        C: Clock,
        W: BackoffBuilder + Clone,
        G: Borrow<RetryBudget>,
    {
        retry_async(&*self.breaker, &self.policy, || (self.operation)(argument.clone())).await
    }
}
