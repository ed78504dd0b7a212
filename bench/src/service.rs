//! A service of tower that is always ready, and whose future is ready at once.

use std::future::{Ready, ready};
use std::task::{Context, Poll, Waker};

use tower::Service;

use crate::subject::{Fault, finish, works};

/// The service behind the breaker.
#[derive(Clone)]
pub(crate) struct Inner;

impl<F: FnOnce() -> Result<u32, Fault>> Service<F> for Inner {
    type Response = u32;
    type Error = Fault;
    type Future = Ready<Result<u32, Fault>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Fault>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, operation: F) -> Self::Future {
        ready(operation())
    }
}

/// Readies the service, calls it, and polls its future until that is ready, as a server does.
#[inline(always)]
pub(crate) fn serve<S: Service<F>, F>(service: &mut S, operation: F) -> Result<S::Response, S::Error> {
    let ready = service.poll_ready(&mut Context::from_waker(Waker::noop()));
    assert!(ready.is_ready(), "no backpressure is configured");
    finish(service.call(operation))
}

/// The service without a breaker.
#[inline(always)]
pub(crate) fn serve_alone() -> bool {
    serve(&mut std::hint::black_box(Inner), std::hint::black_box(works)).is_ok()
}
