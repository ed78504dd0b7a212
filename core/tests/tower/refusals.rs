//! What a refusal becomes, for stacks of every kind of error.

use std::convert::Infallible;
use std::io;

use halfopen::tower::{BoxError, CircuitBreakerLayer};
use halfopen::{CallError, CircuitOpenError};
use tower_layer::Layer;

use crate::support::{Script, breaker, call, ready_in};

type Refused = CircuitOpenError<std::sync::Arc<str>>;

#[test]
fn an_error_is_boxed_as_it_is_where_the_service_s_is_an_error() {
    let (_, circuit) = breaker();
    let script = Script::<u32, io::Error>::new().then(1, || Err(io::Error::other("down")));
    let mut service = CircuitBreakerLayer::new(circuit.clone()).layer(script);
    let error: BoxError = ready_in(1, call(&mut service, "a")).unwrap_err().into();
    assert_eq!(error.to_string(), "down");
    circuit.trip();
    let error: BoxError = ready_in(1, call(&mut service, "a")).unwrap_err().into();
    assert!(error.downcast_ref::<CallError<io::Error, std::sync::Arc<str>>>().unwrap().is_open());
}

#[test]
fn boxed_errors_stay_boxed_and_a_refusal_is_found_in_them() {
    let (_, circuit) = breaker();
    let script = Script::<u32, BoxError>::new().then(1, || Err(io::Error::other("down").into()));
    script.readiness.borrow_mut().push_back(std::task::Poll::Ready(Ok(())));
    let mut service = CircuitBreakerLayer::new(circuit.clone()).boxed_errors().layer(script);
    let error: BoxError = ready_in(1, call(&mut service, "a")).unwrap_err();
    assert!(error.downcast_ref::<io::Error>().is_some(), "not wrapped again");
    circuit.trip();
    let error = ready_in(1, call(&mut service, "a")).unwrap_err();
    assert_eq!(error.downcast_ref::<Refused>().unwrap().retry_after, circuit.retry_after());
}

#[test]
fn a_refusal_is_a_response_where_nothing_may_fail() {
    let (_, circuit) = breaker();
    let script = Script::<String, Infallible>::new().then(1, || Ok("works".to_owned()));
    let respond = |refused: Refused| format!("later, says {}", refused.operation_name);
    let mut service = CircuitBreakerLayer::new(circuit.clone()).respond_with(respond).layer(script);
    let Ok(answer) = ready_in(1, call(&mut service, "a"));
    assert_eq!(answer, "works");
    circuit.trip();
    let Ok(answer) = ready_in(1, call(&mut service, "a"));
    assert_eq!(answer, "later, says mail");
}
