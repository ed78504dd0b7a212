//! A request that was let through, and who has to say how it ended.
//!
//! ```
//! use halfopen::{CircuitBreaker, Config, ManualClock, Receipt};
//!
//! let clock = ManualClock::new();
//! let breaker = CircuitBreaker::with_clock("radio", Config::new(), &clock);
//! let permit = breaker.try_acquire()?;
//! assert_eq!(permit.success(), Receipt::Recorded);
//! # Ok::<(), halfopen::CircuitOpenError>(())
//! ```

use core::fmt;

use crate::breaker::CircuitBreaker;
use crate::clock::Clock;
use crate::contract::Breaker;
use crate::error::CircuitOpenError;
use crate::event::{Outcome, Receipt};
use crate::observer::Observer;
use crate::rules::Rule;

/// A request that was let through, by a breaker of whatever kind.
///
/// Its outcome counts only in the generation of the circuit in which it was let through. Dropped without an outcome, as
/// when a future is cancelled, it counts as nothing and a probe gives its place back.
#[must_use = "a permit that is dropped counts as nothing"]
pub struct Permit<'a, B: Breaker = CircuitBreaker> {
    breaker: &'a B,
    ticket: B::Ticket,
    on_drop: Outcome,
}

impl<C: Clock, O: Observer, N: AsRef<str> + Clone, R: Rule> CircuitBreaker<C, O, N, R> {
    /// Asks for a request to be let through.
    ///
    /// # Errors
    ///
    /// A [`CircuitOpenError`] that tells the state and when to ask again.
    #[inline]
    pub fn try_acquire(&self) -> Result<Permit<'_, Self>, CircuitOpenError<N>> {
        match self.admitted_freely() {
            Some(ticket) => Ok(Permit::of(self, ticket)),
            None => self.permit_by_time(),
        }
    }

    #[cold]
    #[cfg_attr(not(target_pointer_width = "64"), inline(never))]
    #[cfg_attr(target_pointer_width = "64", inline(always))]
    fn permit_by_time(&self) -> Result<Permit<'_, Self>, CircuitOpenError<N>> {
        match self.acquire_by_time() {
            Ok(ticket) => Ok(Permit::of(self, ticket)),
            Err(refusal) => Err(CircuitOpenError::new(self.name().clone(), refusal)),
        }
    }
}

impl<'a, B: Breaker> Permit<'a, B> {
    #[inline]
    pub(crate) fn of(breaker: &'a B, ticket: B::Ticket) -> Self {
        Self { breaker, ticket, on_drop: Outcome::Ignored }
    }

    pub(crate) fn breaker(&self) -> &'a B {
        self.breaker
    }

    /// The operation worked.
    #[inline]
    pub fn success(self) -> Receipt {
        self.settle(Outcome::Success)
    }

    /// The operation failed.
    #[inline]
    pub fn failure(self) -> Receipt {
        self.settle(Outcome::Failure)
    }

    /// The request says nothing about the operation.
    #[inline]
    pub fn ignore(self) -> Receipt {
        self.settle(Outcome::Ignored)
    }

    /// The request ended with `outcome`.
    #[inline]
    pub fn settle(self, outcome: Outcome) -> Receipt {
        let (breaker, ticket) = (self.breaker, self.ticket);
        core::mem::forget(self);
        breaker.settle_ticket(ticket, outcome)
    }

    /// The breaker and the ticket, for whoever makes a permit of them again.
    #[cfg(feature = "hal")]
    pub(crate) fn into_parts(self) -> (&'a B, B::Ticket) {
        let parts = (self.breaker, self.ticket);
        core::mem::forget(self);
        parts
    }

    /// The plain value inside.
    #[must_use]
    pub fn ticket(&self) -> B::Ticket {
        self.ticket
    }

    /// Whether this request is a probe of HALF_OPEN.
    #[must_use]
    pub fn is_probe(&self) -> bool {
        B::is_probe(self.ticket)
    }

    /// What a drop without an outcome counts as: a failure while the user's code runs and may unwind.
    pub(crate) fn on_drop(&mut self, outcome: Outcome) {
        self.on_drop = outcome;
    }
}

#[cfg(feature = "hal")]
impl<C: Clock, O: Observer, N: AsRef<str> + Clone, R: Rule> Permit<'_, CircuitBreaker<C, O, N, R>> {
    /// Whether it is a probe, and no probe of its round has reported before.
    pub(crate) fn is_first_probe(&self) -> bool {
        self.ticket.is_probe() && self.breaker.glance().successes() == 0
    }

    /// Takes what has passed since [`try_acquire`](CircuitBreaker::try_acquire) out of the request's time, where that is
    /// measured.
    pub(crate) fn begin_now(&mut self) {
        if R::slow_call_ms(self.breaker.policy()) > 0 {
            self.ticket = self.ticket.begun(self.breaker.clock().now());
        }
    }
}

impl<B: Breaker> Drop for Permit<'_, B> {
    fn drop(&mut self) {
        self.breaker.settle_ticket(self.ticket, self.on_drop);
    }
}

impl<B: Breaker<Ticket: fmt::Debug>> fmt::Debug for Permit<'_, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Permit")
            .field("operation_name", &self.breaker.name().as_ref())
            .field("ticket", &self.ticket)
            .finish()
    }
}
