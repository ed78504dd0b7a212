//! An SD card that knows as much as it takes to be asked for its size, for a [`Flaky`](crate::Flaky) one.

use std::collections::VecDeque;

use embedded_hal::spi::{ErrorKind, ErrorType, Operation, SpiDevice};

use crate::Script;

/// A card of [`SdCard::BYTES`] behind SPI. Each byte sent is answered by what is due, and by 0xFF otherwise.
pub struct SdCard {
    set_up: usize,
    calls: usize,
    due: VecDeque<u8>,
    command: Vec<u8>,
}

impl SdCard {
    /// The size that its registers tell: 1,024 times 512 KiB.
    pub const BYTES: u64 = 512 * 1024 * 1024;

    /// A card that is asked in so many calls, and before, when it is woken, in so many others.
    pub fn asked_in(calls: usize, set_up: usize) -> Self {
        Self { set_up, calls, due: VecDeque::new(), command: Vec::new() }
    }

    fn exchange(&mut self, sent: u8) -> u8 {
        let received = self.due.pop_front().unwrap_or(0xFF);
        let begins = self.command.is_empty() && sent & 0xC0 == 0x40;
        if begins || !self.command.is_empty() {
            self.command.push(sent);
        }
        if self.command.len() == 6 {
            self.due = reply(self.command[0] & 0x3F).into();
            self.command.clear();
        }
        received
    }
}

/// The replies to commands, each by one byte that says how it went.
fn reply(command: u8) -> Vec<u8> {
    const IDLE: u8 = 1;
    match command {
        // Reset, checksums on, an application's command follows.
        0 | 59 | 55 => vec![IDLE],
        // Its voltage is right, and the pattern comes back.
        8 => vec![IDLE, 0, 0, 1, 0xAA],
        // It is ready.
        41 => vec![0],
        // Addressed by blocks.
        58 => vec![0, 0xC0, 0, 0, 0],
        // A register of the second layout, C_SIZE being 1,023, between its start and its checksum.
        9 => {
            let mut register = [0; 16];
            register[0] = 0x40;
            register[8..10].copy_from_slice(&1023_u16.to_be_bytes());
            register[15] = 0xBD; // its own checksum, of 7 bits
            [&[0, 0xFE], &register[..], &crc16(&register).to_be_bytes()].concat()
        }
        _ => panic!("the card does not know command {command}"),
    }
}

/// The checksum of data: CRC-16 by the polynomial 0x1021, from zero.
fn crc16(data: &[u8]) -> u16 {
    data.iter().fold(0, |crc, byte| {
        (0..8).fold(crc ^ u16::from(*byte) << 8, |crc, _| if crc & 0x8000 == 0 { crc << 1 } else { crc << 1 ^ 0x1021 })
    })
}

impl Script for SdCard {
    type Error = ErrorKind;
    const ERROR: ErrorKind = ErrorKind::Other;

    fn be_set_up(&mut self) -> usize {
        self.set_up
    }

    fn answer(&mut self) -> usize {
        self.calls
    }

    fn check(&mut self) {
        assert!(self.due.is_empty() && self.command.is_empty(), "the card was not heard out");
    }
}

impl ErrorType for SdCard {
    type Error = ErrorKind;
}

impl SpiDevice for SdCard {
    fn transaction(&mut self, operations: &mut [Operation<'_, u8>]) -> Result<(), ErrorKind> {
        for operation in operations {
            match operation {
                Operation::Read(buffer) => buffer.iter_mut().for_each(|byte| *byte = self.exchange(0xFF)),
                Operation::Write(buffer) => buffer.iter().for_each(|byte| _ = self.exchange(*byte)),
                Operation::TransferInPlace(buffer) => buffer.iter_mut().for_each(|byte| *byte = self.exchange(*byte)),
                Operation::Transfer(read, write) => {
                    assert_eq!(read.len(), write.len());
                    read.iter_mut().zip(*write).for_each(|(to, from)| *to = self.exchange(*from));
                }
                Operation::DelayNs(_) => (),
            }
        }
        Ok(())
    }
}
