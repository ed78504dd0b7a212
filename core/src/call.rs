//! Calls through a breaker: ask, call, record, in one.
//!
//! ```
//! use halfopen::{CallError, CircuitBreaker, Config, ManualClock};
//!
//! let clock = ManualClock::new();
//! let breaker = CircuitBreaker::with_clock("parse", Config::new().failure_threshold(1), &clock);
//! let parse = breaker.wrap(|text: &str| text.parse::<u32>());
//! assert_eq!(parse("7").unwrap(), 7);
//! assert!(matches!(parse("x"), Err(CallError::Inner(_))));
//! assert!(matches!(parse("8"), Err(CallError::Open(_)))); // not called
//! ```

use core::future::{Future, poll_fn};
use core::pin::pin;

use crate::breaker::CircuitBreaker;
use crate::clock::Clock;
use crate::contract::Breaker;
use crate::error::{CallError, CircuitOpenError};
use crate::event::Outcome;
use crate::observer::Observer;
use crate::permit::Permit;
use crate::rules::Rule;

/// `Ok` is a success, `Err` a failure.
pub(crate) fn by_result<T, E>(result: &Result<T, E>) -> Outcome {
    if result.is_ok() { Outcome::Success } else { Outcome::Failure }
}

impl<C: Clock, O: Observer, N: AsRef<str> + Clone, R: Rule> CircuitBreaker<C, O, N, R> {
    /// Calls `operation` if the circuit lets it: `Ok` counts as a success, `Err` as a failure.
    ///
    /// # Errors
    ///
    /// [`CallError::Open`] if it was refused, and so not called; [`CallError::Inner`] with its own error.
    ///
    /// # Panics
    ///
    /// If `operation` does; a panic that unwinds counts as a failure.
    pub fn call<T, E>(&self, operation: impl FnOnce() -> Result<T, E>) -> Result<T, CallError<E, N>> {
        self.call_with(by_result, operation)
    }

    /// As [`call`](Self::call), with a `classifier` that says what a result means: a refused login is not a failure of
    /// the server, a page that says "try later" is.
    ///
    /// ```
    /// use halfopen::{CircuitBreaker, Config, ManualClock, Outcome};
    ///
    /// let clock = ManualClock::new();
    /// let breaker = CircuitBreaker::with_clock("http", Config::new(), &clock);
    /// let classifier = |result: &Result<u16, &str>| match result {
    ///     Ok(500..) | Err(_) => Outcome::Failure,
    ///     Ok(400..500) => Outcome::Ignored,
    ///     Ok(_) => Outcome::Success,
    /// };
    /// assert_eq!(breaker.call_with(classifier, || Ok(503)), Ok(503));
    /// assert_eq!(breaker.failure_count(), 1);
    /// ```
    ///
    /// # Errors
    ///
    /// As [`call`](Self::call).
    ///
    /// # Panics
    ///
    /// If `operation` or `classifier` does; a panic that unwinds counts as a failure.
    pub fn call_with<T, E>(
        &self,
        classifier: impl FnOnce(&Result<T, E>) -> Outcome,
        operation: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, CallError<E, N>> {
        self.try_acquire()?.run(classifier, operation).map_err(CallError::Inner)
    }

    /// As [`call`](Self::call), for any future and any runtime. `operation` is not called if the circuit refuses.
    ///
    /// A future that is dropped before it is ready counts as nothing, and a probe gives its place back.
    ///
    /// # Errors
    ///
    /// As [`call`](Self::call).
    ///
    /// # Panics
    ///
    /// If `operation` or its future does; a panic that unwinds counts as a failure.
    pub async fn call_async<T, E, F>(&self, operation: impl FnOnce() -> F) -> Result<T, CallError<E, N>>
    where
        F: Future<Output = Result<T, E>>,
    {
        self.call_async_with(by_result, operation).await
    }

    /// As [`call_async`](Self::call_async), with a `classifier` that says what a result means.
    ///
    /// # Errors
    ///
    /// As [`call`](Self::call).
    ///
    /// # Panics
    ///
    /// If `operation`, its future or `classifier` does; a panic that unwinds counts as a failure.
    pub async fn call_async_with<T, E, F>(
        &self,
        classifier: impl FnOnce(&Result<T, E>) -> Outcome,
        operation: impl FnOnce() -> F,
    ) -> Result<T, CallError<E, N>>
    where
        F: Future<Output = Result<T, E>>,
    {
        match self.acquire_ticket() {
            Ok(ticket) => Permit::run_async(self, ticket, classifier, operation).await.map_err(CallError::Inner),
            Err(refusal) => Err(CircuitOpenError::new(self.name().clone(), refusal).into()),
        }
    }

    /// Makes a function of one argument that calls `operation` through the breaker: the counterpart of a decorator.
    pub fn wrap<A, T, E>(&self, operation: impl Fn(A) -> Result<T, E>) -> impl Fn(A) -> Result<T, CallError<E, N>> {
        move |argument| self.call(|| operation(argument))
    }
}

impl<B: Breaker> Permit<'_, B> {
    /// Calls `operation`, and records what `classifier` makes of its result.
    #[inline]
    pub(crate) fn run<T, E>(
        mut self,
        classifier: impl FnOnce(&Result<T, E>) -> Outcome,
        operation: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, E> {
        self.on_drop(Outcome::Failure);
        let result = operation();
        let outcome = classifier(&result);
        self.settle(outcome);
        result
    }

    /// As [`run`](Self::run), for a future that has to be polled at once, or the ticket is lost. The permit is made where it
    /// stays: moved into the future it would cost more than all else here.
    pub(crate) async fn run_async<T, E, F>(
        breaker: &B,
        ticket: B::Ticket,
        classifier: impl FnOnce(&Result<T, E>) -> Outcome,
        operation: impl FnOnce() -> F,
    ) -> Result<T, E>
    where
        F: Future<Output = Result<T, E>>,
    {
        let mut permit = Permit::of(breaker, ticket);
        permit.on_drop(Outcome::Failure);
        let mut future = pin!(operation());
        let result = poll_fn(|context| {
            // A drop inside this poll is an unwinding panic, one between two polls a cancellation.
            permit.on_drop(Outcome::Failure);
            let poll = future.as_mut().poll(context);
            permit.on_drop(Outcome::Ignored);
            poll
        })
        .await;
        permit.on_drop(Outcome::Failure);
        let outcome = classifier(&result);
        permit.settle(outcome);
        result
    }
}
