//! What a guard does with a transaction: ask the circuit, use the bus, say how it went.

use super::Guarded;
use super::circuits::CircuitFor;
use super::classify::Classifier;
use super::recovery::{AsyncRecovery, BeginsRound, Recovery, Round};
use crate::breaker::CircuitBreaker;
use crate::clock::Clock;
use crate::error::{CallError, CircuitOpenError};
use crate::event::{Outcome, Refusal};
use crate::observer::Observer;
use crate::permit::Permit;
use crate::rules::Rule;

impl<B, S, K, W> Guarded<B, S, K, W> {
    /// The same, where `sort` says what a result counts as.
    #[inline]
    pub(super) fn sorted<A, T, E>(
        &mut self,
        address: &A,
        sort: impl FnOnce(&K, &Result<T, E>) -> Outcome,
        operation: impl FnOnce(&mut B) -> Result<T, E>,
    ) -> Result<T, CallError<E, S::Name>>
    where
        S: CircuitFor<A>,
        W: Recovery<B>,
    {
        let Self { inner, circuits, classifier, recovery } = self;
        let Some(circuit) = circuits.circuit_for(address) else {
            return operation(inner).map_err(CallError::Inner);
        };
        let mut permit = match circuit.acquire_ticket() {
            Ok(ticket) => Permit::of(&*circuit, ticket),
            Err(refusal) => return Err(refused(circuit.name(), refusal)),
        };
        if let Some(round) = due(recovery, &permit) {
            recovery.recover(inner);
            recovery.acted(round);
            permit.begin_now();
        }
        permit.run(|result| sort(classifier, result), || operation(inner)).map_err(CallError::Inner)
    }

    /// As [`sorted`](Self::sorted), for a bus that is waited for.
    pub(super) async fn sorted_async<A, T, E>(
        &mut self,
        address: &A,
        sort: impl FnOnce(&K, &Result<T, E>) -> Outcome,
        operation: impl AsyncFnOnce(&mut B) -> Result<T, E>,
    ) -> Result<T, CallError<E, S::Name>>
    where
        S: CircuitFor<A>,
        W: AsyncRecovery<B>,
    {
        let Self { inner, circuits, classifier, recovery } = self;
        let Some(circuit) = circuits.circuit_for(address) else {
            return operation(inner).await.map_err(CallError::Inner);
        };
        let mut permit = match circuit.acquire_ticket() {
            Ok(ticket) => Permit::of(&*circuit, ticket),
            Err(refusal) => return Err(refused(circuit.name(), refusal)),
        };
        if let Some(round) = due(recovery, &permit) {
            recovery.recover(inner).await;
            recovery.acted(round);
            permit.begin_now();
        }
        let (breaker, ticket) = permit.into_parts();
        let call = Permit::run_async(breaker, ticket, |result| sort(classifier, result), || operation(inner));
        call.await.map_err(CallError::Inner)
    }
}

/// The round of this request, if there is something to recover before it: it is a probe, none of its round has reported
/// before, and this guard has not recovered in this round.
#[inline]
fn due<C: Clock, O: Observer, N: AsRef<str> + Clone, R: Rule, W: BeginsRound>(
    recovery: &W,
    permit: &Permit<'_, CircuitBreaker<C, O, N, R>>,
) -> Option<Round> {
    if !W::ACTS || !permit.is_first_probe() {
        return None;
    }
    let circuit = core::ptr::from_ref(permit.breaker()).addr();
    let round = Round { circuit, generation: permit.ticket().generation() };
    recovery.is_due(round).then_some(round)
}

/// Built in its place: a copy of it costs more than it.
#[cold]
#[inline(never)]
fn refused<E, N: Clone>(name: &N, refusal: Refusal) -> CallError<E, N> {
    CallError::Open(CircuitOpenError::new(name.clone(), refusal))
}

/// What a transaction counts as, and `well` if it went so.
#[inline]
pub(super) fn outcome<T, E, Kind, K: Classifier<Kind>>(
    classifier: &K,
    well: Outcome,
    result: &Result<T, E>,
    kind: impl FnOnce(&E) -> Kind,
) -> Outcome {
    match result {
        Ok(_) => well,
        Err(error) => classifier.classify(kind(error)),
    }
}
