//! What a response or an error of a service says about it.
//!
//! ```
//! use halfopen::Outcome;
//! use halfopen::tower::{ByResult, Classify};
//!
//! /// A query that the database takes for wrong says nothing of the database.
//! let classifier = |result: Result<&u64, &std::io::Error>| match result {
//!     Err(error) if error.kind() == std::io::ErrorKind::InvalidInput => Outcome::Ignored,
//!     result => ByResult.classify(result),
//! };
//! assert_eq!(classifier.classify(Ok(&1)), Outcome::Success);
//! ```

use crate::event::Outcome;

/// Says what a result of a service means. A function of the result is one.
pub trait Classify<Response, Error> {
    /// The outcome.
    fn classify(&self, result: Result<&Response, &Error>) -> Outcome;
}

/// A response is a success, an error a failure.
#[derive(Clone, Copy, Debug, Default)]
pub struct ByResult;

impl<Response, Error> Classify<Response, Error> for ByResult {
    #[inline]
    fn classify(&self, result: Result<&Response, &Error>) -> Outcome {
        if result.is_ok() { Outcome::Success } else { Outcome::Failure }
    }
}

impl<Response, Error, F: Fn(Result<&Response, &Error>) -> Outcome> Classify<Response, Error> for F {
    fn classify(&self, result: Result<&Response, &Error>) -> Outcome {
        self(result)
    }
}
