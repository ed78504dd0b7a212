//! The UARTs, polled.

use embedded_io::{ErrorKind, ErrorType, Read, Write};

use crate::register::Register;

/// A UART, 8 bits, with its FIFO on. Reading gives up after a time, which a call can be told by.
pub struct Uart {
    data: Register,
    flags: Register,
    patience_ms: u32,
}

/// Offsets of the registers.
mod offset {
    pub(super) const DATA: usize = 0x00;
    pub(super) const FLAGS: usize = 0x18;
    pub(super) const LINE_CONTROL: usize = 0x2C;
    pub(super) const CONTROL: usize = 0x30;
}

const RECEIVE_EMPTY: u32 = 1 << 4;
const TRANSMIT_FULL: u32 = 1 << 5;
const EIGHT_BITS_AND_FIFO: u32 = 0b11 << 5 | 1 << 4;
const ENABLED_BOTH_WAYS: u32 = 1 << 9 | 1 << 8 | 1;

impl Uart {
    /// UART0.
    pub(super) fn host() -> Self {
        Self::at(0x4000_C000)
    }

    /// UART1.
    pub(super) fn modem() -> Self {
        Self::at(0x4000_D000)
    }

    fn at(base: usize) -> Self {
        // SAFETY: only called for the UARTs of the LM3S6965, and once for each by `Board`.
        let register = |offset| unsafe { Register::at(base + offset) };
        register(offset::LINE_CONTROL).write(EIGHT_BITS_AND_FIFO);
        register(offset::CONTROL).write(ENABLED_BOTH_WAYS);
        Self { data: register(offset::DATA), flags: register(offset::FLAGS), patience_ms: 1_000 }
    }

    /// How long a read waits for its first byte, in milliseconds: 1,000 if nobody says otherwise.
    pub fn with_patience(self, ms: u32) -> Self {
        Self { patience_ms: ms, ..self }
    }

    /// Throws away what has come, and counts it.
    pub fn discard(&mut self) -> usize {
        core::iter::from_fn(|| self.try_receive()).count()
    }

    /// A byte, if one has come.
    pub fn try_receive(&mut self) -> Option<u8> {
        (self.flags.read() & RECEIVE_EMPTY == 0).then(|| self.data.read() as u8)
    }
}

/// Nothing came in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, defmt::Format)]
pub struct Late;

impl core::fmt::Display for Late {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("no byte came in time")
    }
}

impl core::error::Error for Late {}

impl embedded_io::Error for Late {
    fn kind(&self) -> ErrorKind {
        ErrorKind::TimedOut
    }
}

impl ErrorType for Uart {
    type Error = Late;
}

impl Read for Uart {
    /// Waits for a byte and takes what else is there; [`Late`] if none came.
    fn read(&mut self, bytes: &mut [u8]) -> Result<usize, Late> {
        let start = crate::millis();
        let mut count = 0;
        while count < bytes.len() {
            match self.try_receive() {
                Some(byte) => {
                    bytes[count] = byte;
                    count += 1;
                }
                None if count > 0 => break,
                None if crate::millis().wrapping_sub(start) >= self.patience_ms => return Err(Late),
                None => super::sleep_until_interrupt(),
            }
        }
        Ok(count)
    }
}

impl Write for Uart {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, Late> {
        for byte in bytes {
            while self.flags.read() & TRANSMIT_FULL != 0 {}
            self.data.write(u32::from(*byte));
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> Result<(), Late> {
        Ok(())
    }
}
