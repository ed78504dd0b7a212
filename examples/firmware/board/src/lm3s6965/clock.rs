//! SysTick counts milliseconds.

use core::sync::atomic::{AtomicU32, Ordering::Relaxed};

use cortex_m::peripheral::{Peripherals, SYST, syst::SystClkSource};
use cortex_m_rt::exception;

/// Out of reset, as QEMU has it.
const CORE_HZ: u32 = 12_500_000;
const CYCLES_PER_MS: u32 = CORE_HZ / 1_000;

static MILLIS: AtomicU32 = AtomicU32::new(0);

pub(super) fn start(mut timer: SYST) {
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

/// Microseconds since the board was taken; wraps after 2^32 - 1. Not for an interrupt that can interrupt SysTick's.
pub fn micros() -> u32 {
    loop {
        let (before, cycles, after) = (millis(), CYCLES_PER_MS - 1 - SYST::get_current(), millis());
        if before == after {
            return before.wrapping_mul(1_000).wrapping_add(cycles * 2 / (2 * CORE_HZ / 1_000_000));
        }
    }
}

pub(crate) fn stop_clock() {
    timer().disable_counter();
}

pub(crate) fn start_clock() {
    timer().enable_counter();
}

fn timer() -> SYST {
    // SAFETY: only this file touches SysTick, and only from the main program.
    unsafe { Peripherals::steal() }.SYST
}

pub(crate) fn sleep_until_interrupt() {
    cortex_m::asm::wfi();
}

#[exception]
fn SysTick() {
    // A load and a store will do (a Cortex-M0 has nothing else): only this handler writes.
    MILLIS.store(MILLIS.load(Relaxed).wrapping_add(1), Relaxed);
}
