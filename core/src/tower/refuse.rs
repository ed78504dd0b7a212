//! What becomes of a request that the circuit refuses, and of the errors of the service.
//!
//! ```
//! use std::sync::Arc;
//! use halfopen::tower::CircuitBreakerLayer;
//! use halfopen::{CircuitBreaker, CircuitOpenError, Config};
//!
//! let search = Arc::new(CircuitBreaker::new("search", Config::new()));
//! let found_nothing = CircuitBreakerLayer::new(search).respond_with(|_: CircuitOpenError| Vec::<String>::new());
//! # let _ = found_nothing;
//! ```

use core::error::Error;
use core::fmt;
use std::boxed::Box;

use crate::error::{CallError, CircuitOpenError};

/// The error of stacks in which each service may have another one: that of `tower` and `axum`.
pub type BoxError = Box<dyn Error + Send + Sync>;

/// Says what becomes of a refusal, and of an error of the service inside.
pub trait Refuse<Response, E, Name> {
    /// The error of the service with the breaker.
    type Error;

    /// The answer to a request that was refused.
    ///
    /// # Errors
    ///
    /// Where a refusal is an error.
    fn refuse(&self, refused: CircuitOpenError<Name>) -> Result<Response, Self::Error>;

    /// The same error as one of the service with the breaker.
    fn fail(&self, error: E) -> Self::Error;
}

/// A refusal is [`CallError::Open`], an error [`CallError::Inner`].
#[derive(Clone, Copy, Debug, Default)]
pub struct AsError;

impl<Response, E, Name> Refuse<Response, E, Name> for AsError {
    type Error = CallError<E, Name>;

    fn refuse(&self, refused: CircuitOpenError<Name>) -> Result<Response, Self::Error> {
        Err(CallError::Open(refused))
    }

    fn fail(&self, error: E) -> Self::Error {
        CallError::Inner(error)
    }
}

/// A refusal is a boxed [`CircuitOpenError`], an error that of the service, boxed: each to be had by `downcast_ref`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Boxed;

impl<Response, E, Name> Refuse<Response, E, Name> for Boxed
where
    E: Into<BoxError>,
    Name: AsRef<str> + fmt::Debug + Send + Sync + 'static,
{
    type Error = BoxError;

    fn refuse(&self, refused: CircuitOpenError<Name>) -> Result<Response, BoxError> {
        Err(Box::new(refused))
    }

    fn fail(&self, error: E) -> BoxError {
        error.into()
    }
}

/// A refusal is a response that a function makes. The error stays that of the service.
#[derive(Clone, Copy, Debug, Default)]
pub struct RespondWith<F>(pub(super) F);

impl<Response, E, Name, F: Fn(CircuitOpenError<Name>) -> Response> Refuse<Response, E, Name> for RespondWith<F> {
    type Error = E;

    fn refuse(&self, refused: CircuitOpenError<Name>) -> Result<Response, E> {
        Ok((self.0)(refused))
    }

    fn fail(&self, error: E) -> E {
        error
    }
}
