//! Which circuit a request is for.
//!
//! ```
//! use std::borrow::Cow;
//! use std::sync::Arc;
//! use halfopen::tower::CircuitBreakerLayer;
//! use halfopen::{CircuitBreakerRegistry, RegistryConfig};
//!
//! struct Query { tenant: Option<String> }
//!
//! let circuits = Arc::new(CircuitBreakerRegistry::try_new(RegistryConfig::new())?);
//! let layer = CircuitBreakerLayer::keyed(circuits, |query: &Query| query.tenant.as_deref().map(Cow::Borrowed));
//! # let _ = layer;
//! # Ok::<(), halfopen::RegistryError>(())
//! ```

use core::ops::Deref;
use std::borrow::Cow;

use crate::contract::Breaker;
use crate::registry::{CircuitBreakerRegistry, RegistryEntry};

/// Chooses the circuit for a request.
pub trait ChooseCircuit<Request> {
    /// What leads to the circuit, for as long as the request is in flight: an `Arc`, a `&'static`, a
    /// [`RegistryEntry`](crate::RegistryEntry).
    type Circuit: Deref<Target: Breaker + Sized>;

    /// The circuit; `None`: the request goes through without one.
    fn choose(&self, request: &Request) -> Option<Self::Circuit>;
}

/// The same circuit for every request.
#[derive(Clone, Copy, Debug)]
pub struct OneCircuit<H>(pub(super) H);

impl<Request, H: Deref<Target: Breaker + Sized> + Clone> ChooseCircuit<Request> for OneCircuit<H> {
    type Circuit = H;

    #[inline]
    fn choose(&self, _: &Request) -> Option<H> {
        Some(self.0.clone())
    }
}

/// The circuit of a registry that has the request's key as its name.
///
/// Keys come from requests, so there may be many: the registry is bounded. A path with an id in it makes a circuit for each
/// id; take the route it matched, if your framework tells it.
#[derive(Clone, Debug)]
pub struct KeyedCircuits<P, K> {
    pub(super) registry: P,
    pub(super) key: K,
}

impl<Request, P, K, B> ChooseCircuit<Request> for KeyedCircuits<P, K>
where
    P: Deref<Target = CircuitBreakerRegistry<B>>,
    K: Fn(&Request) -> Option<Cow<'_, str>>,
    B: Breaker,
{
    type Circuit = RegistryEntry<B>;

    fn choose(&self, request: &Request) -> Option<RegistryEntry<B>> {
        // A breaker is there to let healthy requests through: what has no place is not refused for it.
        self.registry.register(&(self.key)(request)?).ok()
    }
}
