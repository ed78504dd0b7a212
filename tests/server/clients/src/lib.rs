//! A server that falls sick when it is told to, and what the tests before it share.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{Response, StatusCode};
use halfopen::{CircuitBreaker, Config, ManualClock};
use tokio::net::TcpListener;
use tokio::sync::watch;

/// What opens the circuits of the tests.
pub const THRESHOLD: u32 = 2;
/// How long they stay open, on a clock that stands still.
pub const RECOVERY: Duration = Duration::from_secs(30);

/// A breaker in the hands of a test.
pub type Breaker = CircuitBreaker<Arc<ManualClock>, (), Arc<str>>;

/// A circuit, and the clock that it goes by.
#[must_use]
pub fn breaker(name: &str) -> (Arc<ManualClock>, Arc<Breaker>) {
    let clock = Arc::new(ManualClock::new());
    (clock.clone(), Arc::new(CircuitBreaker::with_clock(Arc::from(name), config(), clock)))
}

/// How the circuits of the tests behave.
#[must_use]
pub fn config() -> Config {
    Config::new().failure_threshold(THRESHOLD).recovery_timeout(RECOVERY)
}

/// How a server is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Health {
    /// Answers.
    Well,
    /// Answers with the status 500.
    Fails,
    /// Takes the request, and never answers.
    Hangs,
    /// Begins an answer, and breaks off.
    BreaksOff,
    /// Begins an answer, and never goes on.
    Stalls,
}

/// A server's health, and how many requests it has seen.
#[derive(Clone)]
pub struct Server {
    health: Arc<watch::Sender<Health>>,
    requests: Arc<watch::Sender<usize>>,
    /// Answers that were begun and are not over.
    open: Arc<AtomicUsize>,
}

impl Default for Server {
    fn default() -> Self {
        let (health, requests) = (watch::Sender::new(Health::Well), watch::Sender::new(0));
        Self { health: Arc::new(health), requests: Arc::new(requests), open: Arc::default() }
    }
}

/// An answer that goes on; dropped, it is over.
struct Open(Arc<AtomicUsize>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Server {
    /// From now on it is so.
    pub fn is(&self, health: Health) {
        self.health.send_replace(health);
    }

    /// Requests that it has seen.
    #[must_use]
    pub fn requests(&self) -> usize {
        *self.requests.borrow()
    }

    /// Waits until it has seen so many.
    pub async fn has_seen(&self, requests: usize) {
        let seen = async { self.requests.subscribe().wait_for(|seen| *seen >= requests).await.map(drop) };
        tokio::time::timeout(Duration::from_secs(20), seen).await.expect("it sees them").expect("it is there");
    }

    /// Answers that were begun and are not over.
    #[must_use]
    pub fn open(&self) -> usize {
        self.open.load(Ordering::SeqCst)
    }

    /// Notes a request, and says how it is to be answered.
    pub fn note(&self) -> Health {
        self.requests.send_modify(|seen| *seen += 1);
        *self.health.borrow()
    }

    /// Answers a request by its health.
    pub async fn answer(&self) -> Response<Body> {
        let health = self.note();
        self.open.fetch_add(1, Ordering::SeqCst);
        let open = Open(self.open.clone());
        let (status, body) = match health {
            Health::Well => (StatusCode::OK, Body::from("well")),
            Health::Fails => (StatusCode::INTERNAL_SERVER_ERROR, Body::from("sick")),
            Health::Hangs => std::future::pending().await,
            Health::BreaksOff | Health::Stalls => {
                let piece = move |(open, begun)| async move {
                    match (begun, health) {
                        (false, _) => Some((Ok(Bytes::from_static(b"a piece")), (open, true))),
                        (true, Health::BreaksOff) => {
                            // What was begun is sent first.
                            tokio::task::yield_now().await;
                            Some((Err("broken off"), (open, true)))
                        }
                        (true, _) => std::future::pending().await,
                    }
                };
                (StatusCode::OK, Body::from_stream(futures_util::stream::unfold((open, false), piece)))
            }
        };
        let mut response = Response::new(body);
        *response.status_mut() = status;
        response
    }

    /// Every path of it.
    pub fn router(&self) -> Router {
        let answer = |State(server): State<Self>| async move { server.answer().await };
        Router::new().fallback(answer).with_state(self.clone())
    }

    /// Serves on a free port of the loopback interface, until the test is over.
    pub async fn serve(&self) -> SocketAddr {
        serve(self.router()).await
    }
}

/// Serves on a free port of the loopback interface, until the test is over.
pub async fn serve(router: Router) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let address = listener.local_addr().expect("it is bound");
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

/// Waits until it is so, and fails if it never is.
pub async fn until(what: &str, so: impl Fn() -> bool) {
    for _ in 0..4_000 {
        if so() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("never: {what}");
}
