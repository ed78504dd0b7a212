//! A table of circuits: registering, looking up, what it refuses, and what becomes of its names.

#![cfg(not(halfopen_loom))]

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;
use std::sync::Arc;
use std::time::Duration;

use halfopen::{
    BreakerTable, CircuitState, Config, ManualClock, Mode, Observer, StatePersistence, TableError, Transition,
};

type Table<'a, const N: usize, K = &'static str> = BreakerTable<&'a ManualClock, N, K>;

fn table<const N: usize>(clock: &ManualClock) -> Table<'_, N> {
    BreakerTable::new(Config::new(), clock)
}

/// What `register` gives where it must fail.
#[track_caller]
fn error<T>(registered: Result<T, TableError>) -> (TableError, String) {
    match registered {
        Ok(_) => panic!("registered"),
        Err(error) => (error, error.to_string()),
    }
}

#[test]
fn a_table_takes_as_many_circuits_as_it_has_places_and_says_when_it_is_full() {
    let clock = ManualClock::new();
    let table = table::<3>(&clock);
    assert_eq!((table.capacity(), table.len(), table.is_empty()), (3, 0, true));
    for (n, name) in ["imu", "gps", "baro"].into_iter().enumerate() {
        assert_eq!(table.register(name).unwrap().operation_name(), name);
        assert_eq!((table.len(), table.is_empty()), (n + 1, false));
    }
    let full = (TableError::Full, "the table is full: retire idle circuits or make it larger".into());
    assert_eq!(error(table.register("radio")), full);
    assert_eq!(error(table.register_with("radio", Config::new())), full);
    assert!(table.get("radio").is_none());
    // Those that are there are found as before, by both.
    assert_eq!(table.register("gps").unwrap().operation_name(), "gps");
    assert_eq!(table.get("baro").unwrap().operation_name(), "baro");
    assert_eq!(table.len(), 3);
}

#[test]
fn a_table_without_places_is_full_from_the_beginning() {
    let clock = ManualClock::new();
    let table = table::<0>(&clock);
    assert_eq!((table.capacity(), table.len(), table.is_empty()), (0, 0, true));
    assert_eq!(error(table.register("imu")).0, TableError::Full);
    assert_eq!(error(table.register("")).0, TableError::EmptyName);
    assert!(table.get("imu").is_none());
    assert_eq!((table.entries().count(), table.retire_idle(Duration::ZERO)), (0, Ok(0)));
}

#[test]
fn a_table_of_one_place_can_be_used_by_one_name_after_the_other() {
    let clock = ManualClock::new();
    let table = table::<1>(&clock);
    for name in ["imu", "gps", "imu"] {
        drop(table.register(name).unwrap());
        assert_eq!(error(table.register("baro")).0, TableError::Full);
        assert_eq!(table.retire_idle(Duration::ZERO), Ok(1));
        assert!(table.get(name).is_none());
    }
}

#[test]
fn a_name_that_is_empty_or_too_long_is_refused() {
    let clock = ManualClock::new();
    let table: Table<2, heapless::String<4>> = BreakerTable::new(Config::new(), &clock);
    let empty = (TableError::EmptyName, "operation_name is empty, must be at least 1 byte".into());
    assert_eq!(error(table.register("")), empty);
    let long = (TableError::NameTooLong, "operation_name is longer than the table's names can be".into());
    assert_eq!(error(table.register("12345")), long);
    assert_eq!(error(table.register("äöü")), long, "names are measured in bytes");
    assert_eq!(table.len(), 0);
    assert_eq!(table.register("1234").unwrap().operation_name(), "1234");
    assert!(table.get("12345").is_none() && table.get("").is_none() && table.get("123").is_none());
}

#[test]
fn an_invalid_configuration_is_told_as_it_is_and_takes_no_place() {
    let clock = ManualClock::new();
    let table = table::<1>(&clock);
    for config in [Config::new().failure_threshold(0), Config::new().state_persistence(StatePersistence::Redis)] {
        let own = halfopen::CircuitBreaker::try_with_clock("x", config, &clock).unwrap_err();
        assert_eq!(error(table.register_with("imu", config)), (TableError::Config(own), own.to_string()));
    }
    assert!(table.is_empty() && table.get("imu").is_none());
}

#[test]
fn a_name_that_is_registered_again_gives_the_same_circuit_with_its_first_configuration() {
    let clock = ManualClock::new();
    let table = table::<2>(&clock);
    let own = Config::new().failure_threshold(2);
    let first = table.register_with("imu", own).unwrap();
    first.record_failure();
    let again = [
        table.register("imu").unwrap(),
        table.register_with("imu", Config::new().failure_threshold(9)).unwrap(),
        table.get("imu").unwrap(),
    ];
    for entry in &again {
        assert!(ptr::eq::<halfopen::CircuitBreaker<_, _, _>>(&**entry, &*first));
        assert_eq!((entry.failure_count(), *entry.policy()), (1, own.validate().unwrap()));
    }
    assert_eq!(table.len(), 1);
    assert_eq!(*table.register("gps").unwrap().policy(), Config::new().validate().unwrap());
}

