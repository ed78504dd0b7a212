//! A table of circuits, whose places are taken and freed while others look.

use std::time::Duration;

use halfopen::{BreakerTable, Config, ManualClock, Receipt, TableError};
use loom::sync::Arc;

use super::{every, spawn};

type Table = BreakerTable<&'static ManualClock, 2>;

fn table() -> Arc<Table> {
    Arc::new(BreakerTable::new(Config::new(), Box::leak(Box::new(ManualClock::new()))))
}

#[test]
fn two_registrations_of_one_name_give_one_circuit() {
    every(|| {
        let table = table();
        let other = spawn(&table, |table| table.register("imu").unwrap().record_failure());
        table.register("imu").unwrap().record_failure();
        other.join().unwrap();
        assert_eq!((table.len(), table.get("imu").unwrap().failure_count()), (1, 2));
    });
}

#[test]
fn two_registrations_of_two_names_give_two_circuits() {
    every(|| {
        let table = table();
        let other = spawn(&table, |table| table.register("imu").unwrap().record_failure());
        table.register("gps").unwrap();
        other.join().unwrap();
        assert_eq!(table.get("imu").unwrap().failure_count(), 1);
        assert_eq!(table.get("gps").unwrap().failure_count(), 0);
        assert_eq!(table.register("baro").unwrap_err(), TableError::Full);
    });
}

#[test]
fn a_circuit_that_is_retired_meanwhile_loses_no_failure() {
    every(|| {
        let table = table();
        table.register("imu").unwrap();
        let other = spawn(&table, |table| table.get("imu").map(|imu| imu.record_failure()));
        let retired = table.retire_idle(Duration::ZERO).unwrap();
        let failed = other.join().unwrap();
        match table.get("imu") {
            Some(imu) => assert_eq!((retired, failed, imu.failure_count()), (0, Some(Receipt::Recorded), 1)),
            None => assert_eq!((retired, failed), (1, None)),
        }
    });
}

#[test]
fn a_place_that_is_freed_and_taken_again_is_never_taken_for_the_old_one() {
    every(|| {
        let table = table();
        table.register("imu").unwrap();
        let other = spawn(&table, |table| table.get("imu").map(|imu| imu.operation_name().len()));
        let retired = table.retire_idle(Duration::ZERO).unwrap();
        table.register("barometer").unwrap();
        assert!(matches!(other.join().unwrap(), None | Some(3)));
        assert_eq!(table.len(), 2 - retired);
    });
}
