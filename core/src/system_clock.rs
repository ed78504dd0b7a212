//! The system's monotonic clock, for hosts with an operating system.
//!
//! ```
//! use halfopen::{Clock, SystemClock};
//!
//! let before = SystemClock.now();
//! assert!(SystemClock.now() >= before);
//! assert!(SystemClock.wall_time(before) <= std::time::SystemTime::now());
//! ```

use std::sync::OnceLock;
use std::time::{Duration, Instant, SystemTime};

use crate::atomics::const_unless_loom;
use crate::breaker::CircuitBreaker;
use crate::clock::Clock;
use crate::config::CircuitBreakerConfiguration;
use crate::config_error::ConfigError;
use crate::time::Timestamp;

/// Milliseconds since the process first asked. Monotonic: no change of the wall clock holds a circuit open.
///
/// All values of this type share one time line. There is none on `wasm32-unknown-unknown`, where the standard library has
/// no clock: give a breaker another one there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct SystemClock;

struct Origin {
    instant: Instant,
    wall: SystemTime,
}

fn origin() -> &'static Origin {
    static ORIGIN: OnceLock<Origin> = OnceLock::new();
    ORIGIN.get_or_init(|| Origin { instant: Instant::now(), wall: SystemTime::now() })
}

impl SystemClock {
    /// What the wall clock showed, or would have shown had nobody set it since, at `at`.
    ///
    /// ```
    /// use halfopen::{CircuitBreaker, Config, SystemClock};
    ///
    /// let breaker = CircuitBreaker::new("s3_upload", Config::new());
    /// breaker.record_failure();
    /// let when = breaker.last_failure_time().map(|at| SystemClock.wall_time(at));
    /// assert!(when.unwrap() <= std::time::SystemTime::now());
    /// ```
    #[must_use]
    pub fn wall_time(&self, at: Timestamp) -> SystemTime {
        let wall = origin().wall;
        wall.checked_add(Duration::from_millis(at.as_millis())).unwrap_or(wall)
    }
}

/// Microseconds on the time line of [`SystemClock`].
#[cfg(feature = "redis")]
pub(crate) fn micros() -> u64 {
    u64::try_from(origin().instant.elapsed().as_micros()).unwrap_or(u64::MAX)
}

impl Clock for SystemClock {
    #[inline]
    fn now(&self) -> Timestamp {
        let passed = origin().instant.elapsed();
        Timestamp::from_millis(passed.as_secs() * 1_000 + u64::from(passed.subsec_millis()))
    }
}

impl<N: AsRef<str>> CircuitBreaker<SystemClock, (), N> {
    const_unless_loom! {
        /// A breaker by the system's monotonic clock. A `const fn`: it fits a `static`. Names that are made at run time are
        /// best held in an `Arc<str>`: a refusal clones its name.
        ///
        /// ```
        /// use halfopen::{CircuitBreaker, Config};
        ///
        /// static UPLOADS: CircuitBreaker = CircuitBreaker::new("s3_upload", Config::new());
        /// assert!(UPLOADS.allow_request());
        /// ```
        ///
        /// # Panics
        ///
        /// With the text of the [`ConfigError`] if `config` is invalid: see [`try_new`](Self::try_new). In a `static` that
        /// is a compile error.
        #[track_caller]
        pub fn new(operation_name: N, config: CircuitBreakerConfiguration) -> Self {
            Self::with_clock(operation_name, config, SystemClock)
        }
    }

    /// A breaker by the system's monotonic clock.
    ///
    /// # Errors
    ///
    /// A [`ConfigError`] that names the field, the value and the range.
    pub fn try_new(operation_name: N, config: CircuitBreakerConfiguration) -> Result<Self, ConfigError> {
        Self::try_with_clock(operation_name, config, SystemClock)
    }
}
