//! The layer in a server of `axum`, before handlers that depend on something sick.

use std::convert::Infallible;
use std::sync::Arc;

use axum::Router;
use axum::error_handling::HandleErrorLayer;
use axum::http::StatusCode;
use axum::http::header::RETRY_AFTER;
use axum::response::IntoResponse;
use clients::{Health, RECOVERY, Server, THRESHOLD, breaker, config, serve, until};
use halfopen::tower::{CircuitBreakerLayer, path};
use halfopen::{CallError, CircuitBreakerRegistry, CircuitState, ManualClock, RegistryConfig};
use reqwest::{Client, Response};
use tower::ServiceBuilder;

async fn get(address: std::net::SocketAddr, path: &str) -> Response {
    let client = Client::builder().no_proxy().build().unwrap();
    client.get(format!("http://{address}{path}")).send().await.unwrap()
}

#[tokio::test]
async fn a_handler_that_fails_is_shed_by_503_with_retry_after_and_comes_back() {
    let server = Server::default();
    let (clock, circuit) = breaker("database");
    let layer = CircuitBreakerLayer::new(circuit.clone()).classify_http().respond_unavailable();
    let address = serve(server.router().layer(layer)).await;

    assert_eq!(get(address, "/").await.text().await.unwrap(), "well");
    server.is(Health::Fails);
    for _ in 0..THRESHOLD {
        assert_eq!(get(address, "/").await.status(), StatusCode::INTERNAL_SERVER_ERROR);
    }
    let seen = server.requests();
    for _ in 0..5 {
        let shed = get(address, "/").await;
        assert_eq!(
            (shed.status(), &shed.headers()[RETRY_AFTER]),
            (StatusCode::SERVICE_UNAVAILABLE, &"30".parse().unwrap())
        );
    }
    assert_eq!(server.requests(), seen, "the handler was not called");
    server.is(Health::Well);
    clock.advance(RECOVERY);
    assert_eq!(get(address, "/").await.status(), StatusCode::OK);
    assert_eq!(circuit.state(), CircuitState::Closed);
}

#[tokio::test]
async fn a_refusal_can_be_an_error_that_the_application_answers() {
    let server = Server::default();
    let (_, circuit) = breaker("database");
    let answer = async |error: CallError<Infallible, Arc<str>>| match error {
        CallError::Open(refused) => (StatusCode::IM_A_TEAPOT, refused.to_string()).into_response(),
        CallError::Inner(never) => match never {},
    };
    let layers = ServiceBuilder::new()
        .layer(HandleErrorLayer::new(answer))
        .layer(CircuitBreakerLayer::new(circuit.clone()).classify_http());
    let address = serve(server.router().layer(layers)).await;
    assert_eq!(get(address, "/").await.status(), StatusCode::OK);
    circuit.isolate();
    let shed = get(address, "/").await;
    assert_eq!(shed.status(), StatusCode::IM_A_TEAPOT);
    assert_eq!(shed.text().await.unwrap(), "circuit 'database' is open until it is reset");
}

#[tokio::test]
async fn a_client_that_goes_away_counts_as_nothing_and_no_permit_is_lost() {
    let server = Server::default();
    let (clock, circuit) = breaker("stream");
    let layer = CircuitBreakerLayer::new(circuit.clone()).classify_http().until_body_ends().respond_unavailable();
    let address = serve(server.router().layer(layer)).await;
    circuit.trip();
    clock.advance(RECOVERY);

    // Before the head.
    server.is(Health::Hangs);
    let waits = tokio::spawn(get(address, "/"));
    server.has_seen(1).await;
    assert!(!circuit.would_allow(), "the probe is in flight");
    waits.abort();
    until("its place is free", || circuit.would_allow()).await;

    // In the middle of the body.
    server.is(Health::Stalls);
    let mut response = get(address, "/").await;
    assert!(response.chunk().await.unwrap().is_some());
    assert!(!circuit.would_allow(), "the probe is in flight");
    drop(response);
    until("its place is free", || circuit.would_allow()).await;
    assert_eq!((circuit.state(), server.requests()), (CircuitState::HalfOpen, 2));

    // The server's own body breaks off.
    server.is(Health::BreaksOff);
    let response = get(address, "/").await;
    assert!(response.bytes().await.is_err());
    until("it is a failure", || circuit.state() == CircuitState::Open).await;

    server.is(Health::Well);
    clock.advance(RECOVERY);
    assert_eq!(get(address, "/").await.text().await.unwrap(), "well");
    until("it closes", || circuit.state() == CircuitState::Closed).await;
}

#[tokio::test]
async fn a_sick_route_does_not_stop_the_others() {
    let (sick, well) = (Server::default(), Server::default());
    sick.is(Health::Fails);
    let config = RegistryConfig::new().defaults(config());
    let circuits = CircuitBreakerRegistry::try_with_clock(config, Arc::new(ManualClock::new())).unwrap();
    let circuits = Arc::new(circuits);
    let layer = CircuitBreakerLayer::keyed(circuits.clone(), path).classify_http().respond_unavailable();
    let routes = Router::new().nest("/sick", sick.router()).nest("/well", well.router());
    let address = serve(routes.layer(layer)).await;
    let mut statuses = Vec::new();
    for _ in 0..4 {
        statuses.push(get(address, "/sick").await.status().as_u16());
        assert_eq!(get(address, "/well?page=2").await.status(), StatusCode::OK);
    }
    assert_eq!((statuses, sick.requests(), well.requests()), (vec![500, 500, 503, 503], 2, 4));
    assert_eq!((circuits.len(), circuits.get("/sick").unwrap().state()), (2, CircuitState::Open));
}

#[tokio::test]
async fn a_handler_that_panics_is_a_failure() {
    let (_, circuit) = breaker("odd");
    let odd = async || -> &'static str { panic!("boom") };
    let layer = CircuitBreakerLayer::new(circuit.clone()).classify_http().respond_unavailable();
    let address = serve(Router::new().fallback(odd).layer(layer)).await;
    let client = Client::builder().no_proxy().build().unwrap();
    for failures in 1..=THRESHOLD {
        assert!(client.get(format!("http://{address}/")).send().await.is_err());
        until("it is counted", || u32::from(circuit.failure_count()) == failures).await;
    }
    assert_eq!(get(address, "/").await.status(), StatusCode::SERVICE_UNAVAILABLE);
}
