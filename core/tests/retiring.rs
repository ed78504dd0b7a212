//! Which circuits of a table retire, when, and what becomes of their places.

#![cfg(not(halfopen_loom))]

use std::time::Duration;

use halfopen::{BreakerTable, CircuitBreaker, CircuitState, Config, ManualClock, Receipt, Timestamp};

const RECOVERY: Duration = Duration::from_secs(10);
const AGE: Duration = Duration::from_secs(60);
const MILLI: Duration = Duration::from_millis(1);

type Table<'a, const N: usize = 4> = BreakerTable<&'a ManualClock, N>;

fn table<const N: usize>(clock: &ManualClock) -> Table<'_, N> {
    BreakerTable::new(Config::new().failure_threshold(2).recovery_timeout(RECOVERY), clock)
}

/// Whether a circuit that was brought about by `make` an age ago may retire.
#[track_caller]
fn retires(make: impl Fn(&CircuitBreaker<&ManualClock>)) -> bool {
    let clock = ManualClock::new();
    let table = table::<2>(&clock);
    drop(table.register("idle").unwrap());
    make(&table.register("imu").unwrap());
    clock.advance(AGE);
    let retired = table.retire_idle(AGE).unwrap();
    assert!(table.get("idle").is_none(), "the other one retires in any case");
    assert_eq!(table.get("imu").is_none(), retired == 2);
    retired == 2
}

#[test]
fn a_circuit_that_is_closed_with_nothing_counted_retires() {
    assert!(retires(|_| ()));
    assert!(retires(|imu| assert!(imu.allow_request())));
    assert!(retires(|imu| {
        imu.record_failure();
        imu.record_success();
    }));
    assert!(retires(|imu| {
        imu.trip();
        imu.reset();
    }));
}

#[test]
fn a_circuit_that_counts_a_failure_does_not_retire() {
    assert!(!retires(|imu| assert_eq!(imu.record_failure(), Receipt::Recorded)));
}

#[test]
fn a_circuit_that_is_open_does_not_retire_even_when_its_timeout_has_passed() {
    assert!(!retires(|imu| (0..2).for_each(|_| assert_eq!(imu.record_failure(), Receipt::Recorded))));
    assert!(!retires(|imu| imu.trip()));
}

#[test]
fn a_circuit_that_is_half_open_does_not_retire() {
    let clock = ManualClock::new();
    let table = table::<1>(&clock);
    let imu = table.register("imu").unwrap();
    imu.trip();
    clock.advance(RECOVERY);
    imu.try_acquire().unwrap().ignore();
    drop(imu);
    clock.advance(AGE);
    assert_eq!(table.retire_idle(AGE), Ok(0));
    let imu = table.get("imu").unwrap();
    assert_eq!((imu.state(), imu.call(|| Ok::<_, ()>(()))), (CircuitState::HalfOpen, Ok(())));
    drop(imu);
    assert_eq!(table.retire_idle(Duration::ZERO), Ok(1));
}

#[test]
fn a_circuit_in_another_mode_does_not_retire() {
    assert!(!retires(|imu| imu.isolate()));
    assert!(!retires(|imu| imu.disable()));
    assert!(!retires(|imu| imu.shadow()));
}

#[test]
fn a_circuit_retires_exactly_when_it_was_not_used_for_so_long() {
    let clock = ManualClock::new();
    let table = table::<1>(&clock);
    drop(table.register("imu").unwrap());
    clock.advance(AGE - MILLI);
    assert_eq!(table.retire_idle(AGE), Ok(0));
    clock.advance(MILLI);
    assert_eq!(table.retire_idle(AGE + MILLI), Ok(0));
    assert_eq!(table.retire_idle(AGE), Ok(1));
    assert_eq!(table.retire_idle(AGE), Ok(0), "it is gone already");
}

#[test]
fn a_part_of_a_millisecond_rounds_up() {
    let clock = ManualClock::new();
    let table = table::<1>(&clock);
    drop(table.register("imu").unwrap());
    clock.advance(MILLI);
    assert_eq!(table.retire_idle(Duration::from_micros(1_001)), Ok(0));
    clock.advance(MILLI);
    assert_eq!(table.retire_idle(Duration::from_micros(1_001)), Ok(1));
}

#[test]
fn to_look_a_circuit_up_or_to_register_it_again_is_use() {
    let clock = ManualClock::new();
    let table = table::<2>(&clock);
    drop((table.register("imu").unwrap(), table.register("gps").unwrap()));
    clock.advance(MILLI);
    drop((table.get("imu").unwrap(), table.register("gps").unwrap()));
    clock.advance(AGE - MILLI);
    assert_eq!(table.retire_idle(AGE), Ok(0));
    clock.advance(MILLI);
    assert_eq!(table.retire_idle(AGE), Ok(2));
}

#[test]
fn to_be_looked_at_among_all_is_no_use() {
    let clock = ManualClock::new();
    let table = table::<2>(&clock);
    drop((table.register("imu").unwrap(), table.register("gps").unwrap()));
    clock.advance(AGE);
    assert_eq!((table.entries().count(), table.snapshots().count(), table.len()), (2, 2, 2));
    assert!(format!("{table:?}").contains("imu"));
    assert!(table.get("baro").is_none());
    assert_eq!(table.retire_idle(AGE), Ok(2));
}

