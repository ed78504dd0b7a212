//! Never ends, so that `./x test targets` can see that a hang is seen: the runner's timeout, and exit code 124.
#![no_std]
#![no_main]

board::panic_handler!();

#[board::entry]
fn main() -> ! {
    loop {
        core::hint::spin_loop();
    }
}
