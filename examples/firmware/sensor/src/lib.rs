//! What the firmware does with its thermometer, whatever the chip and the bus are.
#![no_std]

use core::time::Duration;

use embedded_hal::i2c::{Error as _, ErrorKind, I2c};
use halfopen::hal::Guarded;
use halfopen::{CallError, CircuitBreaker, Config, TickClock};
use lm75::{Address, Error, Lm75};

const CONFIG: Config = Config::new().failure_threshold(3).recovery_timeout(Duration::from_millis(300));

static THERMOMETER: CircuitBreaker<TickClock> =
    CircuitBreaker::with_clock("thermometer", CONFIG, TickClock::new(board::millis, 1_000));

const PAUSE_MS: u32 = 40;
const READINGS_AFTER_RECOVERY: u32 = 4;
/// More than there are where the circuit opens. Where it does not, the host waits for ever.
const MOST_FAILURES: u32 = 8;

/// Reads the thermometer on `bus` until it has failed and come back.
pub fn watch<B: I2c<Error: 'static>>(bus: B, host: &mut board::Host) -> ! {
    defmt::info!("running on {=str}", board::chip());
    if board::has_argument("broken") {
        THERMOMETER.disable(); // lets everything through
    }
    let bus = Guarded::new(bus, &THERMOMETER);
    let mut thermometer = Lm75::new(bus, Address::default());

    let (mut failures, mut readings_since) = (0, 0);
    while failures < MOST_FAILURES {
        match thermometer.read_temperature() {
            Ok(degrees) => {
                defmt::info!("reading: {=f32} C", degrees);
                readings_since += u32::from(failures > 0);
            }
            Err(Error::I2C(CallError::Open(refused))) => {
                let wait = refused.retry_after.unwrap_or_default();
                defmt::info!("shed, ask again in {=u32} ms", wait.as_millis() as u32);
            }
            Err(Error::I2C(CallError::Inner(error))) => {
                defmt::warn!("{=str}", describe(error.kind()));
                (failures, readings_since) = (failures + 1, 0);
            }
            Err(Error::InvalidInputData) => defmt::panic!("reading takes no input"),
        }
        if readings_since == READINGS_AFTER_RECOVERY {
            board::exit(0);
        }
        host.rest(PAUSE_MS);
    }
    defmt::error!("failed {=u32} times, and nobody sheds the calls", failures);
    board::exit(1)
}

fn describe(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::NoAcknowledge(_) => "NACK: nobody has this address",
        _ => "an error that is no NACK",
    }
}