#[test]
fn circuits_of_one_table_know_nothing_of_one_another() {
    let clock = ManualClock::new();
    let table = table::<3>(&clock);
    for name in ["imu", "gps", "baro"] {
        table.register(name).unwrap();
    }
    table.get("gps").unwrap().trip();
    table.get("imu").unwrap().record_failure();
    let look = |name| table.get(name).map(|entry| (entry.state(), entry.failure_count())).unwrap();
    assert_eq!(look("imu"), (CircuitState::Closed, 1));
    assert_eq!(look("gps"), (CircuitState::Open, 0));
    assert_eq!(look("baro"), (CircuitState::Closed, 0));
}

#[test]
fn two_names_of_one_hash_are_two_circuits() {
    let clock = ManualClock::new();
    let table = table::<4>(&clock);
    // Pairs whose 32-bit FNV-1a hashes are equal.
    for (a, b) in [("costarring", "liquid"), ("declinate", "macallums")] {
        table.register(a).unwrap().record_failure();
        assert!(table.get(b).is_none());
        assert_eq!(table.register(b).unwrap().failure_count(), 0);
        assert_eq!(table.get(a).unwrap().failure_count(), 1);
    }
    assert_eq!(table.len(), 4);
}

#[test]
fn entries_and_snapshots_are_complete() {
    let clock = ManualClock::new();
    let table = table::<5>(&clock);
    for name in ["imu", "gps", "baro", "radio"] {
        table.register(name).unwrap();
    }
    table.get("gps").unwrap().isolate();
    table.get("baro").unwrap().record_failure();
    let names: Vec<_> = table.entries().map(|entry| entry.operation_name().to_owned()).collect();
    assert_eq!(names.len(), 4);
    let kept: BTreeMap<_, _> = table.snapshots().collect();
    assert_eq!(kept.keys().copied().collect::<Vec<_>>(), ["baro", "gps", "imu", "radio"]);
    assert!(names.iter().all(|name| kept.contains_key(name.as_str())));
    assert_eq!((kept["gps"].mode(), kept["baro"].failure_count()), (Mode::Isolated, 1));
    // The whole table comes back elsewhere.
    let other = self::table::<4>(&clock);
    for (name, snapshot) in &kept {
        other.register(*name).unwrap().restore(snapshot).unwrap();
    }
    assert_eq!(other.snapshots().collect::<BTreeMap<_, _>>(), kept);
}

#[test]
fn a_table_and_its_entries_are_shown_with_their_names() {
    let clock = ManualClock::new();
    let table = table::<2>(&clock);
    let entry = format!("{:?}", table.register("imu").unwrap());
    assert!(entry.contains("imu") && entry.contains("Closed"), "{entry}");
    assert_eq!(format!("{table:?}"), format!("[{entry}]"));
}

#[test]
fn every_kind_of_text_can_be_a_name() {
    let clock = ManualClock::new();
    let strings: Table<2, String> = BreakerTable::new(Config::new(), &clock);
    strings.register("imu").unwrap();
    strings.register(String::from("imu")).unwrap().record_failure();
    assert_eq!((strings.len(), strings.get("imu").unwrap().failure_count()), (1, 1));
    let shared: Table<2, Arc<str>> = BreakerTable::new(Config::new(), &clock);
    let name: Arc<str> = Arc::from("imu");
    shared.register(name.clone()).unwrap().trip();
    let refused = shared.get("imu").unwrap().try_acquire().map(drop).unwrap_err();
    assert!(Arc::ptr_eq(&refused.operation_name, &name));
}

#[derive(Default)]
struct Openings(RefCell<Vec<String>>);

impl Observer for Openings {
    fn on_transition(&self, operation_name: &str, transition: &Transition) {
        self.0.borrow_mut().push(format!("{operation_name} {}", transition.to));
    }
}

#[test]
fn one_observer_is_told_of_every_circuit_by_its_name() {
    let (clock, openings) = (ManualClock::new(), Openings::default());
    let table: BreakerTable<_, 2, &str, _> = BreakerTable::with_observer(Config::new(), &clock, &openings);
    table.register("imu").unwrap().trip();
    table.register("gps").unwrap().disable();
    table.get("imu").unwrap().reset();
    assert_eq!(*openings.0.borrow(), ["imu open", "gps closed", "imu closed"]);
}

