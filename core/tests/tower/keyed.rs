//! A circuit for each key.

use std::borrow::Cow;
use std::sync::Arc;

use halfopen::tower::CircuitBreakerLayer;
use halfopen::{CallError, CircuitBreakerRegistry, Config, ManualClock, RegistryConfig};
use tower_layer::Layer;

use crate::support::{Breaker, Script, call, poll, ready_in};

fn circuits(most: u32) -> Arc<CircuitBreakerRegistry<Breaker>> {
    let config = RegistryConfig::new().defaults(Config::new().failure_threshold(1)).max_circuits(most);
    Arc::new(CircuitBreakerRegistry::try_with_clock(config, Arc::new(ManualClock::new())).unwrap())
}

/// What is before the colon.
fn key<'r>(request: &'r &'static str) -> Option<Cow<'r, str>> {
    request.split_once(':').map(|(key, _)| Cow::Borrowed(key))
}

#[test]
fn the_key_of_a_request_chooses_its_circuit() {
    let circuits = circuits(10);
    let script = Script::<u32, _>::new().then(1, || Err("down")).then(1, || Ok(1)).then(1, || Ok(2));
    let mut service = CircuitBreakerLayer::keyed(circuits.clone(), key).layer(script);
    assert_eq!(ready_in(1, call(&mut service, "sick:1")), Err(CallError::Inner("down")));
    let Err(CallError::Open(refused)) = ready_in(1, call(&mut service, "sick:2")) else { panic!("not shed") };
    assert_eq!(&*refused.operation_name, "sick");
    assert_eq!(ready_in(1, call(&mut service, "healthy:1")), Ok(1));
    assert_eq!(ready_in(1, call(&mut service, "no key")), Ok(2));
    assert_eq!((circuits.len(), service.get_ref().calls.borrow().join(" ")), (2, "sick:1 healthy:1 no key".to_owned()));
}

#[test]
fn a_request_without_a_place_for_its_circuit_goes_through() {
    let circuits = circuits(1);
    circuits.register("sick").unwrap().trip();
    let script = Script::<u32, _>::new().then(1, || Err("down")).then(1, || Ok(2));
    let mut service = CircuitBreakerLayer::keyed(circuits.clone(), key).layer(script);
    assert_eq!(ready_in(1, call(&mut service, "other:1")), Err(CallError::Inner("down")));
    assert_eq!(ready_in(1, call(&mut service, "other:2")), Ok(2), "nothing was counted");
    assert_eq!((circuits.len(), circuits.turned_away()), (1, 2));
}

#[test]
fn a_circuit_with_a_request_in_flight_does_not_retire_and_does_when_it_is_dropped() {
    let circuits = circuits(1);
    let script = Script::<u32, &str>::new().then(3, || Ok(1));
    let mut service = CircuitBreakerLayer::keyed(circuits.clone(), key).layer(script);
    let mut future = Box::pin(call(&mut service, "slow:1"));
    assert!(poll(future.as_mut()).is_pending());
    assert_eq!(circuits.retire_idle(std::time::Duration::ZERO), 0);
    drop(future);
    assert_eq!(circuits.retire_idle(std::time::Duration::ZERO), 1);
}

#[test]
fn a_panic_in_the_key_holds_nothing() {
    let circuits = circuits(1);
    let layer =
        CircuitBreakerLayer::keyed(circuits.clone(), |_: &&'static str| -> Option<Cow<'_, str>> { panic!("boom") });
    let mut service = layer.layer(Script::<u32, &str>::new());
    let called = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| drop(call(&mut service, "a:1"))));
    assert!(called.is_err() && circuits.is_empty());
}