#[test]
fn a_handle_keeps_its_circuit_and_counts_as_use_until_it_is_dropped() {
    let clock = ManualClock::new();
    let table = table::<2>(&clock);
    let (imu, gps) = (table.register("imu").unwrap(), table.register("gps").unwrap());
    drop(gps);
    clock.advance(AGE);
    assert_eq!(table.retire_idle(AGE), Ok(1));
    assert_eq!((table.len(), imu.record_failure(), imu.record_success()), (1, Receipt::Recorded, Receipt::Recorded));
    drop(imu);
    assert_eq!(table.retire_idle(MILLI), Ok(0));
    clock.advance(AGE);
    assert_eq!(table.retire_idle(AGE), Ok(1));
}

#[test]
fn one_of_several_handles_is_enough_to_keep_a_circuit() {
    let clock = ManualClock::new();
    let table = table::<1>(&clock);
    let mut handles: Vec<_> = (0..3).map(|_| table.register("imu").unwrap()).collect();
    while let Some(handle) = handles.pop() {
        assert_eq!(table.retire_idle(Duration::ZERO), Ok(0), "{} more", handles.len());
        drop(handle);
    }
    assert_eq!(table.retire_idle(Duration::ZERO), Ok(1));
}

#[test]
fn an_entry_that_is_only_looked_at_keeps_its_circuit_too() {
    let clock = ManualClock::new();
    let table = table::<1>(&clock);
    drop(table.register("imu").unwrap());
    clock.advance(AGE);
    let entry = table.entries().next().unwrap();
    assert_eq!((table.retire_idle(AGE), entry.operation_name()), (Ok(0), "imu"));
    drop(entry);
    assert_eq!(table.retire_idle(AGE), Ok(1));
}

#[test]
fn a_clock_that_went_back_retires_nothing_before_its_time() {
    let clock = ManualClock::new();
    let table = table::<1>(&clock);
    clock.set(Timestamp::from_millis(500_000));
    drop(table.register("imu").unwrap());
    for now in [499_999, 0] {
        clock.set(Timestamp::from_millis(now));
        assert_eq!((table.retire_idle(Duration::ZERO), table.retire_idle(AGE)), (Ok(0), Ok(0)));
    }
    // Used by the new time, it counts from there.
    drop(table.get("imu").unwrap());
    clock.advance(AGE);
    assert_eq!(table.retire_idle(AGE), Ok(1));
}

#[test]
fn an_age_is_measured_over_the_wrap_of_32_bits() {
    let clock = ManualClock::new();
    let table = table::<1>(&clock);
    clock.set(Timestamp::from_millis((1 << 32) - 1_000));
    drop(table.register("imu").unwrap());
    clock.advance(AGE - MILLI);
    assert_eq!(table.retire_idle(AGE), Ok(0));
    clock.advance(MILLI);
    assert_eq!(table.retire_idle(AGE), Ok(1));
}

#[test]
fn a_place_that_was_retired_is_used_again_and_its_circuit_comes_back_new() {
    let clock = ManualClock::new();
    let table = table::<1>(&clock);
    let own = Config::new().failure_threshold(9);
    let imu = table.register_with("imu", own).unwrap();
    imu.record_failure();
    imu.trip();
    imu.reset();
    assert_eq!((imu.generation(), imu.last_failure_time()), (2, Some(Timestamp::ZERO)));
    drop(imu);
    assert_eq!(table.retire_idle(Duration::ZERO), Ok(1));
    assert!(table.is_empty() && table.get("imu").is_none());
    let gps = table.register("gps").unwrap();
    assert_eq!((gps.operation_name(), gps.generation(), gps.last_failure_time()), ("gps", 0, None));
    drop(gps);
    assert_eq!(table.retire_idle(Duration::ZERO), Ok(1));
    let imu = table.register("imu").unwrap();
    assert_eq!((imu.generation(), imu.last_failure_time()), (0, None));
    assert_eq!(imu.policy().failure_threshold(), 2, "the table's configuration, not the one before");
}

#[test]
fn only_those_that_may_retire_do_and_the_others_stay_where_they_are() {
    let clock = ManualClock::new();
    let table = table::<4>(&clock);
    for name in ["imu", "gps", "baro", "radio"] {
        drop(table.register(name).unwrap());
    }
    table.get("gps").unwrap().trip();
    let radio = table.get("radio").unwrap();
    assert_eq!(table.retire_idle(Duration::ZERO), Ok(2));
    let mut left: Vec<_> = table.snapshots().map(|(name, snapshot)| (name, snapshot.state())).collect();
    left.sort_by_key(|(name, _)| *name);
    assert_eq!(left, [("gps", CircuitState::Open), ("radio", CircuitState::Closed)]);
    assert_eq!(radio.operation_name(), "radio");
}

#[test]
fn a_circuit_that_rested_for_longer_than_can_be_measured_is_retired_one_age_after_somebody_looked() {
    let clock = ManualClock::new();
    let table: BreakerTable<&ManualClock, 2> = BreakerTable::new(Config::new(), &clock);
    table.register("imu").unwrap();
    clock.advance(Duration::from_secs(30 * 86_400));
    assert_eq!(table.retire_idle(Duration::from_secs(60)), Ok(0));
    clock.advance(Duration::from_secs(60));
    assert_eq!(table.retire_idle(Duration::from_secs(60)), Ok(1));
}

#[test]
fn an_age_longer_than_can_be_measured_is_the_longest_that_can() {
    let clock = ManualClock::new();
    let table: BreakerTable<&ManualClock, 2> = BreakerTable::new(Config::new(), &clock);
    table.register("imu").unwrap();
    clock.advance(Duration::from_millis((1 << 31) - 2));
    assert_eq!(table.retire_idle(Duration::MAX), Ok(0));
    clock.advance(Duration::from_millis(1));
    assert_eq!(table.retire_idle(Duration::MAX), Ok(1));
}
