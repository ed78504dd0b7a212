//! Where a breaker reads the time. It sets no timer: time passes when somebody asks.
//!
//! ```
//! use core::time::Duration;
//! use halfopen::{CircuitBreaker, CircuitState, Config, ManualClock};
//!
//! let clock = ManualClock::new();
//! let breaker = CircuitBreaker::with_clock("modem", Config::new().failure_threshold(1), &clock);
//! breaker.record_failure();
//! assert_eq!(breaker.state(), CircuitState::Open);
//! clock.advance(Duration::from_secs(30));
//! assert_eq!(breaker.state(), CircuitState::HalfOpen);
//! ```
//!
//! | where the time comes from | clock |
//! | --- | --- |
//! | an operating system | `SystemClock`, with `std` |
//! | a count of milliseconds or of a timer's ticks, up and in 32 bits that wrap: of an interrupt, a HAL's timer | [`TickClock`] |
//! | a count of milliseconds in 64 bits | [`FnClock`] |
//! | `embassy-time` 0.5 | `EmbassyClock`, feature `embassy-time-v0_5` |
//! | an RTIC monotonic, or another function that gives a `fugit::Instant` | `FugitClock`, features `fugit-v0_3`, `fugit-v0_6` |
//! | a test | [`ManualClock`] |

use core::time::Duration;

use crate::atomics::AtomicMillis;
use crate::time::Timestamp;

#[cfg(feature = "embassy-time-v0_5")]
mod embassy_time;
#[cfg(any(feature = "fugit-v0_3", feature = "fugit-v0_6"))]
mod fugit;
mod ticks;
mod wraps;

#[cfg(feature = "embassy-time-v0_5")]
pub use embassy_time::EmbassyClock;
#[cfg(any(feature = "fugit-v0_3", feature = "fugit-v0_6"))]
pub use fugit::{FugitClock, FugitInstant};
pub use ticks::TickClock;

/// A source of time.
///
/// An implementation:
/// - MUST give milliseconds since a fixed origin, which may be anything.
/// - MUST be callable from every context in which the breaker is used, interrupts included, and MUST NOT block.
/// - SHOULD never go back. Where it does, the breaker takes it as "no time has passed" and counts on from there.
/// - MAY stand still, be coarse, or jump ahead: a circuit then recovers later or sooner, and nothing else happens.
/// - MUST NOT panic on overflow; saturate or wrap. A breaker measures by the low 32 bits.
pub trait Clock {
    /// The time now.
    fn now(&self) -> Timestamp;
}

impl<C: Clock + ?Sized> Clock for &C {
    fn now(&self) -> Timestamp {
        (**self).now()
    }
}

/// Never read: it lets a breaker that names no clock be named where there is none.
impl Clock for core::convert::Infallible {
    fn now(&self) -> Timestamp {
        match *self {}
    }
}

#[cfg(feature = "std")]
impl<C: Clock + ?Sized> Clock for std::sync::Arc<C> {
    fn now(&self) -> Timestamp {
        (**self).now()
    }
}

/// The clock of a [`CircuitBreaker`](crate::CircuitBreaker) that names none: the system's, with `std`.
#[cfg(all(feature = "std", not(all(target_family = "wasm", target_os = "unknown"))))]
pub type DefaultClock = crate::system_clock::SystemClock;

/// The clock of a [`CircuitBreaker`](crate::CircuitBreaker) that names none: there is none here.
#[cfg(not(all(feature = "std", not(all(target_family = "wasm", target_os = "unknown")))))]
pub type DefaultClock = core::convert::Infallible;

/// A clock that moves only when it is told to: for tests, simulations and examples.
///
/// Give a breaker a reference to it, and several breakers share one time line. One thread at a time may move it; any
/// may read it.
pub struct ManualClock {
    now: AtomicMillis,
}

impl ManualClock {
    /// A clock that stands at [`Timestamp::ZERO`].
    #[must_use]
    pub const fn new() -> Self {
        Self { now: AtomicMillis::new(Some(Timestamp::ZERO)) }
    }

    /// Moves the clock on by `interval`, cut to whole milliseconds; it stops short of the end of the time line.
    pub fn advance(&self, interval: Duration) {
        self.set(self.now().saturating_add(interval));
    }

    /// Sets the clock, back too.
    pub fn set(&self, now: Timestamp) {
        self.now.store(Some(now));
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        self.now.load().unwrap_or(Timestamp::ZERO)
    }
}

impl Default for ManualClock {
    fn default() -> Self {
        Self::new()
    }
}

impl core::fmt::Debug for ManualClock {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_tuple("ManualClock").field(&self.now()).finish()
    }
}

/// A clock made of a function that gives milliseconds.
///
/// ```
/// use halfopen::{Clock, FnClock};
///
/// fn uptime_ms() -> u64 { 42 }
/// static CLOCK: FnClock = FnClock::new(uptime_ms);
/// assert_eq!(CLOCK.now().as_millis(), 42);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct FnClock<F = fn() -> u64> {
    millis: F,
}

impl<F: Fn() -> u64> FnClock<F> {
    /// Reads the time by `millis`.
    pub const fn new(millis: F) -> Self {
        Self { millis }
    }
}

impl<F: Fn() -> u64> Clock for FnClock<F> {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis((self.millis)())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manual_clock_moves_as_told_and_stops_at_its_end() {
        let clock = ManualClock::new();
        clock.advance(Duration::from_millis(1_500));
        assert_eq!(Clock::now(&&clock).as_millis(), 1_500);
        clock.set(Timestamp::from_millis(7));
        assert_eq!(clock.now().as_millis(), 7);
        clock.advance(Duration::MAX);
        let end = clock.now();
        assert!(end.as_millis() > 1 << 62);
        clock.advance(Duration::from_secs(1));
        assert_eq!(clock.now(), end);
    }
}
