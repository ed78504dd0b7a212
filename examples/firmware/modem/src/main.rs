//! A modem on a UART that falls silent and comes back.
#![no_std]
#![no_main]

mod request;

use core::time::Duration;

use board::{Host, Uart};
use halfopen::hal::Guarded;
use halfopen::{CallError, CircuitBreaker, Config, TickClock};
use request::{RequestError, signal_quality};

const CONFIG: Config = Config::new().failure_threshold(3).recovery_timeout(Duration::from_millis(950));

static MODEM: CircuitBreaker<TickClock> =
    CircuitBreaker::with_clock("modem", CONFIG, TickClock::new(board::millis, 1_000));

/// How long the modem may take to say something.
const PATIENCE_MS: u32 = 600;
const PAUSE_MS: u32 = 100;
const ANSWERS_AFTER_RECOVERY: u32 = 4;
/// More than there are where the circuit opens. Where it does not, the host waits for ever.
const MOST_FAILURES: u32 = 6;

#[board::entry]
fn main() -> ! {
    let board = board::take();
    defmt::info!("running on {=str}", board::chip());
    if board::has_argument("broken") {
        MODEM.disable(); // lets everything through
    }
    watch(board.modem.with_patience(PATIENCE_MS), board.host)
}

/// Asks the modem until it has failed and come back.
fn watch(uart: Uart, mut host: Host) -> ! {
    // What a modem says while nobody asks, such as that it has started anew, would be taken for its next answer.
    let mut modem = Guarded::new(uart, &MODEM).recover_by(|uart: &mut Uart| {
        defmt::info!("before the probe: {=usize} bytes thrown away", uart.discard());
    });

    let (mut failures, mut answers_since) = (0, 0);
    while failures < MOST_FAILURES {
        // Request and answer are one call: only here is seen whether the answer makes sense.
        match modem.guard(&(), RequestError::kind, signal_quality) {
            Ok(quality) => {
                defmt::info!("signal quality {=i32}", quality);
                answers_since += u32::from(failures > 0);
            }
            Err(CallError::Open(refused)) => {
                let wait = refused.retry_after.unwrap_or_default();
                defmt::info!("shed, ask again in {=u32} ms", wait.as_millis() as u32);
            }
            Err(CallError::Inner(error)) => {
                defmt::warn!("{}", error);
                (failures, answers_since) = (failures + 1, 0);
            }
        }
        if answers_since == ANSWERS_AFTER_RECOVERY {
            board::exit(0);
        }
        host.rest(PAUSE_MS);
    }
    defmt::error!("failed {=u32} times, and nobody sheds the calls", failures);
    board::exit(1)
}
