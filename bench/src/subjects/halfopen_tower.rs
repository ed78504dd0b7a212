//! `halfopen` as a layer of tower around a service, with one circuit and with one for each key.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use halfopen::tower::{CircuitBreaker as Guarded, CircuitBreakerLayer};
use halfopen::{CallError, CircuitBreaker, CircuitBreakerRegistry, Clock, Config, RegistryConfig, SystemClock};
use tower::{Layer, Service};

use super::halfopen::{Ahead, CLOCK, MILLISECOND, RULE, SHARES};
use crate::candidate::{Candidate, Cycle, Facts, Side, Window};
use crate::heap;
use crate::service::{Inner, serve};
use crate::subject::{Fault, Shared, Subject, used, works};

/// The names of those that a bar is about.
pub(crate) const LAYER: &str = "halfopen, tower layer";
pub(crate) const KEYED: &str = "halfopen, tower layer by a key";

/// A service that takes any operation as a request.
trait Around: Clone + Send + 'static {
    fn call<F: FnOnce() -> Result<u32, Fault> + Send + 'static>(&mut self, operation: F) -> bool;
}

struct Layered<A>(A);

impl<A: Around> Subject for Layered<A> {
    #[inline(always)]
    fn call<F: FnOnce() -> Result<u32, Fault> + Send + 'static>(&mut self, operation: F) -> bool {
        self.0.call(operation)
    }
}

impl<A: Around> Shared for Layered<A> {
    fn again(&self) -> Self {
        Self(self.0.clone())
    }
}

#[inline(always)]
fn through<S, F, N>(service: &mut S, operation: F) -> bool
where
    S: Service<F, Response = u32, Error = CallError<Fault, N>>,
{
    match serve(service, operation) {
        Err(CallError::Open(refused)) => {
            used(refused.retry_after);
            false
        }
        _ => true,
    }
}

type One<C> = halfopen::tower::OneCircuit<Arc<CircuitBreaker<C>>>;
type OnHead = halfopen::tower::OnHead<halfopen::tower::ByResult>;

impl<C: Clock + Send + Sync + 'static> Around for Guarded<Inner, One<C>, OnHead, halfopen::tower::AsError> {
    #[inline(always)]
    fn call<F: FnOnce() -> Result<u32, Fault> + Send + 'static>(&mut self, operation: F) -> bool {
        through(self, operation)
    }
}

/// The layer is put around the service for each call, because the type of its key names that of the request.
#[derive(Clone)]
struct Keyed<C: Clock>(Arc<CircuitBreakerRegistry<CircuitBreaker<C, (), Arc<str>>>>);

impl<C: Clock + Clone + Send + Sync + 'static> Around for Keyed<C> {
    #[inline(always)]
    fn call<F: FnOnce() -> Result<u32, Fault> + Send + 'static>(&mut self, operation: F) -> bool {
        let layer = CircuitBreakerLayer::keyed(&*self.0, |_: &F| Some(Cow::Borrowed("bench")));
        through(&mut layer.layer(Inner), operation)
    }
}

pub(super) fn candidates() -> Vec<Candidate> {
    let one = |config, clock| CircuitBreakerLayer::new(Arc::new(CircuitBreaker::with_clock("bench", config, clock)));
    let one_ahead =
        |config, clock| CircuitBreakerLayer::new(Arc::new(CircuitBreaker::with_clock("bench", config, clock)));
    vec![
        candidate(
            LAYER,
            SHARES,
            move |config| one(config, SystemClock).layer(Inner),
            move |config, clock| one_ahead(config, clock).layer(Inner),
        ),
        candidate(KEYED, "the same, and a lock for readers", |config| keyed(config, SystemClock), keyed),
    ]
}

fn keyed<C: Clock + Clone + Send + Sync + 'static>(config: Config, clock: C) -> Keyed<C> {
    let config = RegistryConfig::new().defaults(config);
    Keyed(Arc::new(CircuitBreakerRegistry::try_with_clock(config, clock).expect("the configuration is valid")))
}

fn candidate<A: Around, B: Around>(
    name: &'static str,
    shares: &'static str,
    around: impl Fn(Config) -> A,
    around_ahead: impl Fn(Config, Ahead) -> B,
) -> Candidate {
    let facts = Facts { name, side: Side::Ours, window: Window::None, counts: RULE, clock: CLOCK, shares };
    let clock = Ahead::default();
    let for_cycle = clock.clone();
    let config = |wait: Duration| Config::new().recovery_timeout(wait);
    Candidate::shared(
        facts,
        heap::bytes(|| Layered(around(Config::new())), |service| _ = service.call(works)),
        |wait| Layered(around(config(wait))),
        Cycle {
            make: |wait| Layered(around_ahead(config(wait).failure_threshold(1), for_cycle.clone())),
            failures: 1,
            successes: 1,
            wait: MILLISECOND,
            pass: move || clock.put_forward(),
        },
    )
}
