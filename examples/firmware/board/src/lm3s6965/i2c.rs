//! I2C0 as the only master of its bus.

use embedded_hal::i2c::{ErrorKind, ErrorType, NoAcknowledgeSource, Operation, SevenBitAddress};

use crate::register::Register;

const I2C0: usize = 0x4002_0000;

// SAFETY: the registers of I2C0 of the LM3S6965, of which `Board` gives out one driver.
const ADDRESS: Register = unsafe { Register::at(I2C0) };
// SAFETY: as above. Writing it commands, reading it gives the status.
const CONTROL: Register = unsafe { Register::at(I2C0 + 0x04) };
// SAFETY: as above.
const DATA: Register = unsafe { Register::at(I2C0 + 0x08) };
// SAFETY: as above.
const TIMER_PERIOD: Register = unsafe { Register::at(I2C0 + 0x0C) };
// SAFETY: as above.
const CONFIGURATION: Register = unsafe { Register::at(I2C0 + 0x20) };

/// Bits of `CONTROL` as it is written.
mod command {
    pub(super) const RUN: u32 = 1 << 0;
    pub(super) const START: u32 = 1 << 1;
    pub(super) const STOP: u32 = 1 << 2;
    pub(super) const ACKNOWLEDGE: u32 = 1 << 3;
}

/// Bits of `CONTROL` as it is read.
mod status {
    pub(super) const BUSY: u32 = 1 << 0;
    pub(super) const ERROR: u32 = 1 << 1;
    pub(super) const DATA_NOT_ACKNOWLEDGED: u32 = 1 << 3;
}

const MASTER_ENABLED: u32 = 1 << 4;
/// In the lowest bit of `ADDRESS`.
const RECEIVE: u32 = 1;
/// The bus runs at the core's clock by 20, by one more than this: 104 kHz at 12.5 MHz.
const PERIOD_100_KHZ: u32 = 5;

/// The bus. QEMU's model of it cannot repeat a START, so each part of a transaction ends with a STOP of its own; the
/// devices on it keep their register pointer over that.
pub struct I2c(());

impl I2c {
    pub(super) fn new() -> Self {
        CONFIGURATION.write(MASTER_ENABLED);
        TIMER_PERIOD.write(PERIOD_100_KHZ);
        Self(())
    }

    fn command(&mut self, command: u32) -> Result<(), ErrorKind> {
        CONTROL.write(command);
        let mut status = CONTROL.read();
        while status & status::BUSY != 0 {
            status = CONTROL.read();
        }
        if status & status::ERROR == 0 {
            return Ok(());
        }
        CONTROL.write(command::STOP);
        // Silicon has a bit for an address that nobody answers. QEMU says "arbitration lost" instead; with one master
        // there is nobody to lose it to.
        Err(ErrorKind::NoAcknowledge(match status & status::DATA_NOT_ACKNOWLEDGED {
            0 => NoAcknowledgeSource::Address,
            _ => NoAcknowledgeSource::Data,
        }))
    }

    fn write(&mut self, address: u8, bytes: &[u8]) -> Result<(), ErrorKind> {
        ADDRESS.write(u32::from(address) << 1);
        for (index, byte) in bytes.iter().enumerate() {
            DATA.write(u32::from(*byte));
            self.command(command::RUN | start_and_stop(index, bytes.len()))?;
        }
        Ok(())
    }

    fn read(&mut self, address: u8, bytes: &mut [u8]) -> Result<(), ErrorKind> {
        ADDRESS.write(u32::from(address) << 1 | RECEIVE);
        let length = bytes.len();
        for (index, byte) in bytes.iter_mut().enumerate() {
            let last = index + 1 == length;
            let acknowledge = if last { 0 } else { command::ACKNOWLEDGE };
            self.command(command::RUN | acknowledge | start_and_stop(index, length))?;
            *byte = DATA.read() as u8;
        }
        Ok(())
    }
}

/// The first byte begins with a START, the last one ends with a STOP.
fn start_and_stop(index: usize, length: usize) -> u32 {
    let start = if index == 0 { command::START } else { 0 };
    let stop = if index + 1 == length { command::STOP } else { 0 };
    start | stop
}

impl ErrorType for I2c {
    type Error = ErrorKind;
}

impl embedded_hal::i2c::I2c<SevenBitAddress> for I2c {
    fn transaction(&mut self, address: u8, operations: &mut [Operation<'_>]) -> Result<(), ErrorKind> {
        for operation in operations {
            match operation {
                Operation::Write(bytes) => self.write(address, bytes)?,
                Operation::Read(bytes) => self.read(address, bytes)?,
            }
        }
        Ok(())
    }
}
