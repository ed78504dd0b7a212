//! What a shared breaker says of itself, and the orders that it takes.

use alloc::string::ToString;
use core::task::{Context, Poll};
use core::time::Duration;
use std::sync::Arc;

use super::{Member, SharedBreaker};
use crate::circuit::{CircuitState, Mode};
use crate::contract::Breaker;
use crate::error::{CallError, CircuitOpenError};
use crate::event::{Outcome, Receipt, Refusal, Ticket};
use crate::observer::Observer;
use crate::permit::Permit;
use crate::redis::FleetClock;
use crate::redis::circuit::Circuit;
use crate::redis::wire::{Operation, Order};
use crate::rules::Rule;
use crate::time::{Timestamp, millis};

/// Whether an instance shares its circuit at the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Sharing {
    /// It does, or it has not had a reason yet to find out.
    Shared,
    /// Redis is away: it decides alone.
    Alone,
}

impl<C: FleetClock, O: Observer, R: Rule> SharedBreaker<C, O, R> {
    /// The name given at construction.
    #[must_use]
    pub fn operation_name(&self) -> &str {
        &self.member.name
    }

    /// The state in force, as far as this instance knows: of what another one did it knows about a millisecond later.
    #[must_use]
    pub fn state(&self) -> CircuitState {
        if self.member.local_decides() {
            return self.member.local.state();
        }
        let now = self.member.now();
        self.member.lock().circuit.state(now)
    }

    /// Whether the rules are in force.
    #[must_use]
    pub fn mode(&self) -> Mode {
        if self.member.local_decides() { self.member.local.mode() } else { self.member.lock().circuit.mode() }
    }

    /// Consecutive failures of the whole fleet, as far as this instance knows; where instances count by themselves, this one's.
    #[must_use]
    pub fn failure_count(&self) -> u16 {
        if self.member.local_decides() {
            return self.member.local.failure_count();
        }
        self.member.lock().circuit.failure_count()
    }

    /// When the latest failure was of which this instance knows, on its clock.
    #[must_use]
    pub fn last_failure_time(&self) -> Option<Timestamp> {
        let fleet = self.member.lock().circuit.failed_at().map(|at| Timestamp::from_millis(at / 1_000));
        fleet.max(self.member.local.last_failure_time())
    }

    /// Whether a request would be let through, or would be asked for, now. Takes no place.
    #[must_use]
    pub fn would_allow(&self) -> bool {
        self.member.local.admitted_freely().is_some() || self.retry_after() == Some(Duration::ZERO)
    }

