//! An observer may use the breaker that calls it: it sees what is committed, and nothing waits for it.

#![cfg(not(halfopen_loom))]

use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind, panic_any};
use std::rc::{Rc, Weak};
use std::time::Duration;

use halfopen::{
    CallReport, CircuitBreaker, CircuitState, Clock, Config, ManualClock, Mode, Observer, OnTransition, Outcome,
    Receipt, Refusal, Snapshot, Timestamp, Transition,
};

const RECOVERY: Duration = Duration::from_secs(10);
const THRESHOLD: u16 = 3;

const CONFIG: Config = Config::new().failure_threshold(THRESHOLD as u32).recovery_timeout(RECOVERY);

/// An observer that looks at the breaker that calls it, and does something with it.
struct Within<'a> {
    breaker: Weak<CircuitBreaker<&'a ManualClock, Within<'a>>>,
    act: fn(&CircuitBreaker<&'a ManualClock, Within<'a>>, &Told),
    log: RefCell<Vec<String>>,
}

enum Told {
    Transition(Transition),
    Refusal(Refusal),
    Late(Receipt),
}

impl Within<'_> {
    fn told(&self, told: Told) {
        if let Some(breaker) = self.breaker.upgrade() {
            (self.act)(&breaker, &told);
        }
    }
}

impl Observer for Within<'_> {
    fn on_transition(&self, _: &str, transition: &Transition) {
        self.log.borrow_mut().push(format!("{} -> {} ({})", transition.from, transition.to, transition.reason));
        self.told(Told::Transition(*transition));
    }

    fn on_refused(&self, _: &str, refusal: &Refusal, _: Mode) {
        self.log.borrow_mut().push("refused".into());
        self.told(Told::Refusal(*refusal));
    }

    fn on_late(&self, _: &str, receipt: Receipt) {
        self.log.borrow_mut().push(format!("{receipt:?}"));
        self.told(Told::Late(receipt));
    }
}

type Observed<'a> = CircuitBreaker<&'a ManualClock, Within<'a>>;

fn observed<'a>(clock: &'a ManualClock, act: fn(&Observed<'a>, &Told)) -> Rc<Observed<'a>> {
    Rc::new_cyclic(|breaker| {
        let observer = Within { breaker: breaker.clone(), act, log: RefCell::default() };
        CircuitBreaker::with_observer("within", CONFIG, clock, observer)
    })
}

fn fail<O: Observer>(breaker: &CircuitBreaker<&ManualClock, O>) {
    (0..THRESHOLD).for_each(|_| assert_eq!(breaker.record_failure(), Receipt::Recorded));
}

#[test]
fn an_observer_sees_the_state_that_is_committed() {
    let clock = ManualClock::new();
    let breaker = observed(&clock, |breaker, told| {
        let Told::Transition(transition) = told else { return };
        assert_eq!((breaker.state(), breaker.mode()), (transition.to, transition.mode));
        assert_eq!(breaker.generation(), transition.generation);
        if transition.to == CircuitState::Open {
            assert_eq!(breaker.failure_count(), transition.failure_count);
            assert_eq!(breaker.last_failure_time(), Some(breaker.clock().now()));
            assert_eq!(breaker.retry_after(), Some(RECOVERY));
        }
    });
    for _ in 0..THRESHOLD {
        clock.advance(RECOVERY);
        breaker.record_failure();
    }
    clock.advance(RECOVERY);
    assert!(breaker.call(|| Err::<(), _>(())).is_err());
    clock.advance(RECOVERY);
    assert!(breaker.call(|| Ok::<_, ()>(())).is_ok());
    breaker.shadow();
    breaker.disable();
    breaker.reset();
    assert_eq!(breaker.observer().log.borrow().len(), 8);
}

#[test]
fn an_observer_may_change_the_breaker_that_calls_it() {
    let clock = ManualClock::new();
    let breaker = observed(&clock, |breaker, told| match told {
        Told::Transition(Transition { to: CircuitState::Open, .. }) => drop(breaker.call(|| Ok::<_, ()>(()))),
        Told::Transition(_) => assert_eq!(breaker.try_acquire().unwrap().failure(), Receipt::Recorded),
        Told::Refusal(refusal) => {
            assert_eq!(refusal.retry_after(), breaker.retry_after());
            breaker.reset();
        }
        Told::Late(receipt) => {
            assert_eq!(*receipt, Receipt::Stale);
            breaker.trip();
        }
    });
    let late = breaker.try_acquire().unwrap();
    fail(&breaker);
    // The opening was told, the observer asked and was refused, so it reset the circuit, and then failed itself.
    let round = ["closed -> open (consecutive_failures)", "refused", "open -> closed (reset)"];
    assert_eq!(*breaker.observer().log.borrow(), round);
    assert_eq!(breaker.failure_count(), 1);
    breaker.observer().log.borrow_mut().clear();
    assert_eq!(late.success(), Receipt::Stale);
    assert_eq!(*breaker.observer().log.borrow(), ["Stale", "closed -> open (tripped)", round[1], round[2]]);
    assert_eq!(breaker.failure_count(), 1);
}

#[test]
fn an_observer_may_step_in_between_the_two_transitions_that_one_outcome_makes() {
    let clock = ManualClock::new();
    // The failure of a lapsed circuit makes it HALF_OPEN, then OPEN. A reset in between is a change as any other.
    let breaker = observed(&clock, |breaker, told| {
        if matches!(told, Told::Transition(Transition { to: CircuitState::HalfOpen, .. })) {
            breaker.reset();
        }
    });
    fail(&breaker);
    clock.advance(RECOVERY);
    breaker.observer().log.borrow_mut().clear();
    assert_eq!(breaker.record_failure(), Receipt::Recorded);
    let round = ["open -> half_open (recovery_timeout)", "half_open -> closed (reset)"];
    assert_eq!(*breaker.observer().log.borrow(), round);
    assert_eq!((breaker.state(), breaker.failure_count()), (CircuitState::Closed, 1));
}

#[test]
fn an_observer_that_panics_leaves_a_breaker_that_goes_on() {
    let clock = ManualClock::new();
    let panics = Cell::new(false);
    let observer = OnTransition::new(|_: &str, _: &Transition| assert!(!panics.get(), "told"));
    let breaker = CircuitBreaker::with_observer("panics", CONFIG, &clock, observer);
    let panicked = |run: &dyn Fn()| {
        panics.set(true);
        assert!(catch_unwind(AssertUnwindSafe(run)).is_err());
        panics.set(false);
    };
    fail(&breaker);
    breaker.reset();
    // In the opening that a call's own failure makes: it counts once.
    (1..THRESHOLD).for_each(|_| assert_eq!(breaker.record_failure(), Receipt::Recorded));
    panicked(&|| drop(breaker.call(|| Err::<(), _>(String::new()))));
    assert_eq!((breaker.state(), breaker.failure_count()), (CircuitState::Open, THRESHOLD));
    // In the admission of a probe: nobody has its permit, so its place comes back with the end of the lease.
    clock.advance(RECOVERY);
    panicked(&|| drop(breaker.try_acquire()));
    assert_eq!((breaker.state(), breaker.would_allow()), (CircuitState::HalfOpen, false));
    clock.advance(RECOVERY);
    assert_eq!(breaker.try_acquire().unwrap().success(), Receipt::Recorded);
    assert_eq!(breaker.state(), CircuitState::Closed);
}

/// Writes down what it is told, with its name.
struct Named<'a>(char, &'a RefCell<String>);

