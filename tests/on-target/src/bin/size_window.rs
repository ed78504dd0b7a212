//! One breaker with a window over the last 64 calls in a `static`, and the contract's three calls.
#![no_std]
#![no_main]

use core::hint::black_box;

use halfopen::rules::CountWindow;
use halfopen::{CircuitBreaker, Clock, Config, Timestamp};

board::silent_panic_handler!();

struct Uptime;

impl Clock for Uptime {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(board::now_ms().into())
    }
}

static SENSOR: CircuitBreaker<Uptime, (), &str, CountWindow<64>> =
    CircuitBreaker::with_rule("sensor", CountWindow::<64>::with(Config::new()), Uptime, ());

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
