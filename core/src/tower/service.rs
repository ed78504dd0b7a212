//! A service with a breaker around it.

use core::task::{Context, Poll, Waker};

use tower_service::Service;

use super::choose::ChooseCircuit;
use super::conclude::Conclude;
use super::future::ResponseFuture;
use super::held::{HeldPermit, NameOf};
use super::refuse::Refuse;
use crate::contract::Breaker;
use crate::error::CircuitOpenError;

/// A service with a breaker around it, made by a [`CircuitBreakerLayer`](super::CircuitBreakerLayer).
///
/// Clones share the circuit. The service inside has to be `Clone` too: where the circuit has to be asked elsewhere, the
/// request waits with the service that was ready for it, and a clone takes its place.
#[derive(Clone, Debug)]
pub struct CircuitBreaker<I, S, C, R> {
    inner: I,
    choose: S,
    conclude: C,
    refuse: R,
}

impl<I, S, C, R> CircuitBreaker<I, S, C, R> {
    pub(super) fn new(inner: I, choose: S, conclude: C, refuse: R) -> Self {
        Self { inner, choose, conclude, refuse }
    }

    /// The service inside.
    pub fn get_ref(&self) -> &I {
        &self.inner
    }

    /// The same, to be changed.
    pub fn get_mut(&mut self) -> &mut I {
        &mut self.inner
    }

    /// Takes the breaker away.
    pub fn into_inner(self) -> I {
        self.inner
    }
}

impl<Request, I, S, C, R> Service<Request> for CircuitBreaker<I, S, C, R>
where
    I: Service<Request> + Clone,
    S: ChooseCircuit<Request>,
    C: Conclude<I::Response, I::Error, S::Circuit> + Clone,
    R: Refuse<I::Response, I::Error, NameOf<S::Circuit>> + Clone,
{
    type Response = C::Response;
    type Error = R::Error;
    type Future = ResponseFuture<I, Request, S::Circuit, C, R>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(context).map_err(|error| self.refuse.fail(error))
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let (conclude, refuse) = (self.conclude.clone(), self.refuse.clone());
        let Some(circuit) = self.choose.choose(&request) else {
            return ResponseFuture::running(self.inner.call(request), None, conclude, refuse);
        };
        // Most answers are here at once, and the service that is ready needs no clone. Who has to wait is woken by the
        // future's own poll.
        match circuit.poll_acquire_ticket(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(Ok(ticket)) => {
                let mut permit = Some(HeldPermit::of(circuit, ticket));
                let future = HeldPermit::during(&mut permit, || self.inner.call(request));
                ResponseFuture::running(future, permit, conclude, refuse)
            }
            Poll::Ready(Err(refusal)) => {
                let refused = CircuitOpenError::new(circuit.name().clone(), refusal);
                ResponseFuture::refused(refused, conclude, refuse)
            }
            Poll::Pending => {
                let clone = self.inner.clone();
                let inner = core::mem::replace(&mut self.inner, clone);
                ResponseFuture::asking(circuit, inner, request, conclude, refuse)
            }
        }
    }
}
