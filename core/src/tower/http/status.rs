//! What the status of a response says about the server.
//!
//! ```
//! use halfopen::Outcome;
//! use halfopen::tower::HttpStatus;
//! use http::StatusCode;
//!
//! let classifier = HttpStatus::new().too_many_requests(Outcome::Failure).client_errors(Outcome::Ignored);
//! assert_eq!(classifier.outcome(StatusCode::SERVICE_UNAVAILABLE), Outcome::Failure);
//! assert_eq!(classifier.outcome(StatusCode::TOO_MANY_REQUESTS), Outcome::Failure);
//! assert_eq!(classifier.outcome(StatusCode::NOT_FOUND), Outcome::Ignored);
//! ```

use ::http::{Response, StatusCode};

use super::super::classify::Classify;
use crate::event::Outcome;

/// 5xx is a failure, everything else a success: a server that says `404` works. An error of the service is a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HttpStatus {
    server_errors: Outcome,
    client_errors: Outcome,
    request_timeout: Outcome,
    too_many_requests: Outcome,
}

impl HttpStatus {
    /// As the type says.
    #[must_use]
    pub const fn new() -> Self {
        let success = Outcome::Success;
        Self {
            server_errors: Outcome::Failure,
            client_errors: success,
            request_timeout: success,
            too_many_requests: success,
        }
    }

    /// What 5xx and more means; by default a failure.
    #[must_use]
    pub const fn server_errors(mut self, outcome: Outcome) -> Self {
        self.server_errors = outcome;
        self
    }

    /// What 4xx means, but for the two below; by default a success.
    #[must_use]
    pub const fn client_errors(mut self, outcome: Outcome) -> Self {
        self.client_errors = outcome;
        self
    }

    /// What 408 means; by default a success.
    #[must_use]
    pub const fn request_timeout(mut self, outcome: Outcome) -> Self {
        self.request_timeout = outcome;
        self
    }

    /// What 429 means; by default a success. A failure opens the circuit for those who are below the limit too, if they share it.
    #[must_use]
    pub const fn too_many_requests(mut self, outcome: Outcome) -> Self {
        self.too_many_requests = outcome;
        self
    }

    /// The outcome of a request that was answered by this status.
    #[must_use]
    pub fn outcome(&self, status: StatusCode) -> Outcome {
        match status.as_u16() {
            408 => self.request_timeout,
            429 => self.too_many_requests,
            400..500 => self.client_errors,
            500.. => self.server_errors,
            _ => Outcome::Success,
        }
    }
}

impl Default for HttpStatus {
    fn default() -> Self {
        Self::new()
    }
}

impl<B, E> Classify<Response<B>, E> for HttpStatus {
    fn classify(&self, result: Result<&Response<B>, &E>) -> Outcome {
        result.map_or(Outcome::Failure, |response| self.outcome(response.status()))
    }
}
