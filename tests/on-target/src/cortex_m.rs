//! Cortex-M: SysTick gives the interrupt, and counting it gives the time.

use core::sync::atomic::{AtomicU32, Ordering::Relaxed};

use cortex_m::peripheral::{Peripherals, syst::SystClkSource};
pub use cortex_m_rt::entry;
use cortex_m_rt::exception;

const CYCLES_PER_MS: u32 = crate::TIMER_HZ / 1000;

/// Cycles between two interrupts.
static PERIOD: AtomicU32 = AtomicU32::new(0);
static MS: AtomicU32 = AtomicU32::new(0);
/// Cycles since the last whole millisecond: a period that does not divide it must not make the clock drift.
static CYCLES: AtomicU32 = AtomicU32::new(0);

pub fn start_timer(period: u32) {
    // SAFETY: nothing else in an image touches SysTick.
    let mut timer = unsafe { Peripherals::steal() }.SYST;
    timer.disable_counter();
    PERIOD.store(period, Relaxed);
    timer.set_clock_source(SystClkSource::Core);
    timer.set_reload(period - 1);
    timer.clear_current();
    timer.enable_interrupt();
    timer.enable_counter();
}

pub fn now_ms() -> u32 {
    MS.load(Relaxed)
}

pub fn wait_for_interrupt() {
    cortex_m::asm::wfi();
}

/// Nanoseconds that `work` takes, at most 16,777,215 cycles. The timer gives no interrupt meanwhile, and is left stopped.
pub fn nanoseconds(work: impl FnOnce()) -> u64 {
    const LONGEST: u32 = 0x00ff_ffff;
    // SAFETY: nothing else in an image touches SysTick.
    let mut timer = unsafe { Peripherals::steal() }.SYST;
    timer.disable_interrupt();
    timer.set_clock_source(SystClkSource::Core);
    timer.set_reload(LONGEST);
    timer.clear_current();
    timer.enable_counter();
    let start = cortex_m::peripheral::SYST::get_current();
    work();
    let cycles = start.wrapping_sub(cortex_m::peripheral::SYST::get_current()) & LONGEST;
    timer.disable_counter();
    u64::from(cycles) * 1_000_000_000 / u64::from(crate::TIMER_HZ)
}

#[exception]
fn SysTick() {
    // Loads and stores will do (a Cortex-M0 has nothing else): only this handler writes, and it never interrupts itself.
    let cycles = CYCLES.load(Relaxed) + PERIOD.load(Relaxed);
    if cycles < CYCLES_PER_MS {
        CYCLES.store(cycles, Relaxed);
    } else {
        CYCLES.store(cycles - CYCLES_PER_MS, Relaxed);
        MS.store(MS.load(Relaxed).wrapping_add(1), Relaxed);
    }
    crate::run_hook();
}
