//! Circuits by name on a server: made once, found by all, bounded, and retired when nothing would be forgotten.

#![cfg(all(feature = "std", not(halfopen_loom)))]

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier};
use std::time::Duration;

use halfopen::{
    Breaker, BreakerFactory, CircuitBreaker, CircuitBreakerRegistry, CircuitState, Clock, Config, ConfigError,
    LocalBreakers, ManualClock, OnTransition, Receipt, RegistryConfig, RegistryError, Timestamp,
};

const AGE: Duration = Duration::from_secs(60);
const MILLI: Duration = Duration::from_millis(1);
const RECOVERY: Duration = Duration::from_secs(10);

type Local = CircuitBreaker<Arc<ManualClock>, (), Arc<str>>;

fn registry(most: u32) -> (Arc<ManualClock>, CircuitBreakerRegistry<Local>) {
    let clock = Arc::new(ManualClock::new());
    let defaults = Config::new().failure_threshold(2).recovery_timeout(RECOVERY);
    let config = RegistryConfig::new().defaults(defaults).max_circuits(most);
    let circuits = CircuitBreakerRegistry::try_with_clock(config, clock.clone()).unwrap();
    (clock, circuits)
}

fn names(circuits: &CircuitBreakerRegistry<Local>) -> Vec<String> {
    let mut names: Vec<_> = circuits.entries().map(|entry| entry.operation_name().to_owned()).collect();
    names.sort();
    names
}

#[test]
fn a_circuit_is_made_when_it_is_first_asked_for_and_is_the_same_one_then() {
    let (_, circuits) = registry(10);
    assert!(circuits.get("mail").is_none() && circuits.is_empty());
    circuits.register("mail").unwrap().record_failure();
    assert_eq!(circuits.register("mail").unwrap().failure_count(), 1);
    assert_eq!(circuits.get("mail").unwrap().failure_count(), 1);
    assert_eq!(circuits.register("search").unwrap().failure_count(), 0);
    assert_eq!((circuits.len(), names(&circuits)), (2, vec!["mail".to_owned(), "search".to_owned()]));
}

#[test]
fn a_circuit_goes_by_its_own_configuration_where_it_has_one() {
    let clock = Arc::new(ManualClock::new());
    let config = RegistryConfig::new()
        .defaults(Config::new().failure_threshold(7))
        .circuit("payments", Config::new().failure_threshold(3));
    let circuits = CircuitBreakerRegistry::try_with_clock(config, clock).unwrap();
    let threshold = |name| circuits.register(name).unwrap().policy().failure_threshold();
    assert_eq!((threshold("payments"), threshold("mail")), (3, 7));
    let by_hand = circuits.register_with("search", Config::new().failure_threshold(9)).unwrap();
    assert_eq!(by_hand.policy().failure_threshold(), 9);
    let again = circuits.register_with("search", Config::new().failure_threshold(1)).unwrap();
    assert_eq!(again.policy().failure_threshold(), 9, "one that exists stays as it is");
    let wrong = circuits.register_with("new", Config::new().failure_threshold(0)).unwrap_err();
    assert_eq!(wrong.to_string(), "circuit 'new': failure_threshold is 0, must be 1 to 1023");
    assert!(circuits.get("new").is_none());
}

#[test]
fn what_is_wrong_with_a_configuration_is_told_when_the_registry_is_made() {
    let told = |config| CircuitBreakerRegistry::try_new(config).unwrap_err().to_string();
    let new = RegistryConfig::new;
    assert_eq!(told(new().defaults(Config::new().failure_threshold(0))), "failure_threshold is 0, must be 1 to 1023");
    assert_eq!(
        told(new().circuit("mail", Config::new().half_open_max_calls(99))),
        "circuit 'mail': half_open_max_calls is 99, must be 1 to 15"
    );
    assert!(
        told(new().circuit("mail", Config::new().minimum_calls(5))).contains("circuit 'mail': minimum_calls is set")
    );
    assert_eq!(told(new().max_circuits(0)), "max_circuits is 0, must be 1 to 1000000");
    assert_eq!(told(new().circuit("", Config::new())), RegistryError::EmptyName.to_string());
}

