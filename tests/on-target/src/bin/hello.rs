//! The board's clock keeps time: waits 20 ms on it and says how long that took.
#![no_std]
#![no_main]

board::panic_handler!();

#[board::entry]
fn main() -> ! {
    board::start();
    let start = board::now_ms();
    board::wait_ms(20);
    let waited = board::now_ms() - start;
    board::println!("hello from {} on {}: waited {waited} ms", board::TARGET, board::MACHINE);
    assert!((20..=22).contains(&waited), "asked for 20 ms");
    board::exit(0)
}
