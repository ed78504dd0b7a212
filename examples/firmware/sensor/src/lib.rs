//! What the firmware does with its thermometer, whatever the chip and the bus are.
#![no_std]

use core::time::Duration;

use embedded_hal::i2c::I2c;
use halfopen::{CallError, CircuitBreaker, Config, TickClock};
use lm75::{Address, Lm75};

const CONFIG: Config = Config::new().failure_threshold(3).recovery_timeout(Duration::from_millis(300));

static THERMOMETER: CircuitBreaker<TickClock> =
    CircuitBreaker::with_clock("thermometer", CONFIG, TickClock::new(board::millis, 1_000));

const READINGS_AFTER_RECOVERY: u32 = 4;
const MOST_ATTEMPTS: u32 = 100;
const PAUSE_MS: u32 = 40;

/// Reads the thermometer on `bus` until it has failed and come back.
pub fn watch<B: I2c>(bus: B, host: &mut board::Host) -> ! {
    defmt::info!("running on {=str}", board::chip());
    if board::has_argument("broken") {
        THERMOMETER.disable();
    }
    let mut thermometer = Lm75::new(bus, Address::default());
    let (mut failed, mut good) = (false, 0);
    for _ in 0..MOST_ATTEMPTS {
        match THERMOMETER.call(|| thermometer.read_temperature()) {
            Ok(degrees) => {
                defmt::info!("reading: {=f32} C", degrees);
                good += u32::from(failed);
            }
            Err(CallError::Inner(_)) => {
                defmt::warn!("no answer");
                (failed, good) = (true, 0);
            }
            Err(CallError::Open(refused)) => {
                defmt::info!(
                    "shed, ask again in {=u32} ms",
                    refused.retry_after.map_or(0, |wait| wait.as_millis() as u32)
                );
            }
        }
        if good == READINGS_AFTER_RECOVERY {
            board::exit(0);
        }
        host.rest(PAUSE_MS);
    }
    defmt::error!("the thermometer did not come back in {=u32} attempts", MOST_ATTEMPTS);
    board::exit(1)
}
