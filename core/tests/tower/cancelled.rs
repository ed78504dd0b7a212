//! Futures that are dropped after any number of polls.

use halfopen::tower::CircuitBreakerLayer;
use halfopen::{CircuitState, Receipt};
use tower_layer::Layer;

use crate::support::{Script, THRESHOLD, breaker, call, is_probing, lapsed, poll, ready_in};

const POLLS: u32 = 6;

#[test]
fn a_future_that_is_dropped_after_any_number_of_polls_counts_as_nothing() {
    for polls in 0..POLLS {
        let (_, circuit) = breaker();
        circuit.record_failure();
        let mut service =
            CircuitBreakerLayer::new(circuit.clone()).layer(Script::<u32, &str>::new().then(POLLS, || Ok(1)));
        let mut future = Box::pin(call(&mut service, "a"));
        (0..polls).for_each(|_| assert!(poll(future.as_mut()).is_pending()));
        drop(future);
        assert_eq!((circuit.failure_count(), circuit.state()), (1, CircuitState::Closed), "after {polls} polls");
    }
}

#[test]
fn a_probe_that_is_dropped_after_any_number_of_polls_gives_its_place_back() {
    for polls in 0..POLLS {
        let (_, circuit) = lapsed();
        let script = Script::<u32, &str>::new().then(POLLS, || Ok(1)).then(1, || Ok(2));
        let mut service = CircuitBreakerLayer::new(circuit.clone()).layer(script);
        let mut future = Box::pin(call(&mut service, "a"));
        (0..polls).for_each(|_| assert!(poll(future.as_mut()).is_pending()));
        assert!(is_probing(&circuit), "it has its place from the call on");
        drop(future);
        assert_eq!((circuit.state(), circuit.failure_count()), (CircuitState::HalfOpen, THRESHOLD));
        let next = circuit.try_acquire().expect("the place is free at once");
        assert_eq!((next.is_probe(), next.ignore()), (true, Receipt::Recorded));
        assert_eq!(ready_in(1, call(&mut service, "b")), Ok(2));
        assert_eq!(circuit.state(), CircuitState::Closed);
    }
}

#[test]
fn a_refusal_that_is_never_polled_counts_as_nothing() {
    let (_, circuit) = breaker();
    circuit.trip();
    let mut service = CircuitBreakerLayer::new(circuit.clone()).layer(Script::<u32, &str>::new());
    drop(call(&mut service, "a"));
    assert_eq!((circuit.failure_count(), service.get_ref().called()), (0, 0));
}

#[test]
fn what_a_future_holds_is_gone_when_it_is_ready_and_polled_again_it_does_nothing() {
    let (_, circuit) = breaker();
    let mut service = CircuitBreakerLayer::new(circuit.clone()).layer(Script::<u32, _>::new().then(1, || Err("down")));
    let mut future = Box::pin(call(&mut service, "a"));
    assert!(poll(future.as_mut()).is_ready());
    assert!(poll(future.as_mut()).is_pending());
    drop(future);
    assert_eq!(circuit.failure_count(), 1);
    circuit.trip();
    let mut refused = Box::pin(call(&mut service, "a"));
    assert!(poll(refused.as_mut()).is_ready());
    assert!(poll(refused.as_mut()).is_pending());
    assert_eq!(std::sync::Arc::strong_count(&circuit), 2, "that of the test and that of the service");
}