thread_local! {
    /// Names of this test's thread that were made and not dropped.
    static LIVE: Cell<i32> = const { Cell::new(0) };
}

struct Name(String);

impl Name {
    fn new(text: &str) -> Self {
        LIVE.set(LIVE.get() + 1);
        Self(text.to_owned())
    }
}

impl From<&str> for Name {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl Clone for Name {
    fn clone(&self) -> Self {
        Self::new(&self.0)
    }
}

impl AsRef<str> for Name {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl Drop for Name {
    fn drop(&mut self) {
        LIVE.set(LIVE.get() - 1);
    }
}

#[test]
fn every_name_is_dropped_exactly_once() {
    let clock = ManualClock::new();
    let table: Table<3, Name> = BreakerTable::new(Config::new(), &clock);
    for name in ["imu", "gps", "imu", "baro"] {
        table.register(name).unwrap();
    }
    assert!(table.register("radio").is_err() && table.register("").is_err());
    assert_eq!(LIVE.get(), 3, "one for each circuit");
    table.get("gps").unwrap().trip();
    assert!(table.get("gps").unwrap().try_acquire().is_err());
    assert_eq!(table.snapshots().count(), 3);
    assert_eq!(LIVE.get(), 3);
    assert_eq!(table.retire_idle(Duration::ZERO), Ok(2));
    assert_eq!((LIVE.get(), table.len()), (1, 1));
    table.register("imu").unwrap();
    assert_eq!(LIVE.get(), 2);
    drop(table);
    assert_eq!(LIVE.get(), 0);
}

thread_local! {
    /// What happens within the next registration of this test's thread.
    static WITHIN: Cell<Option<fn()>> = const { Cell::new(None) };
}

/// An observer that is cloned within a registration.
struct Within;

impl Observer for Within {}

impl Clone for Within {
    fn clone(&self) -> Self {
        if let Some(run) = WITHIN.take() {
            run();
        }
        Self
    }
}

static CLOCK: ManualClock = ManualClock::new();

#[test]
fn a_panic_within_a_registration_leaves_the_table_as_it_was() {
    static TABLE: BreakerTable<&ManualClock, 1, &str, Within> =
        BreakerTable::with_observer(Config::new(), &CLOCK, Within);
    WITHIN.set(Some(|| panic!("cloned")));
    assert!(catch_unwind(AssertUnwindSafe(|| drop(TABLE.register("imu")))).is_err());
    assert_eq!((TABLE.len(), TABLE.retire_idle(Duration::ZERO)), (0, Ok(0)));
    assert_eq!(TABLE.register("gps").unwrap().failure_count(), 0);
}

/// With `std` the second waits for the first, which here would be itself.
#[cfg(not(feature = "std"))]
#[test]
fn who_cannot_wait_is_told_that_the_table_is_busy_and_may_look_up_all_the_same() {
    static TABLE: BreakerTable<&ManualClock, 3, &str, Within> =
        BreakerTable::with_observer(Config::new(), &CLOCK, Within);
    TABLE.register("imu").unwrap();
    WITHIN.set(Some(|| {
        let busy = (TableError::Busy, "the table is being changed by somebody else: try again later".into());
        assert_eq!(error(TABLE.register("baro")), busy);
        assert_eq!(TABLE.retire_idle(Duration::ZERO), Err(TableError::Busy));
        assert_eq!(TABLE.get("imu").unwrap().operation_name(), "imu");
        assert_eq!(TABLE.register("imu").unwrap().operation_name(), "imu");
    }));
    TABLE.register("gps").unwrap();
    assert!(WITHIN.take().is_none(), "it happened");
    assert_eq!((TABLE.len(), TABLE.retire_idle(Duration::ZERO)), (2, Ok(2)));
}

#[test]
fn a_name_whose_handles_are_all_out_gets_no_second_circuit() {
    let clock = ManualClock::new();
    let table = table::<4>(&clock);
    table.register("imu").unwrap().record_failure();
    (0..(1 << 20) - 1).for_each(|_| std::mem::forget(table.get("imu").unwrap()));
    let text = "the circuit has 1048575 handles, which is all that there can be".into();
    assert_eq!(error(table.register("imu")), (TableError::TooManyHandles, text));
    assert_eq!(table.len(), 1);
    assert!(table.register("gps").is_ok());
}

#[test]
fn a_table_can_be_used_inside_of_what_catches_panics() {
    static CLOCK: ManualClock = ManualClock::new();
    static TABLE: BreakerTable<&ManualClock, 2> = BreakerTable::new(Config::new(), &CLOCK);
    assert!(catch_unwind(|| TABLE.register("imu").is_ok()).unwrap());
}
