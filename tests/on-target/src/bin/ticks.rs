//! The board's interrupt really interrupts: 1000 of them land in a loop that never sleeps, and the clock stays right.
#![no_std]
#![no_main]

use core::sync::atomic::{AtomicU32, Ordering::Relaxed};

board::panic_handler!();

static TICKS: AtomicU32 = AtomicU32::new(0);

#[board::entry]
fn main() -> ! {
    board::on_tick(20_480, || TICKS.store(TICKS.load(Relaxed) + 1, Relaxed));
    let start = board::now_ms();
    while TICKS.load(Relaxed) < 1000 {
        core::hint::spin_loop();
    }
    let took = board::now_ms() - start;
    board::println!("1000 interrupts, 20.48 us apart, took {took} ms");
    assert!((19..=24).contains(&took), "should be 20 ms, and a little more for the handler");
    board::exit(0)
}
