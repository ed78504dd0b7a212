//! What `call_async` makes of a future: ready, refused, cancelled at any point, overtaken, and panicking.

#![cfg(not(halfopen_loom))]

use std::cell::{Cell, RefCell};
use std::future::{Future, poll_fn, ready};
use std::panic::{AssertUnwindSafe, catch_unwind, panic_any};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use halfopen::{
    CallError, CircuitBreaker, CircuitState, Clock, Config, ManualClock, Observer, Outcome, Receipt, Transition,
};

const RECOVERY: Duration = Duration::from_secs(10);
const THRESHOLD: u16 = 3;

/// Remembers what it was told.
#[derive(Default)]
struct Told {
    transitions: Cell<u32>,
    late: RefCell<Vec<Receipt>>,
}

impl Observer for Told {
    fn on_transition(&self, _: &str, _: &Transition) {
        self.transitions.set(self.transitions.get() + 1);
    }

    fn on_late(&self, _: &str, receipt: Receipt) {
        self.late.borrow_mut().push(receipt);
    }
}

type Breaker<'a> = CircuitBreaker<&'a ManualClock, Told>;

fn breaker(clock: &ManualClock) -> Breaker<'_> {
    let config = Config::new().failure_threshold(THRESHOLD.into()).recovery_timeout(RECOVERY);
    CircuitBreaker::with_observer("async", config, clock, Told::default())
}

/// The next request is a probe.
fn lapsed(clock: &ManualClock) -> Breaker<'_> {
    let breaker = breaker(clock);
    (0..THRESHOLD).for_each(|_| assert_eq!(breaker.record_failure(), Receipt::Recorded));
    clock.advance(RECOVERY);
    breaker
}

fn poll<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

fn ready_in<F: Future>(polls: u32, future: F) -> F::Output {
    let mut future = pin!(future);
    for _ in 1..polls {
        assert!(poll(future.as_mut()).is_pending());
    }
    match poll(future.as_mut()) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("pending after {polls} polls"),
    }
}

/// Calls `finish` at the poll of this number, which is 1 for the first.
fn at_poll<T>(number: u32, finish: impl Fn() -> T) -> impl Future<Output = T> {
    let mut polls = 0;
    poll_fn(move |_| {
        polls += 1;
        if polls == number { Poll::Ready(finish()) } else { Poll::Pending }
    })
}

fn never() -> impl Future<Output = Result<(), ()>> {
    std::future::pending()
}

#[test]
fn a_future_s_result_is_given_back_and_counts_whenever_it_is_ready() {
    let clock = ManualClock::new();
    for polls in 1..=5 {
        let breaker = breaker(&clock);
        let failed = breaker.call_async(|| at_poll(polls, || Err::<(), _>("no")));
        assert_eq!(ready_in(polls, failed), Err(CallError::Inner("no")));
        assert_eq!(breaker.failure_count(), 1);
        assert_eq!(ready_in(polls, breaker.call_async(|| at_poll(polls, || Ok::<_, ()>(polls)))), Ok(polls));
        assert_eq!(breaker.failure_count(), 0);
        let probing = lapsed(&clock);
        assert_eq!(ready_in(polls, probing.call_async(|| at_poll(polls, || Ok::<_, ()>(())))), Ok(()));
        assert_eq!(probing.state(), CircuitState::Closed);
    }
}

#[test]
fn a_refused_future_is_not_even_made() {
    let clock = ManualClock::new();
    let breaker = breaker(&clock);
    breaker.trip();
    let made = Cell::new(false);
    let error = ready_in(
        1,
        breaker.call_async(|| {
            made.set(true);
            ready(Ok::<(), ()>(()))
        }),
    );
    assert!(matches!(error, Err(CallError::Open(refused)) if refused.retry_after == Some(RECOVERY)));
    assert!(!made.get());
}

#[test]
fn a_classifier_says_what_the_future_s_result_means() {
    let clock = ManualClock::new();
    let breaker = breaker(&clock);
    let classify = |result: &Result<u16, u16>| match result {
        Ok(503) => Outcome::Failure,
        Err(404) => Outcome::Ignored,
        _ => Outcome::Success,
    };
    let call = |result| ready_in(2, breaker.call_async_with(classify, || at_poll(2, move || result)));
    assert_eq!((call(Ok(503)), breaker.failure_count()), (Ok(503), 1));
    assert_eq!((call(Err(404)), breaker.failure_count()), (Err(CallError::Inner(404)), 1));
    assert_eq!((call(Ok(200)), breaker.failure_count()), (Ok(200), 0));
}

#[test]
fn a_future_that_is_dropped_after_any_number_of_polls_counts_as_nothing() {
    let clock = ManualClock::new();
    for polls in 0..=5 {
        let breaker = breaker(&clock);
        breaker.record_failure();
        {
            let mut future = pin!(breaker.call_async(never));
            (0..polls).for_each(|_| assert!(poll(future.as_mut()).is_pending()));
        }
        assert_eq!((breaker.failure_count(), breaker.generation()), (1, 0), "after {polls} polls");
        assert!(breaker.observer().late.borrow().is_empty());
    }
}

