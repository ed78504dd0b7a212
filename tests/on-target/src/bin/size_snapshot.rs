//! One breaker in a `static` that goes on after a reset, and the contract's three calls.
#![no_std]
#![no_main]

use core::hint::black_box;

use halfopen::storage::RetainedSnapshot;
use halfopen::{CircuitBreaker, Clock, Config, Timestamp};

board::silent_panic_handler!();

struct Uptime;

impl Clock for Uptime {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(board::now_ms().into())
    }
}

static SENSOR: CircuitBreaker<Uptime> = CircuitBreaker::with_clock("sensor", Config::new(), Uptime);

#[unsafe(link_section = ".uninit.KEPT")]
static KEPT: RetainedSnapshot = RetainedSnapshot::new();

#[board::entry]
fn main() -> ! {
    board::start();
    black_box(KEPT.load().and_then(|kept| SENSOR.restore(&kept)).is_ok());
    loop {
        if black_box(&SENSOR).allow_request() {
            if black_box(board::now_ms()) == 0 {
                SENSOR.record_success();
            } else {
                SENSOR.record_failure();
            }
        }
        KEPT.save(&SENSOR.snapshot());
    }
}
