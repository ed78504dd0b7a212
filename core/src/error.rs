//! What a refused or failed call returns.
//!
//! ```
//! use halfopen::{CallError, CircuitBreaker, Config, ManualClock};
//!
//! let clock = ManualClock::new();
//! let breaker = CircuitBreaker::with_clock("s3_upload", Config::new().failure_threshold(1), &clock);
//! breaker.record_failure();
//! let error = breaker.try_acquire().unwrap_err();
//! assert_eq!(error.to_string(), "circuit 's3_upload' is open, retry after 30.000 s");
//! ```

use core::error::Error;
use core::fmt;
use core::time::Duration;

use crate::circuit::CircuitState;
use crate::event::Refusal;

/// The circuit refused the request. Who asks by [`allow_request`](crate::CircuitBreaker::allow_request) makes it from its fields:
///
/// ```
/// use halfopen::{CircuitBreaker, CircuitOpenError, Config, ManualClock};
///
/// let breaker = CircuitBreaker::with_clock("s3_upload", Config::new(), ManualClock::new());
/// breaker.isolate();
/// if !breaker.allow_request() {
///     let (operation_name, state, retry_after) = (breaker.operation_name(), breaker.state(), breaker.retry_after());
///     let error = CircuitOpenError { operation_name, state, retry_after };
///     assert_eq!(error.to_string(), "circuit 's3_upload' is open until it is reset");
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CircuitOpenError<N = &'static str> {
    /// The name of the circuit.
    pub operation_name: N,
    /// The state that refused: OPEN, HALF_OPEN with all its probes in flight, or CLOSED while it ramps up.
    pub state: CircuitState,
    /// How long to wait until it makes sense to ask again, at the latest: in HALF_OPEN a probe that reports may give its
    /// place back sooner. `None`: not before a `reset`.
    pub retry_after: Option<Duration>,
}

impl<N> CircuitOpenError<N> {
    pub(crate) fn new(operation_name: N, refusal: Refusal) -> Self {
        Self { operation_name, state: refusal.state, retry_after: refusal.retry_after() }
    }
}

impl<N: AsRef<str>> fmt::Display for CircuitOpenError<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.state {
            CircuitState::Closed => write!(f, "circuit '{}' is ramping up", self.operation_name.as_ref())?,
            state => write!(f, "circuit '{}' is {state}", self.operation_name.as_ref())?,
        }
        match self.retry_after {
            Some(wait) => write!(f, ", retry after {}.{:03} s", wait.as_secs(), wait.subsec_millis()),
            None => f.write_str(" until it is reset"),
        }
    }
}

impl<N: AsRef<str> + fmt::Debug> Error for CircuitOpenError<N> {}

/// Why a call through a breaker failed: the circuit refused it, or the operation itself failed.
///
/// Where the operation's error is one of its own, `?` makes of this what it makes of any error. A `Box<dyn Error>`, as
/// `anyhow::Error`, is none itself, so take it out:
///
/// ```
/// # #[cfg(feature = "std")] {
/// use std::error::Error;
/// use halfopen::{CallError, CircuitBreaker, Config};
///
/// fn upload() -> Result<u32, Box<dyn Error>> {
///     Ok("42".parse()?)
/// }
///
/// static UPLOADS: CircuitBreaker = CircuitBreaker::new("s3_upload", Config::new());
///
/// fn guarded() -> Result<u32, Box<dyn Error>> {
///     UPLOADS.call(upload).map_err(|error| match error {
///         CallError::Open(refused) => refused.into(),
///         CallError::Inner(error) => error,
///     })
/// }
/// assert_eq!(guarded().unwrap(), 42);
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CallError<E, N = &'static str> {
    /// The operation was not called.
    Open(CircuitOpenError<N>),
    /// The operation's own error: shown as it is, and its cause is the next in the chain. Match, or take it out by
    /// [`into_inner`](CallError::into_inner), to look at the error itself.
    Inner(E),
}

impl<E, N> CallError<E, N> {
    /// The operation's own error, if it was called.
    pub fn into_inner(self) -> Option<E> {
        match self {
            Self::Open(_) => None,
            Self::Inner(error) => Some(error),
        }
    }

    /// Whether the circuit refused the call.
    pub const fn is_open(&self) -> bool {
        matches!(self, Self::Open(_))
    }
}

impl<E, N> From<CircuitOpenError<N>> for CallError<E, N> {
    fn from(error: CircuitOpenError<N>) -> Self {
        Self::Open(error)
    }
}

impl<E: fmt::Display, N: AsRef<str>> fmt::Display for CallError<E, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open(error) => error.fmt(f),
            Self::Inner(error) => error.fmt(f),
        }
    }
}

impl<E: Error + 'static, N: AsRef<str> + fmt::Debug> Error for CallError<E, N> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            // Shown as it is, so its cause is the next in the chain.
            Self::Open(_) => None,
            Self::Inner(error) => error.source(),
        }
    }
}
