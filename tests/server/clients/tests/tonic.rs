//! The layer around a channel of `tonic`, before a server of gRPC.

use std::net::SocketAddr;

use clients::{Health, RECOVERY, Server, THRESHOLD, breaker};
use halfopen::tower::CircuitBreakerLayer;
use halfopen::{CallError, CircuitState};
use tokio::net::TcpListener;
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Request, Status};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;
use tonic_health::pb::health_server::HealthServer;
use tonic_health::server::{HealthReporter, HealthService};
use tower::Layer;

/// Answers for the service "" and knows no other; while it is sick, it answers `UNAVAILABLE`.
async fn serve(server: &Server) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = server.clone();
    let intercept = move |request: Request<()>| match server.note() {
        Health::Well => Ok(request),
        _ => Err(Status::unavailable("sick")),
    };
    let health = HealthServer::with_interceptor(HealthService::from_health_reporter(HealthReporter::new()), intercept);
    let serve =
        tonic::transport::Server::builder().add_service(health).serve_with_incoming(TcpIncoming::from(listener));
    tokio::spawn(serve);
    address
}

async fn channel(address: SocketAddr) -> Channel {
    Endpoint::from_shared(format!("http://{address}")).unwrap().connect().await.unwrap()
}

fn about(service: &str) -> HealthCheckRequest {
    HealthCheckRequest { service: service.to_owned() }
}

#[tokio::test]
async fn a_server_that_fails_is_shed_and_comes_back() {
    let server = Server::default();
    let (clock, circuit) = breaker("health");
    let layer = CircuitBreakerLayer::new(circuit.clone()).classify_grpc().respond_grpc_unavailable();
    let mut client = HealthClient::new(layer.layer(channel(serve(&server).await).await));

    assert!(client.check(about("")).await.is_ok());
    server.is(Health::Fails);
    for failures in 1..=THRESHOLD {
        assert_eq!(client.check(about("")).await.unwrap_err().message(), "sick");
        assert_eq!(u32::from(circuit.failure_count()), failures);
    }
    let seen = server.requests();
    for _ in 0..5 {
        let shed = client.check(about("")).await.unwrap_err();
        assert_eq!((shed.code(), shed.message()), (Code::Unavailable, "circuit open"));
        assert_eq!(shed.metadata().get("grpc-retry-pushback-ms").unwrap(), "30000");
    }
    assert_eq!(server.requests(), seen, "none of them was sent");
    server.is(Health::Well);
    clock.advance(RECOVERY);
    assert!(client.check(about("")).await.is_ok());
    assert_eq!((circuit.state(), circuit.failure_count()), (CircuitState::Closed, 0));
}

#[tokio::test]
async fn an_answer_that_the_client_does_not_like_is_an_answer() {
    let server = Server::default();
    let (_, circuit) = breaker("health");
    let layer = CircuitBreakerLayer::new(circuit.clone()).classify_grpc();
    let mut client = HealthClient::new(layer.layer(channel(serve(&server).await).await));
    circuit.record_failure();
    assert_eq!(client.check(about("nobody")).await.unwrap_err().code(), Code::NotFound);
    assert_eq!(circuit.failure_count(), 0);
}

#[tokio::test]
async fn a_refusal_can_be_an_error_that_is_found_in_the_status() {
    let server = Server::default();
    let (_, circuit) = breaker("health");
    let layer = CircuitBreakerLayer::new(circuit.clone()).classify_grpc();
    let mut client = HealthClient::new(layer.layer(channel(serve(&server).await).await));
    circuit.trip();
    let status = client.check(about("")).await.unwrap_err();
    let source = std::error::Error::source(&status).unwrap();
    let error = source.downcast_ref::<CallError<tonic::transport::Error, std::sync::Arc<str>>>().unwrap();
    assert!(matches!(error, CallError::Open(refused) if refused.retry_after == Some(RECOVERY)));
    assert_eq!(server.requests(), 0);
}

#[tokio::test]
async fn a_stream_is_in_flight_until_it_ends_and_counts_as_nothing_when_it_is_dropped() {
    let server = Server::default();
    let (clock, circuit) = breaker("health");
    let layer = CircuitBreakerLayer::new(circuit.clone()).classify_grpc();
    let mut client = HealthClient::new(layer.layer(channel(serve(&server).await).await));
    circuit.trip();
    clock.advance(RECOVERY);
    let mut stream = client.watch(about("")).await.unwrap().into_inner();
    assert!(stream.message().await.unwrap().is_some());
    assert!(!circuit.would_allow(), "the probe is in flight");
    drop(stream);
    assert_eq!((circuit.state(), circuit.would_allow()), (CircuitState::HalfOpen, true));
    assert!(client.check(about("")).await.is_ok());
    assert_eq!(circuit.state(), CircuitState::Closed);
}
