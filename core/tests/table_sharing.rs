//! One table used by many threads at once: a name is one circuit, and no failure is lost to a retirement.

#![cfg(not(halfopen_loom))]

use std::sync::Barrier;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::thread;
use std::time::Duration;

use halfopen::{BreakerTable, Config, Entry, ManualClock, Receipt, TableError};

const NAMES: [&str; 8] = ["imu", "gps", "baro", "radio", "modem", "flash", "display", "battery"];

type Table<'a> = BreakerTable<&'a ManualClock, 8>;

/// With `std` it waits, without it asks again: here both come to the same.
fn patiently<T>(mut ask: impl FnMut() -> Result<T, TableError>) -> T {
    loop {
        match ask() {
            Err(TableError::Busy) if !cfg!(feature = "std") => thread::yield_now(),
            other => return other.unwrap(),
        }
    }
}

fn register<'t, 'c>(table: &'t Table<'c>, name: &'static str) -> Entry<'t, &'c ManualClock, (), &'static str> {
    patiently(|| table.register(name))
}

/// Counts a thread down, also one that panics.
struct Running<'a>(&'a AtomicUsize);

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, SeqCst);
    }
}

#[test]
fn every_failure_is_there_however_many_register_look_up_and_retire_at_once() {
    const REGISTERING: usize = 16;
    const LOOKING: usize = 2;
    let clock = ManualClock::new();
    for round in 0..40 {
        let table: Table = BreakerTable::new(Config::new().failure_threshold(1_023), &clock);
        let recorded: [AtomicUsize; NAMES.len()] = Default::default();
        let (start, running) = (Barrier::new(REGISTERING + LOOKING + 1), AtomicUsize::new(REGISTERING));
        // Nothing fails before so many have retired: what has failed stays.
        let retired = AtomicUsize::new(0);
        let use_one = |entry: Entry<'_, &ManualClock, (), &str>, at: usize| {
            assert_eq!(entry.operation_name(), NAMES[at]);
            if retired.load(SeqCst) >= NAMES.len() {
                assert_eq!(entry.record_failure(), Receipt::Recorded);
                recorded[at].fetch_add(1, SeqCst);
            }
        };
        let register_all = |thread| {
            let _running = Running(&running);
            start.wait();
            while retired.load(SeqCst) < NAMES.len() {
                (0..NAMES.len()).for_each(|n| use_one(register(&table, NAMES[n]), n));
                thread::yield_now();
            }
            for n in 0..2 * NAMES.len() {
                let at = (thread + n) % NAMES.len();
                use_one(register(&table, NAMES[at]), at);
            }
        };
        let look_up = || {
            start.wait();
            while running.load(SeqCst) > 0 {
                for (n, name) in NAMES.iter().enumerate() {
                    // Not beyond the greatest count there can be, with all that the others add.
                    if let Some(entry) = table.get(name).filter(|entry| entry.failure_count() < 900) {
                        use_one(entry, n);
                    }
                }
                thread::yield_now();
            }
        };
        thread::scope(|scope| {
            let register_all = &register_all;
            (0..REGISTERING).for_each(|thread| drop(scope.spawn(move || register_all(thread + round))));
            (0..LOOKING).for_each(|_| drop(scope.spawn(look_up)));
            start.wait();
            for attempt in 0.. {
                if running.load(SeqCst) == 0 {
                    break;
                }
                if attempt == 1_000_000 && retired.fetch_add(NAMES.len(), SeqCst) < NAMES.len() {
                    panic!("too few have retired");
                }
                retired.fetch_add(patiently(|| table.retire_idle(Duration::ZERO)), SeqCst);
                assert!(table.entries().all(|entry| NAMES.contains(&entry.operation_name())));
                thread::yield_now();
            }
        });
        assert_eq!(table.len(), NAMES.len());
        for (name, recorded) in NAMES.iter().zip(recorded) {
            assert_eq!(usize::from(table.get(name).unwrap().failure_count()), recorded.into_inner(), "{name}");
        }
    }
}

#[test]
fn a_table_in_a_static_is_used_from_threads() {
    static CLOCK: ManualClock = ManualClock::new();
    static TABLE: BreakerTable<&ManualClock, 8> = BreakerTable::new(Config::new().failure_threshold(100), &CLOCK);
    let fail = |name: &'static str| {
        move || {
            let entry = patiently(|| TABLE.register(name));
            (0..10).for_each(|_| assert_eq!(entry.record_failure(), Receipt::Recorded));
        }
    };
    let threads: Vec<_> = NAMES.iter().chain(&NAMES).map(|name| thread::spawn(fail(name))).collect();
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    assert!(NAMES.iter().all(|name| TABLE.get(name).unwrap().failure_count() == 20));
}

#[test]
fn handles_are_passed_between_threads_and_keep_their_circuit() {
    let clock = ManualClock::new();
    let table: Table = BreakerTable::new(Config::new(), &clock);
    let imu = register(&table, "imu");
    thread::scope(|scope| {
        let moved = scope.spawn(move || {
            imu.record_failure();
            imu
        });
        let imu = moved.join().unwrap();
        assert_eq!((patiently(|| table.retire_idle(Duration::ZERO)), imu.failure_count()), (0, 1));
        imu.record_success();
    });
    assert_eq!(table.retire_idle(Duration::ZERO), Ok(1));
}
