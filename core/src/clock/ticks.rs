//! A tick counter of 32 bits that wraps, as a clock: the milliseconds of a SysTick interrupt, a hardware timer, a watch
//! crystal.
//!
//! With `cortex-m` and `cortex-m-rt`, where nothing else counts milliseconds (`systick.set_reload` to the core's clock / 1,000
//! - 1, `enable_counter`, `enable_interrupt`):
//!
//! ```
//! use halfopen::{CircuitBreaker, Config, TickClock};
//! use core::sync::atomic::{AtomicU32, Ordering::Relaxed};
//!
//! static MILLIS: AtomicU32 = AtomicU32::new(0);
//!
//! # #[cfg(any())]
//! #[cortex_m_rt::exception]
//! fn SysTick() {
//!     // Nobody else writes it, so this needs no compare-and-swap: it works on a Cortex-M0 too.
//!     MILLIS.store(MILLIS.load(Relaxed).wrapping_add(1), Relaxed);
//! }
//!
//! static SENSOR: CircuitBreaker<TickClock> =
//!     CircuitBreaker::with_clock("imu", Config::new(), TickClock::new(|| MILLIS.load(Relaxed), 1_000));
//! assert!(SENSOR.allow_request());
//! ```

use super::Clock;
use super::wraps::Wraps;
use crate::time::Timestamp;

/// Extends a 32-bit tick counter that wraps: one of milliseconds that an interrupt counts, or a hardware timer.
///
/// The counter MUST go up, through all 32 bits. With one of 16 or 24 bits a circuit whose time is longer than its period stays
/// OPEN, with one that goes down each does until it begins anew at least; the value of SysTick is both. Count the interrupts of
/// such a timer instead.
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
    wraps: Wraps,
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
        Self { ticks, ticks_per_second, wraps: Wraps::NONE }
    }
}

impl<F: Fn() -> u32> Clock for TickClock<F> {
    fn now(&self) -> Timestamp {
        let (ticks, second) = (self.wraps.extend(&self.ticks), u64::from(self.ticks_per_second));
        // Most counters count milliseconds, and a chip has no 64-bit division.
        if second == 1_000 {
            return Timestamp::from_millis(ticks);
        }
        Timestamp::from_millis((ticks / second).saturating_mul(1_000).saturating_add(ticks % second * 1_000 / second))
    }
}

#[cfg(test)]
mod tests {
    use portable_atomic::{AtomicU32, Ordering};

    use super::*;

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
