//! Every interleaving of the races that matter, explored by loom:
//! `RUSTFLAGS="--cfg halfopen_loom" cargo test -p halfopen --release --test loom`.
//!
//! The manual clock is no part of the model: loom runs one thread at a time, so each reads what was set last.
#![cfg(halfopen_loom)]

use std::sync::Mutex;
use std::time::Duration;

use halfopen::{
    BreakerTable, CircuitBreaker, CircuitState, Config, ManualClock, Observer, Outcome, Receipt, Snapshot, TableError,
    Timestamp, Transition,
};
use loom::sync::Arc;
use loom::thread;

const RECOVERY: Duration = Duration::from_millis(100);

/// Keeps what it is told, outside of the model.
#[derive(Default)]
struct Recorder(Mutex<Vec<Transition>>);

impl Observer for Recorder {
    fn on_transition(&self, _: &str, transition: &Transition) {
        self.0.lock().unwrap().push(*transition);
    }
}

type Breaker = CircuitBreaker<&'static ManualClock, Recorder>;

/// A breaker and its clock, which is leaked: loom's threads ask for `'static`.
fn breaker(config: Config) -> (Arc<Breaker>, &'static ManualClock) {
    let clock: &'static ManualClock = Box::leak(Box::new(ManualClock::new()));
    clock.set(Timestamp::from_millis(1_000));
    let config = config.recovery_timeout(RECOVERY);
    (Arc::new(CircuitBreaker::with_observer("loom", config, clock, Recorder::default())), clock)
}

/// An OPEN breaker whose timeout has just passed.
fn lapsed(config: Config) -> (Arc<Breaker>, &'static ManualClock) {
    let (breaker, clock) = breaker(config.failure_threshold(1));
    breaker.record_failure();
    clock.advance(RECOVERY);
    (breaker, clock)
}

fn spawn<S: 'static, T: 'static>(shared: &Arc<S>, run: impl FnOnce(&S) -> T + 'static) -> thread::JoinHandle<T> {
    let shared = shared.clone();
    let thread = thread::spawn(move || run(&shared));
    // Without it loom lets this thread go on, and misses schedules in which the new one is first.
    thread::yield_now();
    thread
}

/// As `loom::model`, with at most three switches away from a thread that could go on: for models that are too large.
fn bounded(model: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(3);
    builder.check(model);
}

/// The states passed through in the order of the generations, in which there is no gap and no double.
fn path(breaker: &Breaker) -> String {
    let mut transitions = breaker.observer().0.lock().unwrap().clone();
    transitions.sort_by_key(|transition| transition.generation);
    let mut at = CircuitState::Closed;
    let mut path = String::from(at.as_str());
    for transition in &transitions {
        assert_eq!(transition.from, at, "{transitions:?}");
        at = transition.to;
        path += &format!(" {at}");
    }
    assert!(transitions.windows(2).all(|pair| pair[1].generation > pair[0].generation), "{transitions:?}");
    path
}

#[test]
fn two_requests_never_share_one_probe() {
    loom::model(|| {
        let (breaker, _) = lapsed(Config::new());
        let other = spawn(&breaker, |breaker| breaker.allow_request());
        let here = breaker.allow_request();
        assert!(here ^ other.join().unwrap(), "exactly one is let through");
        assert_eq!(path(&breaker), "closed open half_open");
    });
}

#[test]
fn three_requests_never_take_more_than_the_two_places_there_are() {
    bounded(|| {
        let (breaker, _) = lapsed(Config::new().half_open_max_calls(2));
        let others = [spawn(&breaker, |b| b.allow_request()), spawn(&breaker, |b| b.allow_request())];
        let mut admitted = usize::from(breaker.allow_request());
        for other in others {
            admitted += usize::from(other.join().unwrap());
        }
        // A request that meets the one that begins the round may be refused while that one is on its way.
        assert!((1..=2).contains(&admitted), "{admitted}");
        assert_eq!(path(&breaker), "closed open half_open");
    });
}

#[test]
fn failures_that_come_at_once_are_all_counted_and_open_once() {
    loom::model(|| {
        let (breaker, _) = breaker(Config::new().failure_threshold(3));
        breaker.record_failure();
        let other = spawn(&breaker, |breaker| breaker.record_failure());
        assert_eq!(breaker.record_failure(), Receipt::Recorded);
        assert_eq!(other.join().unwrap(), Receipt::Recorded);
        assert_eq!(breaker.failure_count(), 3);
        assert_eq!(path(&breaker), "closed open");
    });
}

