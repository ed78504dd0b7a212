//! How many instructions a healthy circuit costs: one line for each way to ask it, with the count at the end.
#![no_std]
#![no_main]

use core::sync::atomic::{AtomicU32, Ordering::Relaxed};

use board::bus::Bus;
use embedded_hal::i2c::I2c;
use halfopen::hal::Guarded;
use halfopen::{CircuitBreaker, Clock, Config, Timestamp};

board::panic_handler!();

struct Uptime;

impl Clock for Uptime {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(board::now_ms().into())
    }
}

static SENSOR: CircuitBreaker<Uptime> = CircuitBreaker::with_clock("sensor", Config::new(), Uptime);
static WORD: AtomicU32 = AtomicU32::new(0);

#[inline(never)]
fn pair() {
    if SENSOR.allow_request() {
        SENSOR.record_success();
    }
}

#[inline(never)]
fn permit() {
    if let Ok(permit) = SENSOR.try_acquire() {
        permit.success();
    }
}

#[inline(never)]
fn bare() {
    transfer(&mut Bus);
}

#[inline(never)]
fn guarded() {
    transfer(&mut Guarded::new(Bus, &SENSOR));
}

fn transfer(bus: &mut impl I2c) {
    let mut value = [0; 2];
    if bus.write_read(0x48, &[0], &mut value).is_ok() {
        WORD.store(u16::from_be_bytes(value).into(), Relaxed);
    }
}

#[board::entry]
fn main() -> ! {
    board::println!("instructions on {}", board::TARGET);
    board::println!("allow_request and record_success: {}", board::instructions(pair));
    board::println!("try_acquire and success: {}", board::instructions(permit));
    board::println!(
        "a guarded transfer, over a bare one: {}",
        board::instructions(guarded) - board::instructions(bare)
    );
    board::exit(0)
}
