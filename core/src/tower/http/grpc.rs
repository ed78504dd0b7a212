//! What the status of a call of gRPC says about the server.
//!
//! ```
//! use halfopen::Outcome;
//! use halfopen::tower::GrpcStatus;
//!
//! const RESOURCE_EXHAUSTED: u8 = 8;
//! let classifier = GrpcStatus::new().with(RESOURCE_EXHAUSTED, Outcome::Failure);
//! assert_eq!(classifier.outcome(RESOURCE_EXHAUSTED), Outcome::Failure);
//! ```

use ::http::{HeaderMap, Response, StatusCode};

use super::super::classify::Classify;
use super::body::ClassifyEnd;
use crate::event::Outcome;

pub(super) const STATUS: &str = "grpc-status";
const CANCELLED: u8 = 1;
const UNKNOWN: u8 = 2;
const DEADLINE_EXCEEDED: u8 = 4;
const PERMISSION_DENIED: u8 = 7;
const UNIMPLEMENTED: u8 = 12;
const INTERNAL: u8 = 13;
pub(super) const UNAVAILABLE: u8 = 14;
const DATA_LOSS: u8 = 15;
const UNAUTHENTICATED: u8 = 16;

/// `UNKNOWN`, `DEADLINE_EXCEEDED`, `UNIMPLEMENTED`, `INTERNAL`, `UNAVAILABLE` and `DATA_LOSS` are failures, as
/// OpenTelemetry takes them for errors of the server. `CANCELLED` counts as nothing: it was the client. Every other code
/// is an answer, and so a success. An error of the service is a failure.
///
/// A response without `grpc-status` is told by its HTTP status as gRPC's `http-grpc-status-mapping.md` says; one that ends without it is
/// `UNKNOWN`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GrpcStatus {
    /// A bit for each code.
    failures: u32,
    ignored: u32,
}

impl GrpcStatus {
    /// As the type says.
    #[must_use]
    pub const fn new() -> Self {
        let failures = 1 << UNKNOWN
            | 1 << DEADLINE_EXCEEDED
            | 1 << UNIMPLEMENTED
            | 1 << INTERNAL
            | 1 << UNAVAILABLE
            | 1 << DATA_LOSS;
        Self { failures, ignored: 1 << CANCELLED }
    }

    /// What a code means, 0 to 16. Others are `UNKNOWN` (2).
    #[must_use]
    pub const fn with(mut self, code: u8, outcome: Outcome) -> Self {
        let bit = 1 << known(code);
        self.failures &= !bit;
        self.ignored &= !bit;
        match outcome {
            Outcome::Success => {}
            Outcome::Failure => self.failures |= bit,
            Outcome::Ignored => self.ignored |= bit,
        }
        self
    }

    /// The outcome of a call that ended with this code.
    #[must_use]
    pub const fn outcome(&self, code: u8) -> Outcome {
        let bit = 1 << known(code);
        if self.failures & bit != 0 {
            Outcome::Failure
        } else if self.ignored & bit != 0 {
            Outcome::Ignored
        } else {
            Outcome::Success
        }
    }

    /// The code in a head or in trailers.
    fn code(headers: &HeaderMap) -> Option<u8> {
        let text = headers.get(STATUS)?.to_str();
        Some(text.ok().and_then(|text| text.parse().ok()).unwrap_or(UNKNOWN))
    }
}

/// What has no name is unknown.
const fn known(code: u8) -> u8 {
    if code > UNAUTHENTICATED { UNKNOWN } else { code }
}

impl Default for GrpcStatus {
    fn default() -> Self {
        Self::new()
    }
}

impl<B, E> Classify<Response<B>, E> for GrpcStatus {
    fn classify(&self, result: Result<&Response<B>, &E>) -> Outcome {
        let Ok(response) = result else { return Outcome::Failure };
        match (Self::code(response.headers()), response.status()) {
            (Some(code), _) => self.outcome(code),
            // It will say at its end.
            (None, StatusCode::OK) => Outcome::Success,
            (None, StatusCode::BAD_REQUEST) => self.outcome(INTERNAL),
            (None, StatusCode::UNAUTHORIZED) => self.outcome(UNAUTHENTICATED),
            (None, StatusCode::FORBIDDEN) => self.outcome(PERMISSION_DENIED),
            (None, StatusCode::NOT_FOUND) => self.outcome(UNIMPLEMENTED),
            (None, status) if matches!(status.as_u16(), 429 | 502 | 503 | 504) => self.outcome(UNAVAILABLE),
            (None, _) => self.outcome(UNKNOWN),
        }
    }
}

impl<E> ClassifyEnd<E> for GrpcStatus {
    fn is_all(&self, head: &HeaderMap) -> bool {
        head.contains_key(STATUS)
    }

    fn classify_end(&self, end: Result<Option<&HeaderMap>, &E>) -> Outcome {
        let Ok(trailers) = end else { return Outcome::Failure };
        self.outcome(trailers.and_then(Self::code).unwrap_or(UNKNOWN))
    }
}
