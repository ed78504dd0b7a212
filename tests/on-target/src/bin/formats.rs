//! What must not be in `logs`, and must be found here: a value that is formatted on the chip, by `core::fmt`.
#![no_std]
#![no_main]

use core::hint::black_box;

use halfopen::{CircuitBreaker, Config, ManualClock};

board::silent_panic_handler!();
board::mute_logger!();

static CLOCK: ManualClock = ManualClock::new();
static IMU: CircuitBreaker<&ManualClock> = CircuitBreaker::with_clock("imu", Config::new(), &CLOCK);

#[board::entry]
fn main() -> ! {
    board::start();
    loop {
        defmt::info!("{}", defmt::Debug2Format(&black_box(&IMU).state()));
    }
}
