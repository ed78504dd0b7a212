//! RISC-V `virt`: the CLINT's `mtime` is the clock, and its `mtimecmp` gives the interrupt.

use core::ptr::{read_volatile, write_volatile};
use core::sync::atomic::{AtomicU32, Ordering::Relaxed};

use riscv::interrupt::Interrupt;
pub use riscv_rt::entry;

/// Two words each, the low one first.
const MTIME: *const u32 = 0x0200_BFF8 as *const u32;
const MTIMECMP: *mut u32 = 0x0200_4000 as *mut u32;

/// Steps of `mtime` between two interrupts.
static PERIOD: AtomicU32 = AtomicU32::new(0);

pub fn start_timer(period: u32) {
    PERIOD.store(period, Relaxed);
    set_alarm();
    // SAFETY: no critical section is open here that enabling the interrupt could break.
    unsafe {
        riscv::register::mie::set_mtimer();
        riscv::interrupt::enable();
    }
}

/// Since reset rather than since `start_timer`, which is the first thing that an image calls.
pub fn now_ms() -> u32 {
    (mtime() / u64::from(crate::TIMER_HZ / 1000)) as u32
}

pub fn wait_for_interrupt() {
    riscv::asm::wfi();
}

/// Nanoseconds that `work` takes.
pub fn nanoseconds(work: impl FnOnce()) -> u64 {
    let start = mtime();
    work();
    (mtime() - start) * 1_000_000_000 / u64::from(crate::TIMER_HZ)
}

#[riscv_rt::core_interrupt(Interrupt::MachineTimer)]
fn machine_timer() {
    crate::run_hook();
    // From now, not from the last alarm: a slow hook must not leave the main program without time.
    set_alarm();
}

fn mtime() -> u64 {
    loop {
        // SAFETY: both words of a register that is always there on this machine; reading it changes nothing.
        let (high, low, high_again) =
            unsafe { (read_volatile(MTIME.add(1)), read_volatile(MTIME), read_volatile(MTIME.add(1))) };
        if high == high_again {
            return u64::from(high) << 32 | u64::from(low);
        }
    }
}

fn set_alarm() {
    let at = mtime() + u64::from(PERIOD.load(Relaxed));
    // SAFETY: the register is always there on this machine, and only this function writes it. The high word is out of reach
    // meanwhile, so that no half-written time sets off the alarm.
    unsafe {
        write_volatile(MTIMECMP.add(1), u32::MAX);
        write_volatile(MTIMECMP, at as u32);
        write_volatile(MTIMECMP.add(1), (at >> 32) as u32);
    }
}
