//! The layer around a client of `reqwest`.

use std::borrow::Cow;
use std::sync::Arc;

use clients::{Health, RECOVERY, Server, THRESHOLD, breaker, config, until};
use halfopen::tower::{CircuitBreakerLayer, HttpStatus};
use halfopen::{CallError, CircuitBreakerRegistry, CircuitState, ManualClock, Outcome, RegistryConfig};
use http_body_util::BodyExt;
use reqwest::{Client, Method, Request, Response};
use tower::{Layer, Service, ServiceExt};

/// 5xx is a failure, and an error is, unless it was made by a request that cannot be sent.
fn classify(result: Result<&Response, &reqwest::Error>) -> Outcome {
    match result {
        Ok(response) => HttpStatus::new().outcome(response.status()),
        Err(error) if error.is_builder() => Outcome::Ignored,
        Err(_) => Outcome::Failure,
    }
}

/// Requests that go to no proxy.
fn client() -> Client {
    Client::builder().no_proxy().build().unwrap()
}

fn get(address: impl std::fmt::Display) -> Request {
    Request::new(Method::GET, format!("http://{address}/").parse().unwrap())
}

#[tokio::test]
async fn a_server_that_fails_is_shed_and_comes_back() {
    let server = Server::default();
    let address = server.serve().await;
    let (clock, circuit) = breaker("api");
    let mut service = CircuitBreakerLayer::new(circuit.clone()).classify(classify).layer(client());
    let mut call = async || service.ready().await.unwrap().call(get(address)).await;

    assert_eq!(call().await.unwrap().text().await.unwrap(), "well");
    server.is(Health::Fails);
    for _ in 0..THRESHOLD {
        assert_eq!(call().await.unwrap().status(), 500);
    }
    let seen = server.requests();
    for _ in 0..10 {
        let Err(CallError::Open(refused)) = call().await else { panic!("not shed") };
        assert_eq!((&*refused.operation_name, refused.retry_after), ("api", Some(RECOVERY)));
    }
    assert_eq!(server.requests(), seen, "none of them was sent");

    clock.advance(RECOVERY);
    assert_eq!(call().await.unwrap().status(), 500, "the probe fails");
    assert!(matches!(call().await, Err(CallError::Open(_))));
    server.is(Health::Well);
    clock.advance(RECOVERY);
    assert_eq!(call().await.unwrap().status(), 200);
    assert_eq!((circuit.state(), server.requests()), (CircuitState::Closed, seen + 2));
}

#[tokio::test]
async fn a_server_that_is_not_there_is_a_failure_and_a_request_that_cannot_be_sent_is_none() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let (_, circuit) = breaker("api");
    let service = CircuitBreakerLayer::new(circuit.clone()).classify(classify).layer(client());
    let error = service.clone().oneshot(get(address)).await.unwrap_err();
    assert!(matches!(error, CallError::Inner(error) if error.is_connect()));
    assert_eq!(circuit.failure_count(), 1);
    let elsewhere = Request::new(Method::GET, "ftp://127.0.0.1/".parse().unwrap());
    assert!(matches!(service.oneshot(elsewhere).await, Err(CallError::Inner(error)) if error.is_builder()));
    assert_eq!(circuit.failure_count(), 1);
}

#[tokio::test]
async fn a_request_that_is_cancelled_counts_as_nothing_and_a_probe_gives_its_place_back() {
    let server = Server::default();
    let address = server.serve().await;
    let (clock, circuit) = breaker("api");
    let service = CircuitBreakerLayer::new(circuit.clone()).classify(classify).layer(client());
    server.is(Health::Hangs);
    let hangs = tokio::spawn(service.clone().oneshot(get(address)));
    server.has_seen(1).await;
    hangs.abort();
    assert!(hangs.await.unwrap_err().is_cancelled());
    assert_eq!((circuit.failure_count(), circuit.state()), (0, CircuitState::Closed));

    circuit.trip();
    clock.advance(RECOVERY);
    let probe = tokio::spawn(service.clone().oneshot(get(address)));
    server.has_seen(2).await;
    assert!(!circuit.would_allow(), "its place is taken");
    probe.abort();
    assert!(probe.await.unwrap_err().is_cancelled());
    assert_eq!((circuit.state(), circuit.would_allow()), (CircuitState::HalfOpen, true));
    server.is(Health::Well);
    assert_eq!(service.oneshot(get(address)).await.unwrap().status(), 200);
    assert_eq!(circuit.state(), CircuitState::Closed);
}

#[tokio::test]
async fn with_bodies_a_response_that_breaks_off_is_a_failure_and_one_that_is_dropped_is_none() {
    let server = Server::default();
    let address = server.serve().await;
    let (clock, circuit) = breaker("downloads");
    let layer = CircuitBreakerLayer::new(circuit.clone()).classify_http().until_body_ends();
    let service = layer.layer(client().map_response(http::Response::<reqwest::Body>::from));

    for failures in 1..=THRESHOLD {
        server.is(Health::BreaksOff);
        let mut body = Box::pin(service.clone().oneshot(get(address)).await.unwrap().into_body());
        assert_eq!(circuit.failure_count(), (failures - 1) as u16, "not before its end");
        let broken = loop {
            if let Some(Err(error)) = body.frame().await {
                break error;
            }
        };
        assert_eq!((broken.is_body() || broken.is_decode(), u32::from(circuit.failure_count())), (true, failures));
    }
    assert!(matches!(service.clone().oneshot(get(address)).await, Err(CallError::Open(_))));

    clock.advance(RECOVERY);
    server.is(Health::Stalls);
    let mut body = Box::pin(service.clone().oneshot(get(address)).await.unwrap().into_body());
    assert!(body.frame().await.unwrap().is_ok());
    assert!(!circuit.would_allow(), "the probe is in flight");
    drop(body);
    assert_eq!((circuit.state(), circuit.would_allow()), (CircuitState::HalfOpen, true));
    until("the server notices", || server.open() == 0).await;

    server.is(Health::Well);
    let body = service.oneshot(get(address)).await.unwrap().into_body();
    assert_eq!((body.collect().await.unwrap().to_bytes(), circuit.state()), ("well".into(), CircuitState::Closed));
}

#[tokio::test]
async fn a_sick_host_does_not_stop_requests_to_others() {
    let (sick, well) = (Server::default(), Server::default());
    let addresses = [sick.serve().await, well.serve().await];
    sick.is(Health::Fails);
    let config = RegistryConfig::new().defaults(config());
    let circuits = CircuitBreakerRegistry::try_with_clock(config, Arc::new(ManualClock::new())).unwrap();
    let circuits = Arc::new(circuits);
    let layer = CircuitBreakerLayer::keyed(circuits.clone(), |request: &Request| {
        Some(Cow::Owned(format!("{}:{}", request.url().host_str()?, request.url().port_or_known_default()?)))
    });
    let service = layer.classify(classify).layer(client());
    for _ in 0..10 {
        _ = service.clone().oneshot(get(addresses[0])).await;
        assert_eq!(service.clone().oneshot(get(addresses[1])).await.unwrap().status(), 200);
    }
    assert_eq!((sick.requests(), well.requests()), (THRESHOLD as usize, 10));
    let state = |address: &std::net::SocketAddr| circuits.get(&address.to_string()).unwrap().state();
    assert_eq!(addresses.each_ref().map(state), [CircuitState::Open, CircuitState::Closed]);
}
