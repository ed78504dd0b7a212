//! How a retry ends that did not succeed.
//!
//! ```
//! use halfopen::retry::{GaveUp, RetryError};
//!
//! let error: RetryError<&str> = RetryError::Inner { error: "no route to host", attempts: 3, why: GaveUp::Attempts };
//! assert_eq!(error.to_string(), "no route to host (3 attempts)");
//! ```

use core::error::Error;
use core::fmt;

use crate::error::{CallError, CircuitOpenError};

/// Why a retry did not succeed, and how many attempts were made.
///
/// The operation's own error is in it as it is, once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RetryError<E, N = &'static str> {
    /// The circuit refused the first attempt or another one.
    Open {
        /// What the circuit said.
        refused: CircuitOpenError<N>,
        /// How many attempts were made before: 0 if the operation was not called at all.
        attempts: u32,
        /// The error of the attempt before; `None` where there was none, or it gave a value that counted as a failure.
        last: Option<E>,
    },
    /// The last attempt failed, and was not followed by another one.
    Inner {
        /// The error of the last attempt.
        error: E,
        /// How many attempts were made, this one included.
        attempts: u32,
        /// Why there were no more.
        why: GaveUp,
    },
}

/// Why no attempt followed one that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum GaveUp {
    /// All attempts were made, or the backoff had no more.
    Attempts,
    /// It was not worth it: by `retry_if`, or as what did not count as a failure.
    NotWorthIt,
    /// The wait would have ended after the deadline.
    Deadline,
    /// The server asked to be left alone for longer than `max_delay`.
    RetryAfter,
    /// The budget of retries was used up.
    Budget,
}

impl<E, N> RetryError<E, N> {
    /// How many attempts were made: 0 if the operation was not called at all.
    pub const fn attempts(&self) -> u32 {
        match self {
            Self::Open { attempts, .. } | Self::Inner { attempts, .. } => *attempts,
        }
    }

    /// The error of the last attempt, if there was one.
    pub const fn last(&self) -> Option<&E> {
        match self {
            Self::Open { last, .. } => last.as_ref(),
            Self::Inner { error, .. } => Some(error),
        }
    }

    /// The error of the last attempt, if there was one.
    pub fn into_inner(self) -> Option<E> {
        match self {
            Self::Open { last, .. } => last,
            Self::Inner { error, .. } => Some(error),
        }
    }

    /// Whether the circuit ended it.
    pub const fn is_open(&self) -> bool {
        matches!(self, Self::Open { .. })
    }
}

/// As one call through the breaker would have ended.
impl<E, N> From<RetryError<E, N>> for CallError<E, N> {
    fn from(error: RetryError<E, N>) -> Self {
        match error {
            RetryError::Open { refused, .. } => Self::Open(refused),
            RetryError::Inner { error, .. } => Self::Inner(error),
        }
    }
}

/// What ended it, and the number of attempts.
impl<E: fmt::Display, N: AsRef<str>> fmt::Display for RetryError<E, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open { refused, .. } => refused.fmt(f)?,
            Self::Inner { error, .. } => error.fmt(f)?,
        }
        match self.attempts() {
            1 => f.write_str(" (1 attempt)"),
            attempts => write!(f, " ({attempts} attempts)"),
        }
    }
}

impl<E: Error + 'static, N: AsRef<str> + fmt::Debug> Error for RetryError<E, N> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Open { last, .. } => last.as_ref().map(|last| last as &dyn Error),
            // Shown as it is, so its cause is the next in the chain.
            Self::Inner { error, .. } => error.source(),
        }
    }
}
