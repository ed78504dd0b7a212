//! What `call`, `call_with`, `wrap` and a permit make of a result, a refusal, a panic, and a use of the breaker within.

#![cfg(not(halfopen_loom))]

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, panic_any};
use std::time::Duration;

use halfopen::{CallError, CircuitBreaker, CircuitState, Clock, Config, ManualClock, Outcome, Receipt};

const RECOVERY: Duration = Duration::from_secs(10);
const LEASE: Duration = Duration::from_secs(4);
const THRESHOLD: u16 = 3;

const CONFIG: Config =
    Config::new().failure_threshold(THRESHOLD as u32).recovery_timeout(RECOVERY).probe_timeout(LEASE);

type Breaker<'a> = CircuitBreaker<&'a ManualClock>;

fn breaker(clock: &ManualClock) -> Breaker<'_> {
    CircuitBreaker::with_clock("calls", CONFIG, clock)
}

/// The next request is a probe.
fn lapsed(clock: &ManualClock) -> Breaker<'_> {
    let breaker = breaker(clock);
    (0..THRESHOLD).for_each(|_| assert_eq!(breaker.record_failure(), Receipt::Recorded));
    clock.advance(RECOVERY);
    breaker
}

#[test]
fn an_ok_is_given_back_and_counts_as_a_success() {
    let clock = ManualClock::new();
    let breaker = breaker(&clock);
    breaker.record_failure();
    assert_eq!(breaker.call(|| Ok::<_, ()>("fine")), Ok("fine"));
    assert_eq!(breaker.failure_count(), 0);
    let probing = lapsed(&clock);
    assert_eq!(probing.call(|| Ok::<_, ()>(7)), Ok(7));
    assert_eq!((probing.state(), probing.failure_count()), (CircuitState::Closed, 0));
}

#[test]
fn an_err_is_given_back_and_counts_as_a_failure() {
    let clock = ManualClock::new();
    let breaker = breaker(&clock);
    for n in 1..=THRESHOLD {
        assert_eq!(breaker.call(|| Err::<(), _>(n)), Err(CallError::Inner(n)));
        assert_eq!(breaker.failure_count(), n);
    }
    assert_eq!(breaker.state(), CircuitState::Open);
    let probing = lapsed(&clock);
    assert_eq!(probing.call(|| Err::<(), _>("again")), Err(CallError::Inner("again")));
    assert_eq!(probing.retry_after(), Some(RECOVERY));
}

#[test]
fn a_refused_operation_is_not_called() {
    let clock = ManualClock::new();
    let breaker = breaker(&clock);
    let calls = Cell::new(0);
    let wrapped = breaker.wrap(|()| Ok::<_, ()>(calls.replace(calls.get() + 1)));
    let ask = || {
        let called = || Ok::<_, ()>(calls.replace(calls.get() + 1));
        let classified = |_: &Result<i32, ()>| {
            calls.set(calls.get() + 1);
            Outcome::Success
        };
        assert!(breaker.call(called).is_err_and(|error| error.is_open()));
        assert!(breaker.call_with(classified, called).is_err_and(|error| error.is_open()));
        assert!(wrapped(()).is_err_and(|error| error.is_open()));
    };
    breaker.trip();
    ask();
    clock.advance(RECOVERY);
    let probe = breaker.try_acquire().unwrap();
    ask();
    probe.ignore();
    breaker.isolate();
    ask();
    assert_eq!(calls.get(), 0);
    breaker.reset();
    assert_eq!(wrapped(()), Ok(0));
    assert_eq!(calls.get(), 1);
}

#[test]
fn a_classifier_may_count_an_ok_as_a_failure_and_an_err_as_a_success() {
    let clock = ManualClock::new();
    let breaker = breaker(&clock);
    let busy = |result: &Result<u16, u16>| match result {
        Ok(503) | Err(500) => Outcome::Failure,
        _ => Outcome::Success,
    };
    assert_eq!(breaker.call_with(busy, || Ok(503)), Ok(503));
    assert_eq!(breaker.failure_count(), 1);
    assert_eq!(breaker.call_with(busy, || Err(500)), Err(CallError::Inner(500)));
    assert_eq!(breaker.failure_count(), 2);
    assert_eq!(breaker.call_with(busy, || Err(404)), Err(CallError::Inner(404)));
    assert_eq!(breaker.failure_count(), 0);
}

#[test]
fn an_ignored_result_counts_as_nothing_and_gives_a_probe_s_place_back() {
    let clock = ManualClock::new();
    let ignore = |_: &Result<(), &str>| Outcome::Ignored;
    let breaker = breaker(&clock);
    breaker.record_failure();
    assert_eq!(breaker.call_with(ignore, || Err("not mine")), Err(CallError::Inner("not mine")));
    assert_eq!(breaker.call_with(ignore, || Ok(())), Ok(()));
    assert_eq!(breaker.failure_count(), 1);
    let probing = lapsed(&clock);
    for _ in 0..3 {
        assert_eq!(probing.call_with(ignore, || Err("not mine")), Err(CallError::Inner("not mine")));
        assert_eq!((probing.state(), probing.retry_after()), (CircuitState::HalfOpen, Some(Duration::ZERO)));
    }
}

