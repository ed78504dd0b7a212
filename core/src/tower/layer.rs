//! How a breaker is put around a service.

use core::ops::Deref;
use std::borrow::Cow;

use tower_layer::Layer;

use super::choose::{KeyedCircuits, OneCircuit};
use super::classify::ByResult;
use super::conclude::OnHead;
#[cfg(feature = "http")]
use super::http::{BodyEnd, GrpcStatus, GrpcUnavailable, HttpStatus, OnBodyEnd, Unavailable};
use super::refuse::{AsError, Boxed, RespondWith};
use super::service::CircuitBreaker;
use crate::contract::Breaker;
use crate::error::CircuitOpenError;
use crate::registry::CircuitBreakerRegistry;

/// Puts a [`CircuitBreaker`] around a service.
///
/// `S` says which circuit a request is for, `C` what its outcome is and when it is known, `R` what a refusal becomes.
#[derive(Clone, Copy, Debug)]
pub struct CircuitBreakerLayer<S, C = OnHead<ByResult>, R = AsError> {
    choose: S,
    conclude: C,
    refuse: R,
}

impl<H: Deref<Target: Breaker + Sized> + Clone> CircuitBreakerLayer<OneCircuit<H>> {
    /// One circuit for all requests. `breaker` leads to it and is cloned for each: an `Arc`, a `&'static` or a
    /// [`RegistryEntry`](crate::RegistryEntry).
    ///
    /// ```
    /// use halfopen::tower::CircuitBreakerLayer;
    /// use halfopen::{CircuitBreaker, Config};
    ///
    /// static MAIL: CircuitBreaker = CircuitBreaker::new("mail", Config::new());
    /// let layer = CircuitBreakerLayer::new(&MAIL);
    /// # let _ = layer;
    /// ```
    pub const fn new(breaker: H) -> Self {
        Self { choose: OneCircuit(breaker), conclude: OnHead(ByResult), refuse: AsError }
    }
}

impl<P, K> CircuitBreakerLayer<KeyedCircuits<P, K>> {
    /// A circuit for each key: the request's circuit is that of the registry which has its key as its name.
    ///
    /// A request of which `key` gives `None` goes through without a circuit, and so does one for which the registry has no
    /// place: see [`CircuitBreakerRegistry::turned_away`].
    pub const fn keyed<Request, B>(registry: P, key: K) -> Self
    where
        P: Deref<Target = CircuitBreakerRegistry<B>> + Clone,
        K: Fn(&Request) -> Option<Cow<'_, str>> + Clone,
        B: Breaker,
    {
        Self { choose: KeyedCircuits { registry, key }, conclude: OnHead(ByResult), refuse: AsError }
    }
}

impl<S, C, R> CircuitBreakerLayer<S, OnHead<C>, R> {
    /// What a response or an error means: a [`Classify`](super::Classify), or a function of the result. By default an error
    /// is a failure.
    pub fn classify<D>(self, classifier: D) -> CircuitBreakerLayer<S, OnHead<D>, R> {
        CircuitBreakerLayer { choose: self.choose, conclude: OnHead(classifier), refuse: self.refuse }
    }

    /// A response with a 5xx status is a failure too.
    #[cfg(feature = "http")]
    pub fn classify_http(self) -> CircuitBreakerLayer<S, OnHead<HttpStatus>, R> {
        self.classify(HttpStatus::new())
    }

    /// By the status of a call of gRPC, which comes at the end of the body.
    #[cfg(feature = "http")]
    pub fn classify_grpc(self) -> CircuitBreakerLayer<S, OnBodyEnd<GrpcStatus, GrpcStatus>, R> {
        self.classify(GrpcStatus::new()).until_body_ends_by(GrpcStatus::new())
    }

    /// A response that the classifier takes for a success is one when its body has ended, and a failure if that breaks off
    /// with an error.
    #[cfg(feature = "http")]
    pub fn until_body_ends(self) -> CircuitBreakerLayer<S, OnBodyEnd<C, BodyEnd>, R> {
        self.until_body_ends_by(BodyEnd)
    }

    /// The same, with a [`ClassifyEnd`](super::ClassifyEnd) that says what an end means, or a function of it.
    #[cfg(feature = "http")]
    pub fn until_body_ends_by<E>(self, end: E) -> CircuitBreakerLayer<S, OnBodyEnd<C, E>, R> {
        CircuitBreakerLayer {
            choose: self.choose,
            conclude: OnBodyEnd { classifier: self.conclude.0, end },
            refuse: self.refuse,
        }
    }
}

impl<S, C, R> CircuitBreakerLayer<S, C, R> {
    /// Errors are boxed, those of the service and [`CircuitOpenError`]: where the service's error is a boxed one already.
    pub fn boxed_errors(self) -> CircuitBreakerLayer<S, C, Boxed> {
        self.refuse_by(Boxed)
    }

    /// A refusal is a response, which `respond` makes; the error stays that of the service.
    pub fn respond_with<Response, Name, F>(self, respond: F) -> CircuitBreakerLayer<S, C, RespondWith<F>>
    where
        F: Fn(CircuitOpenError<Name>) -> Response + Clone,
    {
        self.refuse_by(RespondWith(respond))
    }

    /// A refusal is a response with the status 503, an empty body, and `Retry-After` where that is known.
    #[cfg(feature = "http")]
    pub fn respond_unavailable(self) -> CircuitBreakerLayer<S, C, Unavailable> {
        self.refuse_by(Unavailable)
    }

    /// A refusal is a response of gRPC with the status `UNAVAILABLE`, and `grpc-retry-pushback-ms` where that is known.
    #[cfg(feature = "http")]
    pub fn respond_grpc_unavailable(self) -> CircuitBreakerLayer<S, C, GrpcUnavailable> {
        self.refuse_by(GrpcUnavailable)
    }

    /// What becomes of refusals and errors: a [`Refuse`](super::Refuse).
    pub fn refuse_by<Q>(self, refuse: Q) -> CircuitBreakerLayer<S, C, Q> {
        CircuitBreakerLayer { choose: self.choose, conclude: self.conclude, refuse }
    }
}

impl<I, S: Clone, C: Clone, R: Clone> Layer<I> for CircuitBreakerLayer<S, C, R> {
    type Service = CircuitBreaker<I, S, C, R>;

    fn layer(&self, inner: I) -> Self::Service {
        CircuitBreaker::new(inner, self.choose.clone(), self.conclude.clone(), self.refuse.clone())
    }
}
