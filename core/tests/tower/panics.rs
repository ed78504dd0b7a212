//! Panics in code that is the user's: each counts as one failure and goes on.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use halfopen::tower::CircuitBreakerLayer;
use halfopen::{CircuitState, Outcome};
use tower_layer::Layer;

use crate::support::{Breaker, RECOVERY, Script, THRESHOLD, breaker, call, lapsed, ready_in};

#[track_caller]
fn assert_a_panic_is_one_failure(run: impl Fn(Arc<Breaker>)) {
    let panicked = |circuit: &Arc<Breaker>| {
        let panicked = catch_unwind(AssertUnwindSafe(|| run(circuit.clone())));
        assert!(panicked.is_err(), "the panic did not come through");
        assert_eq!(Arc::strong_count(circuit), 1, "something is still held");
    };
    let (_, closed) = breaker();
    panicked(&closed);
    assert_eq!((closed.failure_count(), closed.state()), (1, CircuitState::Closed));
    let (_, probing) = lapsed();
    panicked(&probing);
    assert_eq!((probing.failure_count(), probing.retry_after()), (THRESHOLD + 1, Some(RECOVERY)));
}

#[test]
fn in_the_call_of_the_service() {
    assert_a_panic_is_one_failure(|circuit| {
        let mut service = CircuitBreakerLayer::new(circuit).layer(Script::<u32, &str>::new().then(0, || Ok(1)));
        drop(call(&mut service, "a"));
    });
}

#[test]
fn in_the_future_of_the_service_at_any_poll() {
    for polls in 1..=4 {
        assert_a_panic_is_one_failure(|circuit| {
            let script = Script::<u32, &str>::new().then(polls, || panic!("boom"));
            let mut service = CircuitBreakerLayer::new(circuit).layer(script);
            _ = ready_in(polls, call(&mut service, "a"));
        });
    }
}

#[test]
fn in_the_classifier() {
    assert_a_panic_is_one_failure(|circuit| {
        let classifier = |_: Result<&u32, &&str>| -> Outcome { panic!("boom") };
        let script = Script::<u32, &'static str>::new().then(2, || Ok(1));
        let mut service = CircuitBreakerLayer::new(circuit).classify(classifier).layer(script);
        _ = ready_in(2, call(&mut service, "a"));
    });
}

#[test]
fn where_a_refusal_is_answered_nothing_is_held_and_so_nothing_lost() {
    let (_, circuit) = breaker();
    circuit.trip();
    let respond = |_| -> u32 { panic!("boom") };
    let mut service = CircuitBreakerLayer::new(circuit.clone()).respond_with(respond).layer(Script::<u32, &str>::new());
    assert!(catch_unwind(AssertUnwindSafe(|| ready_in(1, call(&mut service, "a")))).is_err());
    assert_eq!(circuit.failure_count(), 0);
}
