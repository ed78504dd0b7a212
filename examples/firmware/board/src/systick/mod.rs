//! SysTick, which every Cortex-M has: its milliseconds are counted here, or by the program.

use cortex_m::peripheral::SYST;

use crate::machine::CORE_HZ;

#[cfg(feature = "clock")]
mod counted;
#[cfg(not(feature = "clock"))]
mod foreign;

#[cfg(feature = "clock")]
pub use counted::millis;
#[cfg(feature = "clock")]
pub(crate) use counted::start;
#[cfg(not(feature = "clock"))]
pub use foreign::millis;
#[cfg(not(feature = "clock"))]
pub(crate) use foreign::start;

/// What a tick of a millisecond takes, for whoever starts SysTick.
pub const CYCLES_PER_MS: u32 = CORE_HZ / 1_000;

/// Microseconds since the clock was started; wraps after 2^32 - 1. Not for an interrupt that can interrupt SysTick's.
pub fn micros() -> u32 {
    loop {
        let (before, cycles, after) = (millis(), CYCLES_PER_MS - 1 - SYST::get_current(), millis());
        if before == after {
            return before.wrapping_mul(1_000).wrapping_add(cycles * 2 / (2 * CORE_HZ / 1_000_000));
        }
    }
}

#[cfg(not(feature = "microbit"))]
pub(crate) fn stop_clock() {
    timer().disable_counter();
}

#[cfg(not(feature = "microbit"))]
pub(crate) fn start_clock() {
    timer().enable_counter();
}

#[cfg(not(feature = "microbit"))]
fn timer() -> SYST {
    // SAFETY: it is only stopped and started again, by one context. That also clears the flag by which RTIC's monotonic
    // counts, so that the host's turn may cost a tick.
    unsafe { cortex_m::Peripherals::steal() }.SYST
}

pub(crate) fn sleep_until_interrupt() {
    cortex_m::asm::wfi();
}
