//! The service: an HTTP server with a limited number of places and a queue, which can lose most of its places.
//!
//! It works on what was asked even if the caller has gone away, as most services do: that is what makes an overload last.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use http_body_util::Empty;
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::scenario::Capacity;

/// What the service knows of itself.
#[derive(Debug)]
pub(crate) struct Service {
    capacity: Capacity,
    places: Semaphore,
    waiting: AtomicUsize,
    /// Places that are lost, and those of them that somebody still has.
    lost: AtomicUsize,
    owed: AtomicUsize,
    sick: AtomicBool,
    heard: AtomicUsize,
    heard_sick: AtomicUsize,
}

/// Requests that reached the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Heard {
    /// In all.
    pub all: usize,
    /// While it was sick.
    pub sick: usize,
}

impl Service {
    pub(crate) fn new(capacity: Capacity) -> Arc<Self> {
        Arc::new(Self {
            capacity,
            places: Semaphore::new(capacity.places),
            waiting: AtomicUsize::new(0),
            lost: AtomicUsize::new(0),
            owed: AtomicUsize::new(0),
            sick: AtomicBool::new(false),
            heard: AtomicUsize::new(0),
            heard_sick: AtomicUsize::new(0),
        })
    }

    /// Serves on a free port of the loopback interface, on the runtime that this is called in.
    pub(crate) async fn serve(self: &Arc<Self>) -> std::io::Result<SocketAddr> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let service = Arc::clone(self);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let service = Arc::clone(&service);
                tokio::spawn(async move {
                    let answer = service_fn(move |request| Arc::clone(&service).answer(request));
                    // A caller that goes away is no error of the service.
                    let _ =
                        hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), answer).await;
                });
            }
        });
        Ok(address)
    }

    /// Loses places, those that are free first, the others when they become free.
    pub(crate) fn fall_sick(&self) {
        let lost = self.capacity.places - self.capacity.places_left;
        self.sick.store(true, Ordering::SeqCst);
        self.lost.store(lost, Ordering::SeqCst);
        self.owed.store(lost - self.places.forget_permits(lost), Ordering::SeqCst);
    }

    /// Has its places again.
    pub(crate) fn recover(&self) {
        self.sick.store(false, Ordering::SeqCst);
        let owed = self.owed.swap(0, Ordering::SeqCst);
        self.places.add_permits(self.lost.swap(0, Ordering::SeqCst) - owed);
    }

    pub(crate) fn heard(&self) -> Heard {
        Heard { all: self.heard.load(Ordering::SeqCst), sick: self.heard_sick.load(Ordering::SeqCst) }
    }

    async fn answer(self: Arc<Self>, _: Request<Incoming>) -> Result<Response<Empty<Bytes>>, Infallible> {
        self.heard.fetch_add(1, Ordering::SeqCst);
        self.heard_sick.fetch_add(usize::from(self.sick.load(Ordering::SeqCst)), Ordering::SeqCst);
        // As a task of its own, which goes on when the connection is closed.
        let status = tokio::spawn(async move { self.work().await }).await.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = Response::new(Empty::new());
        *response.status_mut() = status;
        Ok(response)
    }

    async fn work(&self) -> StatusCode {
        if self.waiting.load(Ordering::SeqCst) >= self.capacity.queue {
            return StatusCode::SERVICE_UNAVAILABLE;
        }
        self.waiting.fetch_add(1, Ordering::SeqCst);
        let place = self.places.acquire().await;
        self.waiting.fetch_sub(1, Ordering::SeqCst);
        tokio::time::sleep(self.capacity.work).await;
        self.leave(place.ok());
        StatusCode::OK
    }

    /// Gives a place back, unless it is one that is lost.
    fn leave(&self, place: Option<SemaphorePermit<'_>>) {
        let owed = self.owed.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |owed| owed.checked_sub(1));
        if let (Ok(_), Some(place)) = (owed, place) {
            place.forget();
        }
    }
}
