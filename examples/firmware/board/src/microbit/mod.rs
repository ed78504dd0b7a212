//! nRF51822 on a BBC micro:bit, as QEMU's `microbit` has it: what is written to its flash stays there over a reset.

mod nvmc;

pub use cortex_m_rt::entry;
pub use nvmc::{FlashError, Nvmc, STORAGE};

pub use crate::core_id::chip;
pub(crate) use crate::systick::sleep_until_interrupt;
pub use crate::systick::{CYCLES_PER_MS, micros, millis};

/// Out of reset, as QEMU has it.
pub const CORE_HZ: u32 = 16_000_000;

/// What is on the board.
pub struct Board {
    /// The flash, as far as the program is not in it.
    pub flash: Nvmc,
}

/// Starts the clock and hands out the board.
///
/// # Panics
///
/// If it was called before.
pub fn take() -> Board {
    crate::systick::start();
    Board { flash: Nvmc::new() }
}

/// Resets the chip, as a watchdog would: RAM and flash stay as they are.
pub fn reset() -> ! {
    cortex_m::peripheral::SCB::sys_reset()
}