#[test]
fn a_wrapped_function_counts_every_one_of_its_calls() {
    let clock = ManualClock::new();
    let breaker = breaker(&clock);
    let parse = breaker.wrap(|text: &'static str| text.parse::<u8>());
    assert!(matches!(parse("x"), Err(CallError::Inner(_))));
    assert!(matches!(parse("256"), Err(CallError::Inner(_))));
    assert_eq!(breaker.failure_count(), 2);
    assert_eq!(parse("7"), Ok(7));
    assert_eq!(breaker.failure_count(), 0);
    (0..THRESHOLD).for_each(|_| assert!(parse("").is_err()));
    assert!(matches!(parse("8"), Err(CallError::Open(_))));
}

/// `run` passes the panic on, and it counts as one failure: in CLOSED, and of a probe.
#[track_caller]
fn assert_a_panic_is_one_failure(run: impl Fn(&Breaker)) {
    let clock = ManualClock::new();
    clock.advance(Duration::from_secs(77));
    let panicked = |breaker: &Breaker| {
        let payload = catch_unwind(AssertUnwindSafe(|| run(breaker))).expect_err("the panic did not come through");
        assert_eq!(payload.downcast_ref::<&str>(), Some(&"boom"));
        assert_eq!(breaker.last_failure_time(), Some(clock.now()));
    };
    let closed = breaker(&clock);
    panicked(&closed);
    assert_eq!((closed.failure_count(), closed.generation()), (1, 0));
    let probing = lapsed(&clock);
    let before = probing.generation();
    panicked(&probing);
    assert_eq!((probing.failure_count(), probing.retry_after()), (THRESHOLD + 1, Some(RECOVERY)));
    assert_eq!(probing.generation(), before + 2, "OPEN to HALF_OPEN to OPEN");
}

#[test]
fn a_panic_in_call_counts_as_one_failure_and_goes_on() {
    assert_a_panic_is_one_failure(|breaker| {
        let _ = breaker.call(|| -> Result<(), ()> { panic_any("boom") });
    });
}

#[test]
fn a_panic_in_the_operation_or_the_classifier_of_call_with_counts_as_one_failure_and_goes_on() {
    let classify = |_: &Result<(), ()>| Outcome::Ignored;
    assert_a_panic_is_one_failure(|breaker| {
        let _ = breaker.call_with(classify, || panic_any("boom"));
    });
    let classify = |_: &Result<(), ()>| panic_any("boom");
    assert_a_panic_is_one_failure(|breaker| {
        let _ = breaker.call_with(classify, || Ok(()));
    });
}

#[test]
fn a_panic_in_a_wrapped_function_counts_as_one_failure_and_goes_on() {
    assert_a_panic_is_one_failure(|breaker| {
        let _ = breaker.wrap(|()| -> Result<(), ()> { panic_any("boom") })(());
    });
}

#[test]
fn a_permit_that_a_panic_drops_counts_as_nothing_and_gives_its_place_back() {
    let clock = ManualClock::new();
    let probing = lapsed(&clock);
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        let _permit = probing.try_acquire().unwrap();
        panic_any("boom");
    }));
    assert!(panicked.is_err());
    assert_eq!((probing.state(), probing.failure_count()), (CircuitState::HalfOpen, THRESHOLD));
    assert!(probing.would_allow());
}

#[test]
fn a_permit_is_settled_once_and_its_drop_adds_nothing() {
    let clock = ManualClock::new();
    let breaker = breaker(&clock);
    let permits: Vec<_> = (0..2).map(|_| breaker.try_acquire().unwrap()).collect();
    permits.into_iter().for_each(|permit| assert_eq!(permit.failure(), Receipt::Recorded));
    assert_eq!(breaker.failure_count(), 2);
    drop(breaker.try_acquire());
    assert_eq!(breaker.failure_count(), 2);
    assert_eq!(breaker.try_acquire().unwrap().settle(Outcome::Success), Receipt::Recorded);
    assert_eq!(breaker.failure_count(), 0);
}

#[test]
fn the_place_of_a_permit_that_leaks_comes_back_with_the_end_of_its_lease() {
    let clock = ManualClock::new();
    let probing = lapsed(&clock);
    std::mem::forget(probing.try_acquire().unwrap());
    clock.advance(LEASE - Duration::from_millis(1));
    assert_eq!(probing.try_acquire().unwrap_err().retry_after, Some(Duration::from_millis(1)));
    clock.advance(Duration::from_millis(1));
    assert_eq!(probing.try_acquire().unwrap().success(), Receipt::Recorded);
    assert_eq!(probing.state(), CircuitState::Closed);
}

#[test]
fn an_operation_may_use_its_own_breaker() {
    let clock = ManualClock::new();
    let breaker = breaker(&clock);
    let outer = breaker.call(|| {
        assert_eq!(breaker.call(|| Err::<(), _>("inner")), Err(CallError::Inner("inner")));
        assert_eq!(breaker.failure_count(), 1);
        Err::<(), _>("outer")
    });
    assert_eq!((outer, breaker.failure_count()), (Err(CallError::Inner("outer")), 2));
}

#[test]
fn an_operation_that_is_a_probe_is_refused_a_second_place_and_decides_all_the_same() {
    let clock = ManualClock::new();
    let probing = lapsed(&clock);
    let outer = probing.call(|| {
        let refused = probing.try_acquire().unwrap_err();
        assert_eq!((refused.state, refused.retry_after), (CircuitState::HalfOpen, Some(LEASE)));
        Ok::<_, ()>(1)
    });
    assert_eq!((outer, probing.state()), (Ok(1), CircuitState::Closed));
}

#[test]
fn a_result_whose_operation_has_tripped_the_circuit_is_given_back_and_does_not_count() {
    let clock = ManualClock::new();
    let breaker = breaker(&clock);
    let tripped = breaker.call(|| {
        breaker.trip();
        Ok::<_, ()>("done")
    });
    assert_eq!(tripped, Ok("done"));
    assert_eq!((breaker.state(), breaker.generation()), (CircuitState::Open, 1));
    breaker.reset();
    let reset = breaker.call(|| {
        breaker.trip();
        breaker.reset();
        Err::<(), _>("late")
    });
    assert_eq!((reset, breaker.failure_count()), (Err(CallError::Inner("late")), 0));
}