#[test]
fn names_have_1_to_255_bytes() {
    let (_, circuits) = registry(10);
    assert_eq!(circuits.register("").unwrap_err(), RegistryError::EmptyName);
    assert_eq!(circuits.register(&"x".repeat(256)).unwrap_err(), RegistryError::NameTooLong);
    assert!(circuits.register(&"x".repeat(255)).is_ok());
    assert_eq!(circuits.len(), 1);
}

#[test]
fn names_of_every_length_are_found_again() {
    let (_, circuits) = registry(1_000);
    let names: Vec<String> = (1..=255).map(|length| "abcdefghi".repeat(29)[..length].to_owned()).collect();
    names.iter().enumerate().for_each(|(at, name)| {
        if at % 2 == 0 {
            circuits.register(name).unwrap().record_failure();
        } else {
            drop(circuits.register(name).unwrap());
        }
    });
    for (at, name) in names.iter().enumerate() {
        let found = circuits.get(name).unwrap();
        assert_eq!((found.operation_name(), found.failure_count()), (name.as_str(), u16::from(at % 2 == 0)));
    }
}

#[test]
fn an_entry_borrows_nothing_and_outlives_the_registry() {
    let (_, circuits) = registry(10);
    let entry = circuits.register("mail").unwrap();
    drop(circuits);
    std::thread::spawn(move || assert_eq!(entry.clone().call(|| Ok::<_, ()>(1)), Ok(1))).join().unwrap();
}

#[test]
fn a_circuit_that_was_removed_goes_on_for_who_holds_it_and_is_made_anew() {
    let (_, circuits) = registry(1);
    let held = circuits.register("mail").unwrap();
    held.trip();
    assert!(circuits.remove("mail").is_some() && circuits.remove("mail").is_none());
    assert_eq!(held.state(), CircuitState::Open);
    assert_eq!(circuits.register("mail").unwrap().state(), CircuitState::Closed, "and its place is free");
}

/// Whether a circuit that was brought about by `make` an age ago may retire.
#[track_caller]
fn retires(make: impl Fn(&Local)) -> bool {
    let (clock, circuits) = registry(10);
    drop(circuits.register("idle").unwrap());
    make(&circuits.register("mail").unwrap());
    assert_eq!(circuits.retire_idle(AGE), 0);
    clock.advance(AGE);
    let retired = circuits.retire_idle(AGE);
    assert!(circuits.get("idle").is_none(), "the other one retires in any case");
    assert_eq!(circuits.get("mail").is_none(), retired == 2);
    assert_eq!(circuits.len(), 2 - retired);
    retired == 2
}

#[test]
fn only_a_circuit_that_is_closed_with_the_rules_in_force_and_nothing_counted_retires() {
    assert!(retires(|_| ()));
    assert!(retires(|mail| assert!(mail.allow_request())));
    assert!(retires(|mail| {
        mail.record_failure();
        mail.record_success();
    }));
    assert!(!retires(|mail| assert_eq!(mail.record_failure(), Receipt::Recorded)));
    assert!(!retires(|mail| mail.trip()), "its timeout has passed, and it is not closed");
    assert!(!retires(|mail| mail.isolate()));
    assert!(!retires(|mail| mail.disable()));
    assert!(!retires(|mail| mail.shadow()));
}

#[test]
fn a_circuit_with_a_request_in_flight_does_not_retire() {
    let (clock, circuits) = registry(1);
    let entry = circuits.register("mail").unwrap();
    let permit = entry.try_acquire().unwrap();
    clock.advance(AGE);
    assert_eq!((circuits.retire_idle(Duration::ZERO), circuits.register("other").is_err()), (0, true));
    permit.success();
    drop(entry);
    assert_eq!(circuits.retire_idle(Duration::ZERO), 1);
}