    /// How long to wait until it makes sense to ask: zero means now, `None` not before a `reset`.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        if self.member.local_decides() {
            return self.member.local.retry_after();
        }
        let (mut shared, now) = (self.member.lock(), self.member.now());
        let wait = shared.circuit.retry_after_ms(now).map(millis);
        self.member.after(shared);
        wait
    }

    /// Whether the instance shares its circuit at the moment.
    #[must_use]
    pub fn sharing(&self) -> Sharing {
        if self.member.lock().circuit.is_alone() { Sharing::Alone } else { Sharing::Shared }
    }

    /// How long ago Redis has answered last; `None` if it never has.
    #[must_use]
    pub fn last_contact(&self) -> Option<Duration> {
        let now = self.member.now();
        self.member.lock().circuit.heard_at().map(|at| Duration::from_micros(now.saturating_sub(at)))
    }

    /// Opens the circuit of the whole fleet now; it recovers by itself.
    pub fn trip(&self) {
        self.order(Operation::Trip { gen_no: 0, vote: None, failures: 0, open_until: None }, |local| local.trip());
    }

    /// Refuses every request of the whole fleet until [`reset`](Self::reset). `reason` is for whoever finds it so.
    pub fn force_open(&self, reason: &str) {
        self.order(Operation::Force(Some(Order::Open), reason.to_string()), |local| local.isolate());
    }

    /// Lets every request of the whole fleet through and records nothing, until [`reset`](Self::reset).
    pub fn force_closed(&self, reason: &str) {
        self.order(Operation::Force(Some(Order::Closed), reason.to_string()), |local| local.disable());
    }

    /// [`force_open`](Self::force_open) by the contract's name.
    pub fn isolate(&self) {
        self.force_open("");
    }

    /// [`force_closed`](Self::force_closed) by the contract's name.
    pub fn disable(&self) {
        self.force_closed("");
    }

    /// Closes the circuit of the whole fleet with the rules in force and nothing counted.
    pub fn reset(&self) {
        self.order(Operation::Reset, |local| local.reset());
    }

    fn order(
        &self,
        operation: Operation,
        alone: impl FnOnce(&crate::breaker::CircuitBreaker<C, super::Teller<O>, Arc<str>, R>),
    ) {
        let member: &Member<C, O, R> = &self.member;
        if !member.counts && operation == Operation::Reset && member.local_decides() {
            // What its own rule has opened closes too, and nothing more is to be told of it.
            member.local.reset();
            member.after_local();
        }
        let mut shared = member.lock();
        shared.circuit.order(member.now(), operation);
        let decides = shared.circuit.is_alone();
        member.after(shared);
        if decides {
            alone(&member.local);
        }
    }

    /// Asks for a request to be let through. See [`CircuitBreaker::try_acquire`](crate::CircuitBreaker::try_acquire).
    ///
    /// # Errors
    ///
    /// A [`CircuitOpenError`] that tells the state and when to ask again.
    #[inline]
    pub fn try_acquire(&self) -> Result<Permit<'_, Self>, CircuitOpenError<Arc<str>>> {
        match self.member.admitted_freely() {
            Some(ticket) => Ok(Permit::of(self, ticket)),
            None => self.try_acquire_slowly(),
        }
    }

    #[inline(always)]
    fn try_acquire_slowly(&self) -> Result<Permit<'_, Self>, CircuitOpenError<Arc<str>>> {
        match self.member.acquire_slowly() {
            Ok(ticket) => Ok(Permit::of(self, ticket)),
            Err(refusal) => Err(CircuitOpenError::new(Arc::clone(&self.member.name), refusal)),
        }
    }

    /// Calls `operation` if the circuit lets it. See [`CircuitBreaker::call`](crate::CircuitBreaker::call).
    ///
    /// # Errors
    ///
    /// [`CallError::Open`] if it was refused, and so not called; [`CallError::Inner`] with its own error.
    pub fn call<T, E>(&self, operation: impl FnOnce() -> Result<T, E>) -> Result<T, CallError<E, Arc<str>>> {
        Breaker::call(self, operation)
    }

    /// As [`call`](Self::call), for any future and any runtime.
    ///
    /// # Errors
    ///
    /// As [`call`](Self::call).
    pub async fn call_async<T, E, F: Future<Output = Result<T, E>>>(
        &self,
        operation: impl FnOnce() -> F,
    ) -> Result<T, CallError<E, Arc<str>>> {
        Breaker::call_async(self, operation).await
    }

    /// What the sans-I/O core says, for those who look into it.
    #[doc(hidden)]
    pub fn with_circuit<T>(&self, look: impl FnOnce(&mut Circuit) -> T) -> T {
        look(&mut self.member.lock().circuit)
    }
}

impl<C: FleetClock, O: Observer, R: Rule> Breaker for SharedBreaker<C, O, R> {
    type Name = Arc<str>;
    type Ticket = Ticket;

    fn name(&self) -> &Arc<str> {
        &self.member.name
    }

    #[inline]
    fn acquire_ticket(&self) -> Result<Ticket, Refusal> {
        self.acquire_ticket()
    }

    fn poll_acquire_ticket(&self, context: &mut Context<'_>) -> Poll<Result<Ticket, Refusal>> {
        match self.member.admitted_freely() {
            Some(ticket) => Poll::Ready(Ok(ticket)),
            None => self.member.poll_acquire(context),
        }
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
        if outcome == Outcome::Success { self.record_success() } else { self.member.record(outcome) }
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
}
