//! A layer for services of `tower`: clients such as `reqwest` and `tonic`, servers such as `axum`.
//!
//! ```
//! use std::future::ready;
//! use std::sync::Arc;
//! use std::task::{Context, Poll, Waker};
//! use halfopen::tower::CircuitBreakerLayer;
//! use halfopen::{CallError, CircuitBreaker, Config};
//! use tower_layer::Layer;
//! use tower_service::Service;
//! # #[derive(Clone)] struct Mail;
//! # impl Service<&'static str> for Mail {
//! #     type Response = ();
//! #     type Error = &'static str;
//! #     type Future = std::future::Ready<Result<(), &'static str>>;
//! #     fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> { Poll::Ready(Ok(())) }
//! #     fn call(&mut self, _: &'static str) -> Self::Future { ready(Err("the server is down")) }
//! # }
//!
//! let breaker = Arc::new(CircuitBreaker::new("mail", Config::new().failure_threshold(1)));
//! let mut mail = CircuitBreakerLayer::new(breaker).layer(Mail);
//! # fn finish<F: Future>(future: F) -> F::Output {
//! #     match std::pin::pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
//! #         Poll::Ready(output) => output,
//! #         Poll::Pending => unreachable!(),
//! #     }
//! # }
//! // In a task it would be `mail.ready().await?.call(…).await`.
//! assert_eq!(finish(mail.call("to: …")), Err(CallError::Inner("the server is down")));
//! assert!(matches!(finish(mail.call("to: …")), Err(CallError::Open(refused)) if refused.retry_after.is_some()));
//! ```
//!
//! # What is asked when
//!
//! - `poll_ready` is that of the service inside: it takes no permit, and says nothing of the circuit. A service that is not
//!   ready has not been asked, so an error of its `poll_ready` counts as nothing.
//! - `call` asks the circuit. A refusal is the future's result, and the service inside is not called. A circuit that is
//!   shared by a fleet may have to be asked elsewhere; then the future waits, and calls the service when it may.
//! - A future that is dropped before it is ready counts as nothing, and a probe gives its place back. A panic of the
//!   service, its future, the classifier or the body counts as a failure.
//!
//! # When the outcome is known
//!
//! With the response, by its head, or with the error. [`ByResult`] takes every response for a success; with the feature
//! `http`, `HttpStatus` looks at the status and `GrpcStatus` at `grpc-status`. `until_body_ends` waits for more: a response
//! whose head says failure is one; any other is decided at the body's end, a body that breaks off with an error is a
//! failure, and one that is dropped before its end counts as nothing, for it was not the service that gave up. Until then it is a request in flight: a probe
//! has to end within the breaker's `probe_timeout`, and a slow call is one that is slow to its end.
//!
//! # Errors
//!
//! [`CallError`](crate::CallError) by default, whose `Open` has `retry_after`. It converts into a boxed error if the inner
//! error is an [`Error`](core::error::Error). Where that one is a boxed error itself, use
//! [`boxed_errors`](CircuitBreakerLayer::boxed_errors); where there must be none (axum), answer by
//! [`respond_with`](CircuitBreakerLayer::respond_with) or, for HTTP, `respond_unavailable`: then the error stays that of the service inside.
//!
//! # Many circuits
//!
//! [`CircuitBreakerLayer::keyed`] chooses the circuit by a key of the request, in a [`CircuitBreakerRegistry`]. A request
//! without a key, or for which the registry has no place, goes through without a circuit.
//!
//! [`CircuitBreakerRegistry`]: crate::CircuitBreakerRegistry

mod choose;
mod classify;
mod conclude;
mod future;
mod held;
#[cfg(feature = "http")]
mod http;
mod layer;
mod refuse;
mod service;

pub use choose::{ChooseCircuit, KeyedCircuits, OneCircuit};
pub use classify::{ByResult, Classify};
pub use conclude::{Conclude, OnHead};
pub use future::ResponseFuture;
pub use held::HeldPermit;
#[cfg(feature = "http")]
pub use http::{
    BodyEnd, ClassifyEnd, GrpcStatus, GrpcUnavailable, GuardedBody, HttpStatus, OnBodyEnd, Unavailable, authority,
    method_and_path, path,
};
pub use layer::CircuitBreakerLayer;
pub use refuse::{AsError, BoxError, Boxed, Refuse, RespondWith};
pub use service::CircuitBreaker;
