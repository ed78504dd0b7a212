//! The only UART, a 16550, polled: the line to the host.

use crate::register::Register;

// SAFETY: the receive register of the UART of this machine, which only this file touches.
const RECEIVE: Register<u8> = unsafe { Register::at(0x1000_0000) };
// SAFETY: its line status.
const LINE_STATUS: Register<u8> = unsafe { Register::at(0x1000_0005) };
const DATA_READY: u8 = 1;

pub(crate) struct HostPort(());

impl HostPort {
    pub(super) fn new() -> Self {
        Self(())
    }

    /// Waits for a byte.
    pub(crate) fn receive(&mut self) -> u8 {
        while LINE_STATUS.read() & DATA_READY == 0 {}
        RECEIVE.read()
    }
}
