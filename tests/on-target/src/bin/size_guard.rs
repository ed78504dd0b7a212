//! The sensor of `size_bus`, with a guard before its bus.
#![no_std]
#![no_main]

use board::bus::{Bus, read_forever};
use halfopen::hal::Guarded;
use halfopen::{CircuitBreaker, Clock, Config, Timestamp};

board::silent_panic_handler!();

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
    read_forever(Guarded::new(Bus, &SENSOR))
}
