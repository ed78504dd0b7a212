//! `size_calls` with transitions logged through `defmt`, into a logger that does next to nothing.
#![no_std]
#![no_main]

use core::hint::black_box;

use halfopen::{CircuitBreaker, Clock, Config, Timestamp};

board::silent_panic_handler!();
board::mute_logger!();

struct Uptime;

impl Clock for Uptime {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(board::now_ms().into())
    }
}

static SENSOR: CircuitBreaker<Uptime> = CircuitBreaker::with_clock("sensor", Config::new(), Uptime);

#[board::entry]
fn main() -> ! {
    board::start();
    loop {
        if black_box(&SENSOR).allow_request() {
            if black_box(board::now_ms()) == 0 {
                SENSOR.record_success();
            } else {
                SENSOR.record_failure();
            }
        }
    }
}
