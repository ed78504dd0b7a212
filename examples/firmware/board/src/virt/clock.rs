//! `mtime` is the clock, and `mtimecmp` wakes the core.

use core::sync::atomic::{AtomicU32, Ordering::Relaxed};

use riscv::interrupt::Interrupt;

use crate::register::Register;

const STEPS_PER_US: u64 = 10;
const STEPS_PER_MS: u64 = 1_000 * STEPS_PER_US;

// SAFETY: the two words of mtime on this machine, the low one first. Nobody writes them.
const MTIME: [Register; 2] = unsafe { [Register::at(0x0200_BFF8), Register::at(0x0200_BFFC)] };
// SAFETY: the two words of mtimecmp, which only this file touches.
const MTIMECMP: [Register; 2] = unsafe { [Register::at(0x0200_4000), Register::at(0x0200_4004)] };

/// Steps during which the clock stood still, and the step at which it was stopped. Only the main program uses them; 32 bits
/// are enough for seven minutes.
static STOOD_STILL: AtomicU32 = AtomicU32::new(0);
static STOPPED_AT: AtomicU32 = AtomicU32::new(0);

pub(super) fn start() {
    set_alarm();
    // SAFETY: no critical section is open here that enabling the interrupt could break.
    unsafe {
        riscv::register::mie::set_mtimer();
        riscv::interrupt::enable();
    }
}

/// Milliseconds since reset; wraps after 2^32 - 1.
pub fn millis() -> u32 {
    (steps() / STEPS_PER_MS) as u32
}

/// Microseconds since reset; wraps after 2^32 - 1.
pub fn micros() -> u32 {
    (steps() / STEPS_PER_US) as u32
}

pub(crate) fn stop_clock() {
    STOPPED_AT.store(mtime() as u32, Relaxed);
}

pub(crate) fn start_clock() {
    let stood_still = (mtime() as u32).wrapping_sub(STOPPED_AT.load(Relaxed));
    STOOD_STILL.store(STOOD_STILL.load(Relaxed).wrapping_add(stood_still), Relaxed);
}

fn steps() -> u64 {
    mtime() - u64::from(STOOD_STILL.load(Relaxed))
}

fn mtime() -> u64 {
    loop {
        let (high, low, high_again) = (MTIME[1].read(), MTIME[0].read(), MTIME[1].read());
        if high == high_again {
            return u64::from(high) << 32 | u64::from(low);
        }
    }
}

/// In a millisecond.
fn set_alarm() {
    let at = mtime() + STEPS_PER_MS;
    // The high word is out of reach meanwhile, so that no half-written time sets off the alarm.
    MTIMECMP[1].write(u32::MAX);
    MTIMECMP[0].write(at as u32);
    MTIMECMP[1].write((at >> 32) as u32);
}

pub(crate) fn sleep_until_interrupt() {
    riscv::asm::wfi();
}

#[riscv_rt::core_interrupt(Interrupt::MachineTimer)]
fn machine_timer() {
    set_alarm();
}
