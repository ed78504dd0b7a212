//! Which circuit a guard asks.

use std::sync::Arc;

use embedded_hal::i2c::{ErrorKind, I2c, NoAcknowledgeSource};
use halfopen::hal::{Guarded, PerAddress};
use halfopen::rules::CountWindow;
use halfopen::{BreakerTable, CallError, CircuitBreaker, CircuitState, Config, ManualClock};

use crate::bus::Fake;

const NACK: ErrorKind = ErrorKind::NoAcknowledge(NoAcknowledgeSource::Address);
const ONE: Config = Config::new().failure_threshold(1);

fn is_refused(result: Result<(), CallError<ErrorKind>>) -> bool {
    matches!(result, Err(CallError::Open(_)))
}

#[test]
fn a_static_breaker_a_handle_of_a_table_and_an_arc_are_circuits() {
    static CLOCK: ManualClock = ManualClock::new();
    static BREAKER: CircuitBreaker<&ManualClock> = CircuitBreaker::with_clock("static", ONE, &CLOCK);
    static TABLE: BreakerTable<&ManualClock, 2> = BreakerTable::new(ONE, &CLOCK);

    let mut bus = Guarded::new(Fake::failing(1, NACK), &BREAKER);
    assert_eq!(bus.write(0x48_u8, &[]), Err(CallError::Inner(NACK)));
    assert!(is_refused(bus.write(0x48_u8, &[])));

    let mut bus = Guarded::new(Fake::failing(1, NACK), TABLE.register("entry").unwrap());
    assert_eq!(bus.write(0x48_u8, &[]), Err(CallError::Inner(NACK)));
    assert!(is_refused(bus.write(0x48_u8, &[])));
    assert_eq!(TABLE.get("entry").unwrap().state(), CircuitState::Open);

    let rule = CountWindow::<8>::with(Config::new().sliding_window_size(1).minimum_calls(1));
    let shared = Arc::new(CircuitBreaker::with_rule("arc", rule, &CLOCK, ()));
    let mut bus = Guarded::new(Fake::failing(1, NACK), Arc::clone(&shared));
    assert_eq!(bus.write(0x48_u8, &[]), Err(CallError::Inner(NACK)));
    assert!(is_refused(bus.write(0x48_u8, &[])));
    assert_eq!(shared.state(), CircuitState::Open);
}

fn name(address: u8) -> Option<&'static str> {
    match address {
        0x48 => Some("inlet"),
        0x49 => Some("outlet"),
        _ => None,
    }
}

#[test]
fn each_named_address_has_a_circuit_of_its_own() {
    let clock = ManualClock::new();
    let table: BreakerTable<&ManualClock, 2> = BreakerTable::new(ONE, &clock);
    let mut bus = Guarded::new(Fake::failing(1, NACK), PerAddress::new(&table, name));
    assert_eq!(bus.write(0x48_u8, &[]), Err(CallError::Inner(NACK)));
    assert!(is_refused(bus.write(0x48_u8, &[])));
    assert_eq!(bus.write(0x49_u8, &[]), Ok(()));
    assert_eq!(bus.inner().asked.len(), 2);
    assert_eq!(table.get("inlet").unwrap().state(), CircuitState::Open);
    assert_eq!(table.get("outlet").unwrap().state(), CircuitState::Closed);
}

#[test]
fn an_address_without_a_name_goes_through_and_takes_no_room() {
    let clock = ManualClock::new();
    let table: BreakerTable<&ManualClock, 2> = BreakerTable::new(ONE, &clock);
    let mut bus = Guarded::new(Fake::failing(3, NACK), PerAddress::new(&table, name));
    for _ in 0..3 {
        assert_eq!(bus.write(0x50_u8, &[]), Err(CallError::Inner(NACK)));
    }
    assert!(table.is_empty());
}

#[test]
fn an_address_without_room_goes_through() {
    let clock = ManualClock::new();
    let table: BreakerTable<&ManualClock, 1> = BreakerTable::new(ONE, &clock);
    let mut bus = Guarded::new(Fake::failing(3, NACK), PerAddress::new(&table, name));
    assert_eq!(bus.write(0x48_u8, &[]), Err(CallError::Inner(NACK)));
    for _ in 0..2 {
        assert_eq!(bus.write(0x49_u8, &[]), Err(CallError::Inner(NACK)));
    }
    assert!(is_refused(bus.write(0x48_u8, &[])));
}

#[test]
fn a_circuit_that_was_registered_before_keeps_its_configuration() {
    let clock = ManualClock::new();
    let table: BreakerTable<&ManualClock, 2> = BreakerTable::new(ONE, &clock);
    table.register_with("outlet", Config::new().failure_threshold(2)).unwrap();
    let mut bus = Guarded::new(Fake::failing(2, NACK), PerAddress::new(&table, name));
    assert_eq!(bus.write(0x49_u8, &[]), Err(CallError::Inner(NACK)));
    assert_eq!(bus.write(0x49_u8, &[]), Err(CallError::Inner(NACK)));
    assert!(is_refused(bus.write(0x49_u8, &[])));
}

#[test]
fn addresses_of_10_bits_have_names_too() {
    let clock = ManualClock::new();
    let table: BreakerTable<&ManualClock, 2> = BreakerTable::new(ONE, &clock);
    let name = |address: u16| (address == 0x248).then_some("far");
    let mut bus = Guarded::new(Fake::failing(1, NACK), PerAddress::new(&table, name));
    assert_eq!(bus.write(0x248_u16, &[]), Err(CallError::Inner(NACK)));
    assert!(is_refused(bus.write(0x248_u16, &[])));
    assert_eq!(bus.write(0x249_u16, &[]), Ok(()));
}
