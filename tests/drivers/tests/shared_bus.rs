//! Two drivers on one I2C bus, where a device that is dead does not shed its neighbour.

use std::cell::RefCell;
use std::time::Duration;

use critical_section::Mutex;
use embedded_hal::i2c::{ErrorKind, I2c, NoAcknowledgeSource};
use embedded_hal_bus::i2c::{CriticalSectionDevice, RefCellDevice};
use embedded_hal_mock::eh1::i2c::{Mock, Transaction};
use halfopen::hal::{Guarded, PerAddress};
use halfopen::{BreakerTable, CallError, CircuitBreaker, CircuitState, Config, ManualClock};
use lm75::Lm75;

const INLET: u8 = 0x48;
const OUTLET: u8 = 0x49;
const THRESHOLD: u32 = 2;
const RECOVERY: Duration = Duration::from_secs(5);
const CONFIG: Config = Config::new().failure_threshold(THRESHOLD).recovery_timeout(RECOVERY);

fn name(address: u8) -> Option<&'static str> {
    match address {
        INLET => Some("inlet"),
        OUTLET => Some("outlet"),
        _ => None,
    }
}

/// 25.5 degrees at this address.
fn reading(address: u8) -> Transaction {
    Transaction::write_read(address, vec![0], vec![0x19, 0x80])
}

fn nack(address: u8) -> Transaction {
    reading(address).with_error(ErrorKind::NoAcknowledge(NoAcknowledgeSource::Address))
}

/// What two drivers on one bus must live through; `mock` is at the end of its wires.
fn lives_beside_a_dead_neighbour<B, E>(mut mock: Mock, clock: &ManualClock, inlet: B, outlet: B)
where
    B: I2c<Error = CallError<E>>,
    E: std::fmt::Debug,
{
    let mut inlet = Lm75::new(inlet, INLET);
    let mut outlet = Lm75::new(outlet, OUTLET);

    mock.update_expectations(&[reading(INLET), reading(OUTLET)]);
    assert_eq!((inlet.read_temperature().ok(), outlet.read_temperature().ok()), (Some(25.5), Some(25.5)));
    mock.done();

    for _ in 0..THRESHOLD {
        mock.update_expectations(&[nack(INLET), reading(OUTLET)]);
        assert!(matches!(inlet.read_temperature(), Err(lm75::Error::I2C(CallError::Inner(_)))));
        assert_eq!(outlet.read_temperature().ok(), Some(25.5), "a dead neighbour sheds the living");
        mock.done();
    }

    for _ in 0..3 {
        mock.update_expectations(&[reading(OUTLET)]);
        match inlet.read_temperature() {
            Err(lm75::Error::I2C(CallError::Open(refusal))) => {
                assert_eq!((refusal.operation_name, refusal.state), ("inlet", CircuitState::Open));
            }
            other => panic!("{other:?}"),
        }
        assert_eq!(outlet.read_temperature().ok(), Some(25.5), "a dead neighbour sheds the living");
        mock.done();
    }

    clock.advance(RECOVERY);
    mock.update_expectations(&[reading(INLET), reading(OUTLET)]);
    assert_eq!((inlet.read_temperature().ok(), outlet.read_temperature().ok()), (Some(25.5), Some(25.5)));
    mock.done();
}

#[test]
fn one_guard_for_each_device_around_its_share_of_the_bus() {
    let clock = ManualClock::new();
    let [inlet, outlet] = ["inlet", "outlet"].map(|name| CircuitBreaker::with_clock(name, CONFIG, &clock));
    let mock = Mock::new(&[]);
    let bus = RefCell::new(mock.clone());
    let share = || RefCellDevice::new(&bus);
    lives_beside_a_dead_neighbour(mock, &clock, Guarded::new(share(), &inlet), Guarded::new(share(), &outlet));
}

#[test]
fn the_same_between_a_task_and_an_interrupt() {
    let clock = ManualClock::new();
    let [inlet, outlet] = ["inlet", "outlet"].map(|name| CircuitBreaker::with_clock(name, CONFIG, &clock));
    let mock = Mock::new(&[]);
    let bus = Mutex::new(RefCell::new(mock.clone()));
    let share = || CriticalSectionDevice::new(&bus);
    lives_beside_a_dead_neighbour(mock, &clock, Guarded::new(share(), &inlet), Guarded::new(share(), &outlet));
}

#[test]
fn one_guard_around_the_whole_bus_by_the_address() {
    let clock = ManualClock::new();
    let table: BreakerTable<&ManualClock, 2> = BreakerTable::new(CONFIG, &clock);
    let mock = Mock::new(&[]);
    let bus = RefCell::new(Guarded::new(mock.clone(), PerAddress::new(&table, name)));
    lives_beside_a_dead_neighbour(mock, &clock, RefCellDevice::new(&bus), RefCellDevice::new(&bus));
}

#[test]
fn the_same_for_a_bus_in_a_critical_section() {
    let clock = ManualClock::new();
    let table: BreakerTable<&ManualClock, 2> = BreakerTable::new(CONFIG, &clock);
    let mock = Mock::new(&[]);
    let bus = Mutex::new(RefCell::new(Guarded::new(mock.clone(), PerAddress::new(&table, name))));
    lives_beside_a_dead_neighbour(mock, &clock, CriticalSectionDevice::new(&bus), CriticalSectionDevice::new(&bus));
}

/// What `PerAddress` is for, and that the tests above would see it.
#[test]
#[should_panic(expected = "a dead neighbour sheds the living")]
fn one_circuit_for_the_whole_bus_would_shed_the_neighbour() {
    let clock = ManualClock::new();
    // By one failure: of two in a row, the neighbour's readings in between would make none.
    let breaker = CircuitBreaker::with_clock("inlet", CONFIG.failure_threshold(1), &clock);
    let mock = Mock::new(&[]);
    let bus = RefCell::new(Guarded::new(mock.clone(), &breaker));
    lives_beside_a_dead_neighbour(mock, &clock, RefCellDevice::new(&bus), RefCellDevice::new(&bus));
}