#[test]
fn a_success_and_a_failure_leave_what_one_of_their_orders_leaves() {
    loom::model(|| {
        let (breaker, _) = breaker(Config::new().failure_threshold(5));
        breaker.record_failure();
        let other = spawn(&breaker, |breaker| breaker.record_success());
        breaker.record_failure();
        other.join().unwrap();
        assert!(matches!(breaker.failure_count(), 0 | 1), "{}", breaker.failure_count());
    });
}

#[test]
fn an_outcome_meets_a_transition_and_is_recorded_before_it_or_stale_after_it() {
    loom::model(|| {
        let (breaker, _) = breaker(Config::new().failure_threshold(2));
        let other = spawn(&breaker, |breaker| breaker.trip());
        let receipt = breaker.try_acquire().map(|permit| permit.failure());
        other.join().unwrap();
        match receipt {
            Ok(Receipt::Recorded) => assert_eq!(breaker.failure_count(), 1),
            Ok(Receipt::Stale) => assert_eq!(breaker.failure_count(), 0),
            Ok(receipt) => panic!("{receipt:?}"),
            Err(refused) => assert_eq!(refused.state, CircuitState::Open),
        }
        assert_eq!(path(&breaker), "closed open");
    });
}

#[test]
fn who_sees_the_opening_sees_its_time() {
    loom::model(|| {
        // The clock is far beyond the time 0 of a new state: by that time, OPEN would have lapsed at once.
        let (breaker, _) = breaker(Config::new().failure_threshold(1));
        let other = spawn(&breaker, |breaker| breaker.record_failure());
        if let Ok(permit) = breaker.try_acquire() {
            assert!(!permit.is_probe(), "let through as a probe although the circuit has just opened");
            permit.ignore();
        }
        other.join().unwrap();
        assert_eq!(breaker.retry_after(), Some(RECOVERY));
        assert_eq!(path(&breaker), "closed open");
    });
}

#[test]
fn a_writer_that_is_stopped_between_its_two_words_holds_nobody_for_longer_than_one_timeout() {
    bounded(|| {
        let (breaker, clock) = lapsed(Config::new());
        // Among the schedules are those in which this one rests between its words until the other is done.
        let other = spawn(&breaker, |breaker| breaker.try_acquire().map(|permit| permit.success()));
        let first = breaker.allow_request();
        clock.advance(RECOVERY);
        let second = breaker.allow_request();
        clock.advance(RECOVERY);
        let third = breaker.allow_request();
        // One of the two was let through within one more timeout; and if it was the other, which may be lost for ever,
        // then a third request takes its place one lease later.
        assert!(first || second || other.join().unwrap().is_ok(), "nobody was let through");
        assert!(first || second || third, "refused for longer than a timeout and a lease");
        path(&breaker);
    });
}

#[test]
fn an_opening_that_is_stopped_between_its_words_never_overwrites_a_newer_time() {
    loom::model(|| {
        let (breaker, clock) = breaker(Config::new().failure_threshold(1));
        let ticket = breaker.acquire_ticket().unwrap();
        let other = spawn(&breaker, move |breaker| breaker.settle_ticket(ticket, Outcome::Failure));
        clock.advance(RECOVERY);
        breaker.record_failure();
        other.join().unwrap();
        // Whichever opened it first, this one's came last. By the other's time the wait would be over already.
        assert_eq!(breaker.retry_after(), Some(RECOVERY));
        assert!(path(&breaker).ends_with(" open"));
    });
}

#[test]
fn a_request_that_is_overtaken_between_its_looks_at_the_two_words_prolongs_no_wait() {
    loom::model(|| {
        let (breaker, clock) = lapsed(Config::new());
        let other = spawn(&breaker, |breaker| breaker.allow_request());
        breaker.reset();
        breaker.record_failure();
        clock.advance(RECOVERY);
        // Refused, it came between the failure and the advance: the wait is over, and is not begun anew by it.
        if !other.join().unwrap() {
            assert_eq!(breaker.retry_after(), Some(Duration::ZERO));
        }
    });
}

#[test]
fn a_reclaimed_lease_and_its_late_result_never_both_count() {
    loom::model(|| {
        let (breaker, clock) = lapsed(Config::new());
        let late = breaker.acquire_ticket().unwrap();
        clock.advance(RECOVERY);
        let other = spawn(&breaker, move |breaker| breaker.settle_ticket(late, Outcome::Success));
        let permit = breaker.try_acquire().expect("the lease is over, or the circuit closed");
        let (probe, receipt) = (permit.is_probe(), permit.failure());
        match (other.join().unwrap(), probe) {
            // It was in time: the circuit closed, and the failure counts there.
            (Receipt::Recorded, false) => assert_eq!(path(&breaker), "closed open half_open closed open"),
            // It was reclaimed: the circuit reopened by the new probe alone.
            (Receipt::Expired, true) => assert_eq!(path(&breaker), "closed open half_open open"),
            other => panic!("{other:?}"),
        }
        assert_eq!(receipt, Receipt::Recorded);
    });
}

