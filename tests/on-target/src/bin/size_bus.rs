//! A sensor on an I2C bus, read again and again: what `size_guard` puts a guard before.
#![no_std]
#![no_main]

use board::bus::{Bus, read_forever};

board::silent_panic_handler!();

#[board::entry]
fn main() -> ! {
    board::start();
    read_forever(Bus)
}
