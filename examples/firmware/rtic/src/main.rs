//! Tasks of two priorities share a breaker without a lock: the urgent one interrupts the other in the middle of its call.
#![no_std]
#![no_main]

use core::time::Duration;

use halfopen::{CircuitBreaker, Config, FugitClock};
use rtic_monotonics::systick::prelude::*;

systick_monotonic!(Mono, 1_000);
// The board's log tells this time too.
board::clock!(|| Mono::now().as_ticks());

type Uptime = FugitClock<<Mono as Timebase>::Instant>;

const CONFIG: Config = Config::new().failure_threshold(3).recovery_timeout(Duration::from_millis(190));

/// No resource of RTIC's: all its tasks may use it at once, so it needs no lock, and masks no interrupt.
static THERMOMETER: CircuitBreaker<Uptime> =
    CircuitBreaker::with_clock("thermometer", CONFIG, FugitClock::new(Mono::now));

const READINGS_AFTER_RECOVERY: u32 = 4;
/// More than there are where the circuit opens. Where it does not, the host waits for ever.
const MOST_FAILURES: u32 = 8;

#[rtic::app(device = lm3s6965, dispatchers = [UART2])]
mod app {
    use board::{Host, I2c};
    use lm75::{Address, Lm75, ic};
    use rtic_monotonics::systick::prelude::*;

    use super::{MOST_FAILURES, Mono, READINGS_AFTER_RECOVERY, THERMOMETER};

    #[shared]
    struct Shared {}

    #[local]
    struct Local {
        sensor: Lm75<I2c, ic::Lm75>,
        host: Host,
    }

    #[init]
    fn init(context: init::Context) -> (Shared, Local) {
        Mono::start(context.core.SYST, board::CORE_HZ);
        let board = board::take();
        defmt::info!("running on {=str}", board::chip());
        if board::has_argument("broken") {
            THERMOMETER.disable(); // lets everything through
        }
        defmt::unwrap!(measure::spawn().ok());
        (Shared {}, Local { sensor: Lm75::new(board.i2c, Address::default()), host: board.host })
    }

    #[idle]
    fn idle(_: idle::Context) -> ! {
        loop {
            cortex_m::asm::wfi();
        }
    }

    /// Reads the sensor until it has failed and come back.
    #[task(priority = 1, local = [sensor, host])]
    async fn measure(context: measure::Context) {
        let (mut failures, mut readings_since) = (0, 0);
        while failures < MOST_FAILURES {
            match THERMOMETER.try_acquire() {
                Ok(permit) => match context.local.sensor.read_temperature() {
                    Ok(degrees) => {
                        permit.success();
                        defmt::info!("reading: {=f32} C", degrees);
                        readings_since += u32::from(failures > 0);
                    }
                    Err(_) => {
                        // The sensor's alert line, which nobody in QEMU pulls: here `alert` runs.
                        rtic::pend(lm3s6965::Interrupt::GPIOA);
                        let receipt = permit.failure();
                        defmt::warn!("no answer: {}", receipt);
                        (failures, readings_since) = (failures + 1, 0);
                    }
                },
                Err(refused) => {
                    let wait = refused.retry_after.unwrap_or_default();
                    defmt::info!("shed, ask again in {=u32} ms", wait.as_millis() as u32);
                }
            }
            if readings_since == READINGS_AFTER_RECOVERY {
                board::exit(0);
            }
            context.local.host.turn();
            Mono::delay(40.millis()).await;
        }
        defmt::error!("failed {=u32} times, and nobody sheds the calls", failures);
        board::exit(1)
    }

    /// The sensor tells by its alert line that something is wrong, and `measure` has to wait.
    #[task(binds = GPIOA, priority = 2)]
    fn alert(_: alert::Context) {
        match THERMOMETER.try_acquire() {
            Ok(permit) => {
                let receipt = permit.failure();
                defmt::warn!("    alert, in the middle of a call: {}", receipt);
            }
            Err(refused) => defmt::info!("    alert, in the middle of a call: refused, {=str}", refused.state.as_str()),
        }
    }
}