#[test]
fn a_reset_meets_a_probe_s_failure() {
    loom::model(|| {
        let (breaker, _) = lapsed(Config::new());
        let ticket = breaker.acquire_ticket().unwrap();
        let other = spawn(&breaker, |breaker| breaker.reset());
        let receipt = breaker.settle_ticket(ticket, Outcome::Failure);
        other.join().unwrap();
        match receipt {
            Receipt::Recorded => assert_eq!(path(&breaker), "closed open half_open open closed"),
            Receipt::Stale => assert_eq!(path(&breaker), "closed open half_open closed"),
            receipt => panic!("{receipt:?}"),
        }
        assert_eq!((breaker.state(), breaker.failure_count()), (CircuitState::Closed, 0));
    });
}

/// What is kept of a new breaker that `make` has been at, some time later.
fn kept(make: impl FnOnce(&Breaker), later: Duration) -> Snapshot {
    let (breaker, clock) = breaker(Config::new().failure_threshold(1));
    make(&breaker);
    clock.advance(later);
    breaker.snapshot()
}

#[test]
fn a_restore_that_is_stopped_half_way_ends_no_wait_early() {
    loom::model(|| {
        let closed = kept(|_| (), Duration::ZERO);
        let (breaker, _) = breaker(Config::new().failure_threshold(1));
        breaker.record_failure();
        let other = spawn(&breaker, move |breaker| breaker.restore(&closed).unwrap());
        if let Ok(permit) = breaker.try_acquire() {
            assert!(!permit.is_probe(), "let through as a probe although the circuit has just opened");
            permit.ignore();
        }
        other.join().unwrap();
        assert_eq!(path(&breaker), "closed open closed");
    });
}

#[test]
fn a_restore_that_is_stopped_half_way_takes_away_no_live_lease() {
    for open in [false, true] {
        loom::model(move || {
            // CLOSED, or OPEN with nothing left of its time.
            let kept = kept(
                |breaker| {
                    if open {
                        breaker.trip()
                    }
                },
                RECOVERY,
            );
            let (breaker, _) = lapsed(Config::new());
            let live = breaker.acquire_ticket().unwrap();
            let other = spawn(&breaker, move |breaker| breaker.restore(&kept).unwrap());
            if let Ok(second) = breaker.acquire_ticket() {
                let taken_over = second.is_probe() && second.generation() == live.generation() + 1;
                assert!(!taken_over, "a second probe beside one that is alive");
            }
            other.join().unwrap();
        });
    }
}

#[test]
fn a_restore_of_open_takes_over_what_is_left_of_its_time() {
    loom::model(|| {
        let half = RECOVERY / 2;
        let kept = kept(|breaker| breaker.trip(), half);
        let (breaker, now) = breaker(Config::new().failure_threshold(1));
        let other = spawn(&breaker, |breaker| breaker.state());
        breaker.restore(&kept).unwrap();
        assert_eq!(breaker.retry_after(), Some(half));
        other.join().unwrap();
        now.advance(half);
        assert!(breaker.allow_request());
        assert_eq!(path(&breaker), "closed open half_open");
    });
}

type Table = BreakerTable<&'static ManualClock, 2>;

fn table() -> Arc<Table> {
    Arc::new(BreakerTable::new(Config::new(), Box::leak(Box::new(ManualClock::new()))))
}

#[test]
fn two_registrations_of_one_name_give_one_circuit() {
    loom::model(|| {
        let table = table();
        let other = spawn(&table, |table| table.register("imu").unwrap().record_failure());
        table.register("imu").unwrap().record_failure();
        other.join().unwrap();
        assert_eq!((table.len(), table.get("imu").unwrap().failure_count()), (1, 2));
    });
}

#[test]
fn two_registrations_of_two_names_give_two_circuits() {
    loom::model(|| {
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
    loom::model(|| {
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
    loom::model(|| {
        let table = table();
        table.register("imu").unwrap();
        let other = spawn(&table, |table| table.get("imu").map(|imu| imu.operation_name().len()));
        let retired = table.retire_idle(Duration::ZERO).unwrap();
        table.register("barometer").unwrap();
        assert!(matches!(other.join().unwrap(), None | Some(3)));
        assert_eq!(table.len(), 2 - retired);
    });
}