#[test]
fn a_circuit_retires_when_nobody_has_asked_for_it_for_so_long_since_it_was_last_looked_at() {
    let (clock, circuits) = registry(10);
    drop(circuits.register("mail").unwrap());
    assert_eq!(circuits.retire_idle(MILLI), 0, "used just now");
    clock.advance(AGE - MILLI);
    assert_eq!(circuits.retire_idle(AGE), 0);
    clock.advance(MILLI);
    assert_eq!(circuits.retire_idle(AGE + Duration::from_micros(1)), 0, "a part of a millisecond rounds up");
    drop(circuits.get("mail").unwrap());
    assert_eq!(circuits.retire_idle(AGE), 0, "to be looked up is use");
    clock.advance(AGE - MILLI);
    drop(circuits.entries().collect::<Vec<_>>());
    clock.advance(MILLI);
    assert_eq!(circuits.retire_idle(AGE), 1, "to be looked at among all is none");
    assert_eq!(circuits.retire_idle(AGE), 0);
}

#[test]
fn to_hold_an_entry_is_use_until_it_is_dropped() {
    let (clock, circuits) = registry(10);
    let entry = circuits.register("mail").unwrap();
    clock.advance(AGE);
    assert_eq!(circuits.retire_idle(AGE), 0);
    clock.advance(AGE);
    drop(entry);
    assert_eq!(circuits.retire_idle(AGE), 0);
    clock.advance(AGE);
    assert_eq!(circuits.retire_idle(AGE), 1);
}

#[test]
fn a_clock_that_goes_back_begins_an_age_anew_and_panics_nowhere() {
    let (clock, circuits) = registry(10);
    clock.set(Timestamp::from_millis(100_000));
    drop(circuits.register("mail").unwrap());
    clock.set(Timestamp::from_millis(0));
    assert_eq!(circuits.retire_idle(AGE), 0);
    clock.advance(AGE);
    assert_eq!(circuits.retire_idle(AGE), 1);
}

#[test]
fn a_new_circuit_takes_the_place_of_an_idle_one_rather_of_one_that_was_not_used_since() {
    let (_, circuits) = registry(100);
    let all: Vec<String> = (0..100).map(|n| format!("host-{n}")).collect();
    all.iter().for_each(|name| drop(circuits.register(name).unwrap()));
    // All were used: one of them has to go.
    drop(circuits.register("newcomer").unwrap());
    assert_eq!(circuits.len(), 100);
    let kept: Vec<_> = circuits.entries().map(|entry| entry.operation_name().to_owned()).collect();
    // All were looked at just now. Half of them are used again.
    let (used, unused) = kept.split_at(50);
    used.iter().for_each(|name| drop(circuits.get(name).unwrap()));
    drop(circuits.register("another").unwrap());
    assert!(used.iter().all(|name| circuits.get(name).is_some()));
    assert!(unused.iter().any(|name| circuits.get(name).is_none()));
    assert!(circuits.len() <= 100 && circuits.get("another").is_some());
}

#[test]
fn a_circuit_that_holds_something_never_makes_place_and_a_full_registry_says_so() {
    let (clock, circuits) = registry(3);
    circuits.register("counts").unwrap().record_failure();
    circuits.register("open").unwrap().trip();
    let held = circuits.register("held").unwrap();
    for _ in 0..3 {
        assert_eq!(circuits.register("new").unwrap_err(), RegistryError::Full);
    }
    assert_eq!(circuits.get("open").unwrap().state(), CircuitState::Open);
    assert_eq!(circuits.get("counts").unwrap().failure_count(), 1);
    drop(held);
    assert_eq!(circuits.register("new").unwrap_err(), RegistryError::Full, "it does not search each time");
    clock.advance(Duration::from_millis(100));
    assert!(circuits.register("new").is_ok());
    assert_eq!(names(&circuits), ["counts", "new", "open"]);
}

#[test]
fn there_are_never_more_circuits_than_allowed_whatever_threads_do() {
    const THREADS: usize = 4;
    let (_, circuits) = registry(20);
    let barrier = Barrier::new(THREADS);
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let (circuits, barrier) = (&circuits, &barrier);
            scope.spawn(move || {
                barrier.wait();
                for n in 0..2_000 {
                    let name = format!("host-{}", (n * (thread + 1)) % 97);
                    match circuits.register(&name) {
                        Ok(entry) => assert_eq!(entry.operation_name(), name),
                        Err(error) => assert_eq!(error, RegistryError::Full),
                    }
                    match n % 50 {
                        0 => drop(circuits.remove(&name)),
                        7 => drop(circuits.retire_idle(Duration::ZERO)),
                        _ => {}
                    }
                    assert!(circuits.len() <= 20);
                }
            });
        }
    });
    assert!(circuits.entries().count() <= 20);
    assert_eq!(circuits.entries().count(), circuits.len());
    // No place was lost: with all of them gone, there is room for as many as before.
    circuits.retire_idle(Duration::ZERO);
    assert!(circuits.is_empty());
    (0..20).for_each(|n| circuits.register(&format!("open-{n}")).unwrap().trip());
    assert_eq!((circuits.len(), circuits.register("one more").unwrap_err()), (20, RegistryError::Full));
}

