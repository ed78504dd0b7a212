//! What a server or a proxy answers to a request that a circuit refuses.
//!
//! ```
//! use halfopen::tower::{Refuse, Unavailable};
//! use halfopen::{CircuitBreaker, Config};
//!
//! let breaker = CircuitBreaker::new("search", Config::new());
//! breaker.trip();
//! let refused = breaker.try_acquire().unwrap_err();
//! let answer = Refuse::<http::Response<String>, std::io::Error, _>::refuse(&Unavailable, refused)?;
//! assert_eq!((answer.status().as_u16(), &answer.headers()["retry-after"]), (503, &"30".parse().unwrap()));
//! # Ok::<(), std::io::Error>(())
//! ```

use core::time::Duration;

use ::http::header::{CONTENT_TYPE, RETRY_AFTER};
use ::http::{HeaderMap, HeaderValue, Response, StatusCode};

use super::super::refuse::Refuse;
use super::grpc::{STATUS, UNAVAILABLE};
use crate::error::CircuitOpenError;
use crate::time::ceil_millis;

/// A refusal is a response with the status 503 and an empty body; `Retry-After` has whole seconds, rounded up, and is
/// left out for a circuit that stays open until it is reset. The name of the circuit is not told. The error stays that of the service.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unavailable;

impl<B: Default, E, Name> Refuse<Response<B>, E, Name> for Unavailable {
    type Error = E;

    fn refuse(&self, refused: CircuitOpenError<Name>) -> Result<Response<B>, E> {
        let mut response = Response::new(B::default());
        *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
        if let Some(wait) = refused.retry_after {
            response.headers_mut().insert(RETRY_AFTER, ceil_seconds(wait).into());
        }
        Ok(response)
    }

    fn fail(&self, error: E) -> E {
        error
    }
}

/// A refusal is a response of gRPC with the status `UNAVAILABLE` and an empty body; `grpc-retry-pushback-ms` tells when to
/// come back, and is negative for a circuit that stays open until it is reset: do not retry. The error stays that of the service.
#[derive(Clone, Copy, Debug, Default)]
pub struct GrpcUnavailable;

impl<B: Default, E, Name> Refuse<Response<B>, E, Name> for GrpcUnavailable {
    type Error = E;

    fn refuse(&self, refused: CircuitOpenError<Name>) -> Result<Response<B>, E> {
        let mut response = Response::new(B::default());
        let headers: &mut HeaderMap = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
        headers.insert(STATUS, u16::from(UNAVAILABLE).into());
        headers.insert("grpc-message", HeaderValue::from_static("circuit open"));
        let wait = refused.retry_after.map_or(-1, |wait| i64::try_from(ceil_millis(wait)).unwrap_or(i64::MAX));
        headers.insert("grpc-retry-pushback-ms", wait.into());
        Ok(response)
    }

    fn fail(&self, error: E) -> E {
        error
    }
}

fn ceil_seconds(wait: Duration) -> u64 {
    wait.as_secs().saturating_add(u64::from(wait.subsec_nanos() > 0))
}
