//! Panics, so that `./x test targets` can see that a failure is seen: the message, and exit code 101.
#![no_std]
#![no_main]

board::panic_handler!();

#[board::entry]
fn main() -> ! {
    panic!("on purpose")
}