#[test]
fn a_probe_s_future_that_is_dropped_after_any_number_of_polls_gives_its_place_back() {
    let clock = ManualClock::new();
    for polls in 0..=5 {
        let probing = lapsed(&clock);
        {
            let mut future = pin!(probing.call_async(never));
            (0..polls).for_each(|_| assert!(poll(future.as_mut()).is_pending()));
            assert_eq!(probing.would_allow(), polls == 0, "it has a place from its first poll on");
        }
        assert_eq!((probing.state(), probing.failure_count()), (CircuitState::HalfOpen, THRESHOLD));
        assert!(probing.observer().late.borrow().is_empty());
        let next = probing.try_acquire().expect("admitted at once");
        assert_eq!((next.is_probe(), next.success()), (true, Receipt::Recorded));
        assert_eq!(probing.observer().transitions.get(), 3, "opened, half-opened, closed");
    }
}

#[test]
fn a_future_that_is_never_polled_is_never_made() {
    let clock = ManualClock::new();
    let breaker = breaker(&clock);
    drop(breaker.call_async(|| -> std::future::Ready<Result<(), ()>> { panic_any("made") }));
    assert_eq!(breaker.failure_count(), 0);
}

#[test]
fn a_future_that_another_s_panic_drops_counts_as_nothing() {
    let clock = ManualClock::new();
    let probing = lapsed(&clock);
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        let mut future = pin!(probing.call_async(never));
        assert!(poll(future.as_mut()).is_pending());
        panic_any("somebody else's");
    }));
    assert!(panicked.is_err());
    assert_eq!((probing.state(), probing.failure_count()), (CircuitState::HalfOpen, THRESHOLD));
    assert!(probing.would_allow());
}

#[test]
fn the_result_of_a_future_that_the_circuit_has_overtaken_is_given_back_and_does_not_disturb() {
    let clock = ManualClock::new();
    let breaker = breaker(&clock);
    let mut slow = pin!(breaker.call_async(|| at_poll(2, || Ok::<_, ()>("late"))));
    assert!(poll(slow.as_mut()).is_pending());
    // Opened, recovered and one failure counted meanwhile, which the late success does not take away.
    (0..THRESHOLD).for_each(|_| assert_eq!(breaker.record_failure(), Receipt::Recorded));
    clock.advance(RECOVERY);
    assert_eq!(breaker.call(|| Ok::<_, ()>(())), Ok(()));
    breaker.record_failure();
    let before = (breaker.generation(), breaker.observer().transitions.get());
    assert_eq!(poll(slow.as_mut()), Poll::Ready(Ok("late")));
    assert_eq!((breaker.state(), breaker.failure_count()), (CircuitState::Closed, 1));
    assert_eq!((breaker.generation(), breaker.observer().transitions.get()), before);
    assert_eq!(*breaker.observer().late.borrow(), [Receipt::Stale]);
}

#[test]
fn a_probe_s_future_that_outlives_its_lease_expires_and_does_not_disturb() {
    let clock = ManualClock::new();
    let probing = lapsed(&clock);
    let mut slow = pin!(probing.call_async(|| at_poll(2, || Err::<(), _>("late"))));
    assert!(poll(slow.as_mut()).is_pending());
    clock.advance(RECOVERY);
    let next = probing.try_acquire().expect("the lease is over");
    assert_eq!(poll(slow.as_mut()), Poll::Ready(Err(CallError::Inner("late"))));
    assert_eq!(*probing.observer().late.borrow(), [Receipt::Expired]);
    assert_eq!(next.success(), Receipt::Recorded);
    assert_eq!(probing.state(), CircuitState::Closed);
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
        assert!(breaker.observer().late.borrow().is_empty());
    };
    let closed = breaker(&clock);
    panicked(&closed);
    assert_eq!((closed.failure_count(), closed.generation()), (1, 0));
    let probing = lapsed(&clock);
    panicked(&probing);
    assert_eq!((probing.failure_count(), probing.retry_after()), (THRESHOLD + 1, Some(RECOVERY)));
    assert_eq!(probing.observer().transitions.get(), 3, "opened, half-opened, opened");
}

#[test]
fn a_panic_while_the_future_is_made_counts_as_one_failure_and_goes_on() {
    assert_a_panic_is_one_failure(|breaker| {
        let make = || -> std::future::Ready<Result<(), ()>> { panic_any("boom") };
        let _ = ready_in(1, breaker.call_async(make));
    });
}

#[test]
fn a_panic_while_the_future_is_polled_counts_as_one_failure_and_goes_on_whichever_poll_it_is() {
    for polls in 1..=3 {
        assert_a_panic_is_one_failure(|breaker| {
            let make = || at_poll(polls, || -> Result<(), ()> { panic_any("boom") });
            let _ = ready_in(polls, breaker.call_async(make));
        });
    }
}

#[test]
fn a_panic_in_the_classifier_of_a_future_s_result_counts_as_one_failure_and_goes_on() {
    assert_a_panic_is_one_failure(|breaker| {
        let classify = |_: &Result<(), ()>| panic_any("boom");
        let _ = ready_in(2, breaker.call_async_with(classify, || at_poll(2, || Ok(()))));
    });
}

#[test]
fn a_future_may_use_the_breaker_that_it_is_called_through() {
    let clock = ManualClock::new();
    let breaker = breaker(&clock);
    let outer = breaker.call_async(|| async {
        let inner = breaker.call_async(|| at_poll(2, || Err::<(), _>("inner"))).await;
        assert_eq!((inner, breaker.failure_count()), (Err(CallError::Inner("inner")), 1));
        Err::<(), _>("outer")
    });
    assert_eq!(ready_in(2, outer), Err(CallError::Inner("outer")));
    assert_eq!(breaker.failure_count(), 2);
}
