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
use crate::clock::{Clock, DefaultClock};
use crate::error::CircuitOpenError;
use crate::event::{Outcome, Receipt, Ticket};
use crate::observer::Observer;
use crate::rules::{Consecutive, Rule};

/// A request that was let through.
///
/// Its outcome counts only in the generation of the circuit in which it was let through. Dropped without an outcome, as
/// when a future is cancelled, it counts as nothing and a probe gives its place back.
#[must_use = "a permit that is dropped counts as nothing"]
pub struct Permit<'a, C: Clock = DefaultClock, O: Observer = (), N: AsRef<str> = &'static str, R: Rule = Consecutive> {
    breaker: &'a CircuitBreaker<C, O, N, R>,
    ticket: Ticket,
    on_drop: Outcome,
}

impl<C: Clock, O: Observer, N: AsRef<str>, R: Rule> CircuitBreaker<C, O, N, R> {
    /// Asks for a request to be let through.
    ///
    /// # Errors
    ///
    /// A [`CircuitOpenError`] that tells the state and when to ask again.
    #[inline]
    pub fn try_acquire(&self) -> Result<Permit<'_, C, O, N, R>, CircuitOpenError<N>>
    where
        N: Clone,
    {
        match self.admitted_freely() {
            Some(ticket) => Ok(self.permit(ticket)),
            None => self.permit_by_time(),
        }
    }

    #[inline]
    pub(crate) fn permit(&self, ticket: Ticket) -> Permit<'_, C, O, N, R> {
        Permit { breaker: self, ticket, on_drop: Outcome::Ignored }
    }

    #[cold]
    #[cfg_attr(not(target_pointer_width = "64"), inline(never))]
    #[cfg_attr(target_pointer_width = "64", inline(always))]
    fn permit_by_time(&self) -> Result<Permit<'_, C, O, N, R>, CircuitOpenError<N>>
    where
        N: Clone,
    {
        match self.acquire_by_time() {
            Ok(ticket) => Ok(self.permit(ticket)),
            Err(refusal) => Err(CircuitOpenError::new(self.name().clone(), refusal)),
        }
    }
}

impl<'a, C: Clock, O: Observer, N: AsRef<str>, R: Rule> Permit<'a, C, O, N, R> {
    pub(crate) fn breaker(&self) -> &'a CircuitBreaker<C, O, N, R> {
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

    /// The plain value inside.
    #[must_use]
    pub fn ticket(&self) -> Ticket {
        self.ticket
    }

    /// Whether this request is a probe of HALF_OPEN.
    #[must_use]
    pub fn is_probe(&self) -> bool {
        self.ticket.is_probe()
    }

    /// Whether it is a probe, and no probe of its round has reported before.
    #[cfg(feature = "hal")]
    pub(crate) fn is_first_probe(&self) -> bool {
        self.ticket.is_probe() && self.breaker.glance().successes() == 0
    }

    /// Takes what has passed since [`try_acquire`](CircuitBreaker::try_acquire) out of the request's time, where that is
    /// measured.
    #[cfg(feature = "hal")]
    pub(crate) fn begin_now(&mut self) {
        if R::slow_call_ms(self.breaker.policy()) > 0 {
            self.ticket = self.ticket.begun(self.breaker.clock().now());
        }
    }

    /// What a drop without an outcome counts as: a failure while the user's code runs and may unwind.
    pub(crate) fn on_drop(&mut self, outcome: Outcome) {
        self.on_drop = outcome;
    }
}

impl<C: Clock, O: Observer, N: AsRef<str>, R: Rule> Drop for Permit<'_, C, O, N, R> {
    fn drop(&mut self) {
        self.breaker.settle_ticket(self.ticket, self.on_drop);
    }
}

impl<C: Clock, O: Observer, N: AsRef<str>, R: Rule> fmt::Debug for Permit<'_, C, O, N, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Permit")
            .field("operation_name", &self.breaker.operation_name())
            .field("ticket", &self.ticket)
            .finish()
    }
}
