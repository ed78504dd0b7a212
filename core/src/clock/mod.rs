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

use core::time::Duration;

use portable_atomic::{AtomicU32, Ordering};

use crate::atomics::AtomicMillis;
use crate::time::Timestamp;

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

/// Extends a 32-bit tick counter that wraps, such as a hardware timer.
///
/// It MUST be read at least once in each half of the counter's period, 2^31 ticks: 24.8 days at 1 kHz, 134 s at 16 MHz.
/// A breaker does not read its clock while all is well, so read it from an interrupt of the timer too where the counter
/// is fast. One that counts milliseconds may be read as rarely as you like by a breaker alone: what a missed wrap
/// loses is above the 32 bits by which it measures.
///
/// ```
/// use halfopen::{Clock, TickClock};
/// use core::sync::atomic::{AtomicU32, Ordering};
///
/// static TICKS: AtomicU32 = AtomicU32::new(u32::MAX - 999);
/// static CLOCK: TickClock = TickClock::new(|| TICKS.load(Ordering::Relaxed), 1_000_000); // at 1 MHz
/// assert_eq!(CLOCK.now().as_millis(), 4_294_966);
/// TICKS.store(500, Ordering::Relaxed); // 1,500 ticks later, after its wrap
/// assert_eq!(CLOCK.now().as_millis(), 4_294_967);
/// ```
#[derive(Debug)]
pub struct TickClock<F = fn() -> u32> {
    ticks: F,
    ticks_per_second: u32,
    /// Half periods seen so far: the lowest bit is the top bit of the counter when it was last read.
    halves: AtomicU32,
}

impl<F: Fn() -> u32> TickClock<F> {
    /// Reads the counter by `ticks`, which goes on by `ticks_per_second`: 1,000 for one of milliseconds, 32,768 for a
    /// watch crystal.
    ///
    /// # Panics
    ///
    /// If `ticks_per_second` is 0, which in a `static` is a compile error.
    pub const fn new(ticks: F, ticks_per_second: u32) -> Self {
        assert!(ticks_per_second > 0, "ticks_per_second is 0, must be 1 to 4294967295");
        Self { ticks, ticks_per_second, halves: AtomicU32::new(0) }
    }

    /// The counter, extended to 64 bits.
    fn extended(&self) -> u64 {
        loop {
            let seen = self.halves.load(Ordering::Acquire);
            let ticks = (self.ticks)();
            let halves = if seen & 1 == ticks >> 31 { seen } else { seen.wrapping_add(1) };
            // If somebody else has gone on meanwhile, these ticks may belong to another half. A look is enough where this
            // one has not: on a chip without compare-and-swap it spares a moment with the interrupts off.
            let same = if halves == seen {
                self.halves.load(Ordering::Acquire) == seen
            } else {
                self.halves.compare_exchange(seen, halves, Ordering::AcqRel, Ordering::Relaxed).is_ok()
            };
            if same {
                return (u64::from(halves >> 1) << 32) | u64::from(ticks);
            }
        }
    }
}

impl<F: Fn() -> u32> Clock for TickClock<F> {
    fn now(&self) -> Timestamp {
        let (ticks, second) = (self.extended(), u64::from(self.ticks_per_second));
        // Most counters count milliseconds, and a chip has no 64-bit division.
        if second == 1_000 {
            return Timestamp::from_millis(ticks);
        }
        Timestamp::from_millis((ticks / second).saturating_mul(1_000).saturating_add(ticks % second * 1_000 / second))
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

    #[test]
    fn a_tick_clock_counts_on_through_ten_wraps() {
        let ticks = AtomicU32::new(0);
        let clock = TickClock::new(|| ticks.load(Ordering::Relaxed), 1_000);
        let step = 1_000_000_000u32;
        for n in 0..40u64 {
            assert_eq!(clock.now().as_millis(), n * u64::from(step));
            ticks.fetch_add(step, Ordering::Relaxed);
        }
    }

    #[test]
    fn a_tick_clock_scales_to_milliseconds() {
        for (ticks, ticks_per_second, millis) in
            [(12_345, 10_000, 1_234), (32_768, 32_768, 1_000), (16_383, 32_768, 499), (7, 100, 70), (7, 1, 7_000)]
        {
            assert_eq!(TickClock::new(|| ticks, ticks_per_second).now().as_millis(), millis);
        }
    }
}
