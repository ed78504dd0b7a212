//! A table of eight in a `static`: a name is registered, found again, and the contract's three calls are made.
#![no_std]
#![no_main]

use core::hint::black_box;

use halfopen::{BreakerTable, Clock, Config, Timestamp};

board::silent_panic_handler!();

#[derive(Clone)]
struct Uptime;

impl Clock for Uptime {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(board::now_ms().into())
    }
}

static DEVICES: BreakerTable<Uptime, 8> = BreakerTable::new(Config::new(), Uptime);

#[board::entry]
fn main() -> ! {
    board::start();
    black_box(DEVICES.register(black_box("sensor")).is_ok());
    loop {
        if let Some(sensor) = DEVICES.get(black_box("sensor"))
            && sensor.allow_request()
        {
            if black_box(board::now_ms()) == 0 {
                sensor.record_success();
            } else {
                sensor.record_failure();
            }
        }
    }
}
