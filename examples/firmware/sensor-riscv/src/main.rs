//! The same on RISC-V, with a simulated thermometer.
#![no_std]
#![no_main]

#[board::entry]
fn main() -> ! {
    let mut board = board::take();
    sensor::watch(board.i2c, &mut board.host)
}
