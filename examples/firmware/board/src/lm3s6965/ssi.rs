//! SSI0 with the board's SD card slot, whose chip select is pin 0 of port D.

use core::convert::Infallible;

use embedded_hal::delay::DelayNs;
use embedded_hal::spi::{ErrorType, Operation, SpiDevice};

use super::set_bits;
use crate::delay::Delay;
use crate::register::Register;

const SSI0: usize = 0x4000_8000;
// SAFETY: the registers of SSI0 of the LM3S6965, of which `Board` gives out one driver.
const CONTROL_0: Register = unsafe { Register::at(SSI0) };
// SAFETY: as above.
const CONTROL_1: Register = unsafe { Register::at(SSI0 + 0x04) };
// SAFETY: as above.
const DATA: Register = unsafe { Register::at(SSI0 + 0x08) };
// SAFETY: as above.
const STATUS: Register = unsafe { Register::at(SSI0 + 0x0C) };
// SAFETY: as above.
const PRESCALE: Register = unsafe { Register::at(SSI0 + 0x10) };

const EIGHT_BITS: u32 = 7;
const ENABLED: u32 = 1 << 1;
const RECEIVE_NOT_EMPTY: u32 = 1 << 2;
const SMALLEST_PRESCALE: u32 = 2;

const PORT_D: usize = 0x4000_7000;
const PIN_0: u32 = 1 << 0;
// SAFETY: the registers of port D; nothing else here uses it. Of the data register the address says which pins are meant.
const PIN_0_DATA: Register = unsafe { Register::at(PORT_D + ((PIN_0 as usize) << 2)) };
// SAFETY: as above.
const DIRECTION: Register = unsafe { Register::at(PORT_D + 0x400) };
// SAFETY: as above.
const DIGITAL: Register = unsafe { Register::at(PORT_D + 0x51C) };

/// What a master sends when it only wants to hear.
const IDLE: u8 = 0xFF;
/// The first byte of the command that reads the card's operating conditions.
const CMD58: u8 = 0x40 | 58;
const COMMAND_LENGTH: usize = 6;
/// A card's first answer to a command: all is well.
const READY: u8 = 0x00;

/// The slot as a device on a bus of its own. SPI acknowledges nothing: without a card it hears ones.
pub struct SdSpi {
    cmd58_is_out: bool,
}

impl SdSpi {
    pub(super) fn new() -> Self {
        set_bits(DIRECTION, PIN_0);
        set_bits(DIGITAL, PIN_0);
        PIN_0_DATA.write(PIN_0);
        CONTROL_1.write(0);
        PRESCALE.write(SMALLEST_PRESCALE);
        CONTROL_0.write(EIGHT_BITS);
        CONTROL_1.write(ENABLED);
        Self { cmd58_is_out: false }
    }

    fn exchange(&mut self, byte: u8) -> u8 {
        DATA.write(u32::from(byte));
        while STATUS.read() & RECEIVE_NOT_EMPTY == 0 {}
        let answer = DATA.read() as u8;
        // The card of QEMU 7.2 always answers CMD58 with "idle", which a driver rightly refuses.
        if self.cmd58_is_out && answer != IDLE {
            self.cmd58_is_out = false;
            return READY;
        }
        answer
    }

    /// Sends `bytes` and hands on what comes back for each.
    fn send(&mut self, bytes: impl Iterator<Item = u8>, is_cmd58: bool, mut heard: impl FnMut(usize, u8)) {
        bytes.enumerate().for_each(|(index, byte)| heard(index, self.exchange(byte)));
        self.cmd58_is_out |= is_cmd58;
    }
}

fn is_cmd58(bytes: &[u8]) -> bool {
    bytes.len() == COMMAND_LENGTH && bytes[0] == CMD58
}

impl ErrorType for SdSpi {
    type Error = Infallible;
}

impl SpiDevice for SdSpi {
    fn transaction(&mut self, operations: &mut [Operation<'_, u8>]) -> Result<(), Infallible> {
        PIN_0_DATA.write(0);
        for operation in operations {
            match operation {
                Operation::Read(bytes) => {
                    self.send(core::iter::repeat_n(IDLE, bytes.len()), false, |index, byte| bytes[index] = byte);
                }
                Operation::Write(bytes) => self.send(bytes.iter().copied(), is_cmd58(bytes), |_, _| {}),
                Operation::Transfer(read, write) => {
                    let padding = core::iter::repeat_n(IDLE, read.len().saturating_sub(write.len()));
                    self.send(write.iter().copied().chain(padding), is_cmd58(write), |index, byte| {
                        if let Some(place) = read.get_mut(index) {
                            *place = byte;
                        }
                    });
                }
                Operation::TransferInPlace(bytes) => {
                    let is_cmd58 = is_cmd58(bytes);
                    bytes.iter_mut().for_each(|byte| *byte = self.exchange(*byte));
                    self.cmd58_is_out |= is_cmd58;
                }
                Operation::DelayNs(ns) => Delay.delay_ns(*ns),
            }
        }
        PIN_0_DATA.write(PIN_0);
        Ok(())
    }
}
