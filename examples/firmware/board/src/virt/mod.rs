//! QEMU's RISC-V `virt`: a core, a UART, and a sensor that this crate simulates, for the machine has no I2C.

mod clock;
mod sensor;
mod uart;

pub use clock::{micros, millis};
pub(crate) use clock::{sleep_until_interrupt, start_clock, stop_clock};
pub use riscv_rt::entry;
pub use sensor::SimulatedBus;
pub(crate) use uart::HostPort;

use crate::host::Host;

/// What is on the board.
pub struct Board {
    /// A bus with a simulated sensor on it, which the host pulls out and plugs in.
    pub i2c: SimulatedBus,
    /// The line to the host.
    pub host: Host,
}

/// Starts the clock and hands out the board.
///
/// # Panics
///
/// If it was called before.
pub fn take() -> Board {
    let Some(bus) = SimulatedBus::take() else { panic!("the board is taken") };
    clock::start();
    Board { i2c: bus, host: Host::new(HostPort::new()) }
}

/// The instruction set of the core that runs this, by its own word.
pub fn chip() -> &'static str {
    let has = |extension| riscv::register::misa::read().has_extension(extension);
    match (has('A'), has('M'), has('C')) {
        (true, true, true) => "RV32IMAC",
        (false, true, true) => "RV32IMC",
        _ => "another RV32",
    }
}

/// The sensor is gone.
const PULLED_OUT: u8 = b'-';
/// The sensor is back, and has the temperature that the next byte says, in half degrees.
const PLUGGED_IN: u8 = b'+';

/// Does to the simulated sensor what the host says.
pub(crate) fn obey(command: u8, port: &mut HostPort) {
    match command {
        PULLED_OUT => sensor::pull_out(),
        PLUGGED_IN => sensor::plug_in(port.receive() as i8),
        _ => panic!("the host said {command}, which this board does not know"),
    }
}
