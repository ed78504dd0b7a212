//! What every breaker can do, wherever its state is kept: adapters are written against this.
//!
//! ```
//! use halfopen::{Breaker, CallError, CircuitBreaker, Config, ManualClock};
//!
//! fn upload<B: Breaker>(breaker: &B) -> Result<u32, CallError<&'static str, B::Name>> {
//!     breaker.call(|| Err("the disk is full"))
//! }
//!
//! let clock = ManualClock::new();
//! let breaker = CircuitBreaker::with_clock("upload", Config::new().failure_threshold(1), &clock);
//! assert!(matches!(upload(&breaker), Err(CallError::Inner(_))));
//! assert!(matches!(upload(&breaker), Err(CallError::Open(_))));
//! ```

use core::future::{Future, poll_fn};
use core::task::{Context, Poll};
use core::time::Duration;

use crate::breaker::CircuitBreaker;
use crate::call::by_result;
use crate::circuit::{CircuitState, Mode};
use crate::clock::Clock;
use crate::error::{CallError, CircuitOpenError};
use crate::event::{Outcome, Receipt, Refusal, Ticket};
use crate::observer::Observer;
use crate::permit::Permit;
use crate::rules::Rule;

/// A circuit breaker, of whatever kind.
///
/// The methods do what those of the same name do on [`CircuitBreaker`].
pub trait Breaker {
    /// What holds the operation's name.
    type Name: AsRef<str> + Clone;
    /// The proof that a request was let through, as a plain value.
    type Ticket: Copy;

    /// The operation's name.
    fn name(&self) -> &Self::Name;

    /// Asks for a ticket.
    ///
    /// # Errors
    ///
    /// The refusal.
    fn acquire_ticket(&self) -> Result<Self::Ticket, Refusal>;

    /// The same without blocking: pending where the answer has to come from elsewhere, as from the other instances of a fleet. What
    /// is pending is woken, within a bounded time; what is not polled any more holds nothing.
    fn poll_acquire_ticket(&self, context: &mut Context<'_>) -> Poll<Result<Self::Ticket, Refusal>> {
        let _ = context;
        Poll::Ready(self.acquire_ticket())
    }

    /// Hands in the outcome of a ticket's call. A ticket is good for one outcome.
    fn settle_ticket(&self, ticket: Self::Ticket, outcome: Outcome) -> Receipt;

    /// Whether the ticket is that of a probe.
    fn is_probe(ticket: Self::Ticket) -> bool
    where
        Self: Sized;

    /// Whether a request may be made.
    #[must_use = "a `true` may have taken a probe's place, which only an outcome gives back"]
    fn allow_request(&self) -> bool;

    /// Records how an operation ended of which no ticket is known.
    fn record(&self, outcome: Outcome) -> Receipt;

    /// The state in force.
    fn state(&self) -> CircuitState;

    /// Whether the rules are in force.
    fn mode(&self) -> Mode;

    /// Failures counted.
    fn failure_count(&self) -> u16;

    /// How long to wait until a request would be let through; `None`: not before a `reset`.
    fn retry_after(&self) -> Option<Duration>;

    /// Whether it is CLOSED with the rules in force and nothing counted, so that a new one would be as good.
    fn is_idle(&self) -> bool {
        self.state() == CircuitState::Closed && self.mode() == Mode::Normal && self.failure_count() == 0
    }

    /// Asks for a request to be let through.
    ///
    /// # Errors
    ///
    /// A [`CircuitOpenError`] that tells the state and when to ask again.
    #[inline]
    fn try_acquire(&self) -> Result<Permit<'_, Self>, CircuitOpenError<Self::Name>>
    where
        Self: Sized,
    {
        match self.acquire_ticket() {
            Ok(ticket) => Ok(Permit::of(self, ticket)),
            Err(refusal) => Err(CircuitOpenError::new(self.name().clone(), refusal)),
        }
    }

    /// Calls `operation` if the circuit lets it: `Ok` counts as a success, `Err` as a failure.
    ///
    /// # Errors
    ///
    /// [`CallError::Open`] if it was refused, and so not called; [`CallError::Inner`] with its own error.
    fn call<T, E>(&self, operation: impl FnOnce() -> Result<T, E>) -> Result<T, CallError<E, Self::Name>>
    where
        Self: Sized,
    {
        self.call_with(by_result, operation)
    }

    /// As [`call`](Self::call), with a `classifier` that says what a result means.
    ///
    /// # Errors
    ///
    /// As [`call`](Self::call).
    fn call_with<T, E>(
        &self,
        classifier: impl FnOnce(&Result<T, E>) -> Outcome,
        operation: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, CallError<E, Self::Name>>
    where
        Self: Sized,
    {
        self.try_acquire()?.run(classifier, operation).map_err(CallError::Inner)
    }

    /// As [`call`](Self::call), for any future and any runtime.
    ///
    /// # Errors
    ///
    /// As [`call`](Self::call).
    fn call_async<T, E, F>(
        &self,
        operation: impl FnOnce() -> F,
    ) -> impl Future<Output = Result<T, CallError<E, Self::Name>>>
    where
        Self: Sized,
        F: Future<Output = Result<T, E>>,
    {
        self.call_async_with(by_result, operation)
    }

    /// As [`call_async`](Self::call_async), with a `classifier` that says what a result means.
    ///
    /// # Errors
    ///
    /// As [`call`](Self::call).
    fn call_async_with<T, E, F>(
        &self,
        classifier: impl FnOnce(&Result<T, E>) -> Outcome,
        operation: impl FnOnce() -> F,
    ) -> impl Future<Output = Result<T, CallError<E, Self::Name>>>
    where
        Self: Sized,
        F: Future<Output = Result<T, E>>,
    {
        async {
            let ticket = poll_fn(|context| self.poll_acquire_ticket(context)).await;
            let ticket = ticket.map_err(|refusal| CircuitOpenError::new(self.name().clone(), refusal))?;
            Permit::run_async(self, ticket, classifier, operation).await.map_err(CallError::Inner)
        }
    }
}

impl<C: Clock, O: Observer, N: AsRef<str> + Clone, R: Rule> Breaker for CircuitBreaker<C, O, N, R> {
    type Name = N;
    type Ticket = Ticket;

    fn name(&self) -> &N {
        self.name()
    }

    #[inline]
    fn acquire_ticket(&self) -> Result<Ticket, Refusal> {
        self.acquire_ticket()
    }

    #[inline]
    fn settle_ticket(&self, ticket: Ticket, outcome: Outcome) -> Receipt {
        self.settle_ticket(ticket, outcome)
    }

    fn is_probe(ticket: Ticket) -> bool {
        ticket.is_probe()
    }

    #[inline]
    fn allow_request(&self) -> bool {
        self.allow_request()
    }

    fn record(&self, outcome: Outcome) -> Receipt {
        match outcome {
            Outcome::Success => self.record_success(),
            Outcome::Failure => self.record_failure(),
            Outcome::Ignored => self.record_ignored(),
        }
    }

    fn state(&self) -> CircuitState {
        self.state()
    }

    fn mode(&self) -> Mode {
        self.mode()
    }

    fn failure_count(&self) -> u16 {
        self.failure_count()
    }

    fn retry_after(&self) -> Option<Duration> {
        self.retry_after()
    }

    fn is_idle(&self) -> bool {
        self.is_new()
    }
}
