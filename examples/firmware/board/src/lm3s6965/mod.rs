//! Stellaris LM3S6965 on its evaluation board, as QEMU's `lm3s6965evb` has it.

mod i2c;
mod ssi;
mod uart;

pub use cortex_m_rt::entry;
pub use i2c::I2c;
pub use ssi::SdSpi;
pub use uart::{Late, Uart};

pub use crate::core_id::chip;
use crate::host::Host;
use crate::register::Register;
pub use crate::systick::{CYCLES_PER_MS, micros, millis};
pub(crate) use crate::systick::{sleep_until_interrupt, start_clock, stop_clock};

/// Out of reset, as QEMU has it.
pub const CORE_HZ: u32 = 12_500_000;

/// What is on the board.
pub struct Board {
    /// The bus with the sensor on it.
    pub i2c: I2c,
    /// The slot for an SD card.
    pub sd_spi: SdSpi,
    /// The line to the modem.
    pub modem: Uart,
    /// The line to the host.
    pub host: Host,
}

/// Starts the clock, if it is the board's, and hands out the board.
///
/// # Panics
///
/// If it was called before.
pub fn take() -> Board {
    crate::systick::start();
    set_bits(RUN_MODE_CLOCKS_1, clock_of::UART0 | clock_of::UART1 | clock_of::SSI0 | clock_of::I2C0);
    set_bits(RUN_MODE_CLOCKS_2, clock_of::GPIO_D);
    Board { i2c: I2c::new(), sd_spi: SdSpi::new(), modem: Uart::modem(), host: Host::new(HostPort(Uart::host())) }
}

// SAFETY: RCGC1 and RCGC2 of the LM3S6965.
const RUN_MODE_CLOCKS_1: Register = unsafe { Register::at(0x400F_E104) };
// SAFETY: as above.
const RUN_MODE_CLOCKS_2: Register = unsafe { Register::at(0x400F_E108) };

fn set_bits(register: Register, bits: u32) {
    register.write(register.read() | bits);
}

/// Bits of the registers above.
mod clock_of {
    pub(super) const UART0: u32 = 1 << 0;
    pub(super) const UART1: u32 = 1 << 1;
    pub(super) const SSI0: u32 = 1 << 4;
    pub(super) const I2C0: u32 = 1 << 12;
    pub(super) const GPIO_D: u32 = 1 << 3;
}

/// UART0.
pub(crate) struct HostPort(Uart);

impl HostPort {
    /// Waits for a byte, without sleeping: the clock stands still, so no tick would wake it.
    pub(crate) fn receive(&mut self) -> u8 {
        loop {
            if let Some(byte) = self.0.try_receive() {
                return byte;
            }
        }
    }
}

/// The devices here are pulled out by the host itself, so it has nothing to say.
pub(crate) fn obey(command: u8, _: &mut HostPort) {
    panic!("the host said {command}, which this board does not know");
}