#[test]
fn threads_that_ask_for_a_new_name_at_once_get_the_same_circuit() {
    const THREADS: usize = 4;
    for _ in 0..200 {
        let (_, circuits) = registry(10);
        let barrier = Barrier::new(THREADS);
        std::thread::scope(|scope| {
            for _ in 0..THREADS {
                scope.spawn(|| {
                    barrier.wait();
                    circuits.register("mail").unwrap().isolate();
                });
            }
        });
        assert_eq!(circuits.len(), 1);
        assert!(!circuits.get("mail").unwrap().would_allow());
        (0..9).for_each(|n| circuits.register(&format!("open-{n}")).unwrap().trip());
        assert_eq!(circuits.register("one more").unwrap_err(), RegistryError::Full);
    }
}

#[test]
fn every_circuit_tells_the_observer() {
    let told = Arc::new(std::sync::Mutex::new(Vec::new()));
    let note = {
        let told = Arc::clone(&told);
        Arc::new(OnTransition::new(move |name: &str, _: &_| told.lock().unwrap().push(name.to_owned())))
    };
    let circuits: CircuitBreakerRegistry<CircuitBreaker<_, _, _>> =
        CircuitBreakerRegistry::try_with_rule(RegistryConfig::new(), Arc::new(ManualClock::new()), note).unwrap();
    circuits.register("mail").unwrap().trip();
    circuits.register("search").unwrap().trip();
    assert_eq!(*told.lock().unwrap(), ["mail", "search"]);
    let snapshots = circuits.snapshots();
    assert_eq!(snapshots.len(), 2);
}

/// Panics when it makes a breaker of that name, and counts what it makes.
struct Odd(LocalBreakers<Arc<ManualClock>>, Arc<AtomicUsize>);

impl BreakerFactory for Odd {
    type Breaker = Local;

    fn check(&self, config: &Config) -> Result<(), ConfigError> {
        self.0.check(config)
    }

    fn make(&self, name: Arc<str>, config: &Config) -> Result<Local, ConfigError> {
        self.1.fetch_add(1, Ordering::Relaxed);
        assert_ne!(&*name, "odd");
        self.0.make(name, config)
    }

    fn now(&self) -> Timestamp {
        self.0.now()
    }
}

#[test]
fn a_factory_that_panics_takes_no_place_and_stops_nobody_else() {
    let made = Arc::new(AtomicUsize::new(0));
    let factory = Odd(LocalBreakers::new(Arc::new(ManualClock::new()), ()), Arc::clone(&made));
    let circuits = CircuitBreakerRegistry::try_with_factory(RegistryConfig::new().max_circuits(1), factory).unwrap();
    for _ in 0..3 {
        let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| drop(circuits.register("odd"))));
        assert!(panicked.is_err());
    }
    assert!(circuits.register("even").is_ok());
    assert_eq!((circuits.len(), made.load(Ordering::Relaxed)), (1, 4));
}

#[test]
fn a_registry_is_shared_by_threads_and_shows_its_circuits() {
    fn shared<T: Send + Sync + 'static>(_: &T) {}
    let (clock, circuits) = registry(10);
    shared(&circuits);
    circuits.register("mail").unwrap().trip();
    assert_eq!(format!("{circuits:?}"), r#"{"mail": Open}"#);
    assert!(format!("{:?}", circuits.get("mail").unwrap()).contains("mail"));
    clock.advance(RECOVERY);
    assert_eq!(Breaker::state(&*circuits.get("mail").unwrap()), CircuitState::HalfOpen);
    assert_eq!(clock.now().as_millis(), 10_000);
}
