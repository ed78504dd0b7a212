//! What requests that end count as.

use std::task::{Context, Poll, Waker};

use halfopen::tower::{ByResult, CircuitBreakerLayer, Classify};
use halfopen::{CallError, CircuitState, Outcome};
use tower_layer::Layer;
use tower_service::Service;

use crate::support::{RECOVERY, Script, THRESHOLD, breaker, call, lapsed, ready_in};

#[test]
fn a_response_is_a_success_and_an_error_a_failure_whenever_they_come() {
    for polls in 1..=4 {
        let (_, circuit) = breaker();
        let script = Script::new().then(polls, || Err("down")).then(polls, || Ok(7));
        let mut service = CircuitBreakerLayer::new(circuit.clone()).layer(script);
        assert_eq!(ready_in(polls, call(&mut service, "a")), Err(CallError::Inner("down")));
        assert_eq!(circuit.failure_count(), 1);
        assert_eq!(ready_in(polls, call(&mut service, "b")), Ok(7));
        assert_eq!((circuit.failure_count(), service.get_ref().called()), (0, 2));
    }
}

#[test]
fn failures_open_the_circuit_which_sheds_until_a_probe_works() {
    let (clock, circuit) = breaker();
    let script = (0..THRESHOLD).fold(Script::new(), |script, _| script.then(1, || Err("down"))).then(2, || Ok(1));
    let mut service = CircuitBreakerLayer::new(circuit.clone()).layer(script);
    (0..THRESHOLD).for_each(|_| assert_eq!(ready_in(1, call(&mut service, "a")), Err(CallError::Inner("down"))));
    for _ in 0..5 {
        let Err(CallError::Open(refused)) = ready_in(1, call(&mut service, "shed")) else { panic!("not shed") };
        assert_eq!(
            (&*refused.operation_name, refused.state, refused.retry_after),
            ("mail", CircuitState::Open, Some(RECOVERY))
        );
    }
    assert_eq!(service.get_ref().called(), THRESHOLD.into());
    clock.advance(RECOVERY);
    let probe = call(&mut service, "probe");
    let Err(CallError::Open(refused)) = ready_in(1, call(&mut service, "beside it")) else { panic!("not shed") };
    assert_eq!(refused.state, CircuitState::HalfOpen);
    assert_eq!(ready_in(2, probe), Ok(1));
    assert_eq!((circuit.state(), circuit.failure_count()), (CircuitState::Closed, 0));
}

#[test]
fn a_classifier_says_what_responses_and_errors_count_as() {
    let (_, circuit) = breaker();
    let script = Script::new().then(1, || Ok(503)).then(1, || Err("bad request")).then(1, || Ok(200));
    let classifier = |result: Result<&u32, &&'static str>| match result {
        Ok(500..) => Outcome::Failure,
        Err(&"bad request") => Outcome::Ignored,
        result => ByResult.classify(result),
    };
    let mut service = CircuitBreakerLayer::new(circuit.clone()).classify(classifier).layer(script);
    assert_eq!((ready_in(1, call(&mut service, "a")), circuit.failure_count()), (Ok(503), 1));
    let ignored = ready_in(1, call(&mut service, "b"));
    assert_eq!((ignored, circuit.failure_count()), (Err(CallError::Inner("bad request")), 1));
    assert_eq!((ready_in(1, call(&mut service, "c")), circuit.failure_count()), (Ok(200), 0));
}

#[test]
fn readiness_is_that_of_the_service_and_has_nothing_to_do_with_the_circuit() {
    let (_, circuit) = lapsed();
    let script = Script::<u32, _>::new();
    script.readiness.borrow_mut().extend([Poll::Pending, Poll::Ready(Err("no connection")), Poll::Ready(Ok(()))]);
    let mut service = CircuitBreakerLayer::new(circuit.clone()).layer(script);
    let mut ready = || service.poll_ready(&mut Context::from_waker(Waker::noop()));
    assert_eq!(ready(), Poll::Pending);
    assert_eq!(ready(), Poll::Ready(Err(CallError::Inner("no connection"))));
    (0..100).for_each(|_| assert_eq!(ready(), Poll::Ready(Ok(()))));
    assert!(circuit.would_allow(), "the probe's place is free");
    assert_eq!(circuit.failure_count(), THRESHOLD, "and nothing was counted");
    circuit.isolate();
    assert_eq!(ready(), Poll::Ready(Ok(())), "nor does it lie when the circuit is open");
}

#[test]
fn a_service_that_was_ready_for_a_refused_request_is_still_ready() {
    let (_, circuit) = breaker();
    circuit.trip();
    let mut service = CircuitBreakerLayer::new(circuit.clone()).layer(Script::<_, &str>::new().then(1, || Ok(1)));
    assert!(ready_in(1, call(&mut service, "a")).is_err());
    circuit.reset();
    assert!(service.get_ref().is_ready);
    assert_eq!(ready_in(1, service.call("b")), Ok(1));
}

#[test]
fn clones_share_the_circuit() {
    let (_, circuit) = breaker();
    let script = (0..THRESHOLD).fold(Script::<u32, _>::new(), |script, _| script.then(1, || Err("down")));
    let service = CircuitBreakerLayer::new(circuit.clone()).layer(script);
    for _ in 0..THRESHOLD {
        let mut clone = service.clone();
        assert!(matches!(ready_in(1, call(&mut clone, "a")), Err(CallError::Inner(_))));
    }
    assert!(matches!(ready_in(1, call(&mut service.clone(), "a")), Err(CallError::Open(_))));
}

#[test]
fn a_layer_can_be_in_a_static_with_its_breaker() {
    use halfopen::tower::OneCircuit;
    use halfopen::{CircuitBreaker, Config};
    static MAIL: CircuitBreaker = CircuitBreaker::new("mail", Config::new());
    static LAYER: CircuitBreakerLayer<OneCircuit<&CircuitBreaker>> = CircuitBreakerLayer::new(&MAIL);
    let mut service = LAYER.layer(Script::<u32, _>::new().then(1, || Err("down")));
    assert!(ready_in(1, call(&mut service, "a")).is_err());
    assert_eq!(MAIL.failure_count(), 1);
}

#[test]
fn the_late_result_of_an_overtaken_request_is_given_and_does_not_disturb() {
    let (clock, circuit) = breaker();
    let mut service = CircuitBreakerLayer::new(circuit.clone()).layer(Script::<_, &str>::new().then(1, || Ok(1)));
    let slow = call(&mut service, "slow");
    (0..THRESHOLD).for_each(|_| _ = circuit.record_failure());
    clock.advance(RECOVERY);
    let probe = circuit.try_acquire().unwrap();
    assert_eq!(ready_in(1, slow), Ok(1));
    assert_eq!(circuit.state(), CircuitState::HalfOpen, "a success of another time closes nothing");
    probe.ignore();
}

#[test]
fn a_permit_that_is_held_can_be_shown_with_what_holds_it() {
    fn can_be_shown<T: std::fmt::Debug>() {}
    can_be_shown::<halfopen::tower::HeldPermit<std::sync::Arc<halfopen::CircuitBreaker>>>();
}
