//! The image that the other size images are compared with: a chip that reads its clock, and nothing else.
#![no_std]
#![no_main]

use core::hint::black_box;

board::silent_panic_handler!();

#[board::entry]
fn main() -> ! {
    board::start();
    loop {
        black_box(board::now_ms());
    }
}