impl Observer for Named<'_> {
    fn on_transition(&self, name: &str, transition: &Transition) {
        *self.1.borrow_mut() += &format!("{} {name} {}; ", self.0, transition.to);
    }

    fn on_refused(&self, name: &str, refusal: &Refusal, mode: Mode) {
        *self.1.borrow_mut() += &format!("{} {name} refused {} {mode}; ", self.0, refusal.state);
    }

    fn on_call(&self, name: &str, report: CallReport) {
        *self.1.borrow_mut() += &format!("{} {name} {:?}; ", self.0, report.outcome);
    }

    fn on_late(&self, name: &str, receipt: Receipt) {
        *self.1.borrow_mut() += &format!("{} {name} {receipt:?}; ", self.0);
    }
}

#[test]
fn two_observers_are_told_all_of_it_the_first_one_first() {
    let (clock, log) = (ManualClock::new(), RefCell::default());
    let (a, b) = (Named('a', &log), Named('b', &log));
    let breaker = CircuitBreaker::with_observer("pair", CONFIG, &clock, (&a, b));
    let ticket = breaker.acquire_ticket().unwrap();
    breaker.trip();
    assert_eq!(log.take(), "a pair open; b pair open; ");
    assert!(!breaker.allow_request());
    assert_eq!(log.take(), "a pair refused open normal; b pair refused open normal; ");
    assert_eq!(breaker.settle_ticket(ticket, Outcome::Success), Receipt::Stale);
    assert_eq!(log.take(), "a pair Stale; b pair Stale; a pair Success; b pair Success; ");
}

#[test]
fn a_call_that_panics_too_late_is_told_as_late_and_changes_nothing() {
    let (clock, log) = (ManualClock::new(), RefCell::default());
    let breaker = CircuitBreaker::with_observer("late", CONFIG, &clock, Named('a', &log));
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        let _ = breaker.call(|| -> Result<(), ()> {
            breaker.trip();
            breaker.reset();
            panic_any("boom")
        });
    }));
    assert!(panicked.is_err());
    assert_eq!(log.take(), "a late open; a late closed; a late Stale; a late Failure; ");
    assert_eq!(breaker.failure_count(), 0);
}

/// Open, failed 7 ms ago.
fn kept() -> Snapshot {
    let clock = ManualClock::new();
    let breaker = CircuitBreaker::with_clock("kept", CONFIG.failure_threshold(1), &clock);
    breaker.record_failure();
    clock.advance(Duration::from_millis(7));
    breaker.snapshot()
}

#[test]
fn an_observer_of_a_restore_sees_the_latest_failure_that_was_restored() {
    let clock = ManualClock::new();
    clock.advance(Duration::from_secs(1));
    let breaker = observed(&clock, |breaker, _| {
        let at = breaker.last_failure_time().map(Timestamp::as_millis);
        breaker.observer().log.borrow_mut().push(format!("failed at {at:?}"));
    });
    breaker.restore(&kept()).unwrap();
    assert_eq!(*breaker.observer().log.borrow(), ["closed -> open (restored)", "failed at Some(993)"]);
}

#[test]
fn a_failure_that_comes_while_a_restore_is_told_is_the_latest() {
    let clock = ManualClock::new();
    clock.advance(Duration::from_secs(1));
    let breaker = observed(&clock, |breaker, told| {
        if let Told::Transition(_) = told {
            breaker.record_failure();
        }
    });
    breaker.restore(&kept()).unwrap();
    assert_eq!(breaker.last_failure_time(), Some(Timestamp::from_millis(1_000)));
}
