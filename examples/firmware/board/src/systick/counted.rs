//! SysTick counts milliseconds.

use core::sync::atomic::{AtomicU32, Ordering::Relaxed};

use cortex_m::peripheral::{Peripherals, syst::SystClkSource};
use cortex_m_rt::exception;

use super::CYCLES_PER_MS;

static MILLIS: AtomicU32 = AtomicU32::new(0);

/// Starts the clock; panics if it was called before.
pub(crate) fn start() {
    let Some(Peripherals { SYST: mut timer, .. }) = Peripherals::take() else { panic!("the board is taken") };
    timer.set_reload(CYCLES_PER_MS - 1);
    timer.set_clock_source(SystClkSource::Core);
    timer.clear_current();
    timer.enable_interrupt();
    timer.enable_counter();
}

/// Milliseconds since the board was taken; wraps after 2^32 - 1.
pub fn millis() -> u32 {
    MILLIS.load(Relaxed)
}

#[exception]
fn SysTick() {
    // A load and a store will do (a Cortex-M0 has nothing else): only this handler writes.
    MILLIS.store(MILLIS.load(Relaxed).wrapping_add(1), Relaxed);
}
