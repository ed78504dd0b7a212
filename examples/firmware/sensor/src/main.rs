//! A thermometer on I2C that is pulled out and plugged back while the firmware reads it.
#![no_std]
#![no_main]

#[board::entry]
fn main() -> ! {
    let mut board = board::take();
    sensor::watch(board.i2c, &mut board.host)
}
