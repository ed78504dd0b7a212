//! Two tasks and an interrupt share a table of circuits, and one of two thermometers on their bus is pulled out.
#![no_std]
#![no_main]

mod thermometer;
mod time_driver;

use core::time::Duration;

use board::{Host, I2c};
use cortex_m::peripheral::NVIC;
use defmt::unwrap;
use embassy_embedded_hal::adapter::BlockingAsync;
use embassy_embedded_hal::shared_bus::asynch::i2c::I2cDevice;
use embassy_executor::Spawner;
use embassy_sync::blocking_mutex::raw::NoopRawMutex;
use embassy_sync::mutex::Mutex;
use embassy_time::Timer;
use halfopen::hal::Guarded;
use halfopen::{BreakerTable, CallError, Config, EmbassyClock};
use lm3s6965::{Interrupt, interrupt};
use static_cell::StaticCell;

const CONFIG: Config = Config::new().failure_threshold(3).recovery_timeout(Duration::from_millis(190));

/// The circuits of the sensors, for whoever needs one: a task or an interrupt.
static SENSORS: BreakerTable<EmbassyClock, 2> = BreakerTable::new(CONFIG, EmbassyClock);

/// The tasks share the bus too, and wait for it in turn.
type Bus = Mutex<NoopRawMutex, BlockingAsync<I2c>>;
type SharedBus = I2cDevice<'static, NoopRawMutex, BlockingAsync<I2c>>;

const INLET: u8 = 0x48;
const OUTLET: u8 = 0x49;

const READINGS_AFTER_RECOVERY: u32 = 4;
/// More than there are where the circuit opens. Where it does not, the host waits for ever.
const MOST_FAILURES: u32 = 8;

#[embassy_executor::main]
async fn main(spawner: Spawner) {
    let core = unwrap!(cortex_m::Peripherals::take());
    time_driver::start(core.SYST);
    let board = board::take();
    defmt::info!("running on {=str}", board::chip());

    static BUS: StaticCell<Bus> = StaticCell::new();
    let bus = BUS.init(Mutex::new(BlockingAsync::new(board.i2c)));
    spawner.spawn(unwrap!(watch_inlet(I2cDevice::new(bus), board.host)));
    spawner.spawn(unwrap!(watch_outlet(I2cDevice::new(bus))));
    // SAFETY: nothing here relies on this interrupt to be masked.
    unsafe { NVIC::unmask(Interrupt::GPIOA) };
}

/// Reads the inlet's sensor until it has failed and come back.
#[embassy_executor::task]
async fn watch_inlet(bus: SharedBus, mut host: Host) {
    let circuit = unwrap!(SENSORS.register("inlet"));
    if board::has_argument("broken") {
        circuit.disable(); // lets everything through
    }
    let mut bus = Guarded::new(bus, circuit).recover_by(reset);

    let (mut failures, mut readings_since) = (0, 0);
    while failures < MOST_FAILURES {
        match thermometer::read(&mut bus, INLET).await {
            Ok(degrees) => {
                defmt::info!("inlet: {=f32} C", degrees);
                readings_since += u32::from(failures > 0);
            }
            Err(CallError::Open(refused)) => {
                let wait = refused.retry_after.unwrap_or_default();
                defmt::info!("inlet: shed, ask again in {=u32} ms", wait.as_millis() as u32);
            }
            Err(CallError::Inner(_)) => {
                defmt::warn!("inlet: no answer");
                (failures, readings_since) = (failures + 1, 0);
                // Nobody in QEMU pulls a sensor's alert line, so it is done here.
                NVIC::pend(Interrupt::GPIOA);
            }
        }
        if readings_since == READINGS_AFTER_RECOVERY {
            board::exit(0);
        }
        host.turn();
        Timer::after_millis(40).await;
    }
    defmt::error!("failed {=u32} times, and nobody sheds the calls", failures);
    board::exit(1)
}

/// Before a probe, by the task that makes it.
async fn reset(bus: &mut SharedBus) {
    defmt::info!("inlet: a reset, before the probe");
    let _ = thermometer::reset_all(bus).await; // whether it helped, the probe tells
    Timer::after_millis(2).await;
}

/// Reads the outlet's sensor, whatever becomes of the other one.
#[embassy_executor::task]
async fn watch_outlet(bus: SharedBus) {
    let mut bus = Guarded::new(bus, unwrap!(SENSORS.register("outlet")));
    loop {
        Timer::after_millis(115).await;
        match thermometer::read(&mut bus, OUTLET).await {
            Ok(degrees) => defmt::info!("    outlet: {=f32} C", degrees),
            Err(_) => defmt::panic!("outlet: no reading, though its sensor is there"),
        }
    }
}

/// The alert line of the inlet's sensor: a failure as the task's own are, where the circuit wants to know of any.
#[interrupt]
fn GPIOA() {
    let Some(inlet) = SENSORS.get("inlet") else { return };
    match inlet.try_acquire() {
        Ok(permit) => {
            defmt::warn!("        interrupt: the alert line counts as a failure");
            permit.failure();
        }
        Err(refused) => defmt::info!("        interrupt: no news, the circuit is {=str}", refused.state.as_str()),
    }
}
