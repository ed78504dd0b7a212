//! Where the world around the board may change: between two calls of the firmware, by the tool `rig` on the host.
//!
//! A test that pulls a device out at some time of its own finds the firmware somewhere else on each machine. So the
//! firmware says when it rests, its clock stands still, and it goes on when the host says so: every run is the same.

use crate::machine::{self, HostPort};

/// By this line of the log `rig` knows that the board waits for it.
const YOUR_TURN: &str = "(the host's turn)";
/// By this byte the host says that it is done.
const GO_ON: u8 = b'.';

/// The line to the host's tool.
pub struct Host {
    port: HostPort,
}

impl Host {
    pub(crate) fn new(port: HostPort) -> Self {
        Self { port }
    }

    /// Sleeps for `ms` milliseconds. Before that the host may do something to the board's surroundings, in no time.
    pub fn rest(&mut self, ms: u32) {
        self.turn();
        crate::wait_ms(ms);
    }

    /// Lets the host do something to the board's surroundings, in no time.
    pub fn turn(&mut self) {
        machine::stop_clock();
        defmt::println!("{=str}", YOUR_TURN);
        loop {
            match self.port.receive() {
                GO_ON => break,
                command => machine::obey(command, &mut self.port),
            }
        }
        machine::start_clock();
    }
}
