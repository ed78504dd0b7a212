//! An observer is told of each call that ended exactly once, with its outcome, what became of it, and whether it was slow.

#![cfg(not(halfopen_loom))]

use std::cell::RefCell;
use std::pin::pin;
use std::task::{Context, Waker};
use std::time::Duration;

use halfopen::rules::{Adaptive, Checked, Consecutive, ConsecutiveSlow, CountWindow, Rule, TimeWindow};
use halfopen::{Breaker, CallReport, CircuitBreaker, Config, ManualClock, Observer, Outcome, Receipt};

const RECOVERY: Duration = Duration::from_secs(10);
const SLOW: Duration = Duration::from_millis(100);

/// Keeps what it is told.
#[derive(Default)]
struct Told(RefCell<Vec<CallReport>>);

impl Observer for Told {
    fn on_call(&self, operation_name: &str, report: CallReport) {
        assert_eq!(operation_name, "told");
        self.0.borrow_mut().push(report);
    }
}

impl Told {
    fn take(&self) -> Vec<(Outcome, Receipt, bool)> {
        self.0.take().into_iter().map(|told| (told.outcome, told.receipt, told.slow)).collect()
    }
}

type Observed<'a, R> = CircuitBreaker<&'a ManualClock, Told, &'static str, R>;

fn observed<R: Rule>(clock: &ManualClock, rule: Checked<R>) -> Observed<'_, R> {
    CircuitBreaker::with_rule("told", rule, clock, Told::default())
}

/// Ends calls in every way that there is, in CLOSED, OPEN and HALF_OPEN and disabled, and sees that each is told once.
fn is_told_of_each<R: Rule>(rule: Checked<R>) {
    use Outcome::{Failure, Ignored, Success};
    let clock = ManualClock::new();
    let breaker = observed(&clock, rule);
    let told = |expected: &[(Outcome, Receipt)]| {
        let expected: Vec<_> = expected.iter().map(|(outcome, receipt)| (*outcome, *receipt, false)).collect();
        assert_eq!(breaker.observer().take(), expected);
    };
    let receipt = Receipt::Recorded;
    for _ in 0..3 {
        // The first round on a breaker that is new, the others where something is counted.
        breaker.record_success();
        breaker.record_ignored();
        breaker.record_failure();
        breaker.record_after(Success, Duration::ZERO);
        told(&[(Success, receipt), (Ignored, receipt), (Failure, receipt), (Success, receipt)]);
        for outcome in [Success, Failure, Ignored] {
            let _ = breaker.settle_ticket(breaker.acquire_ticket().unwrap(), outcome);
            told(&[(outcome, receipt)]);
        }
        drop(breaker.try_acquire().unwrap());
        told(&[(Ignored, receipt)]);
        assert_eq!(breaker.call(|| Ok::<_, ()>(7)), Ok(7));
        assert!(breaker.call(|| Err::<(), _>("no")).is_err());
        let _ = breaker.call_with(|_| Ignored, || Err::<(), _>("no"));
        told(&[(Success, receipt), (Failure, receipt), (Ignored, receipt)]);
        {
            let mut cancelled = pin!(breaker.call_async(std::future::pending::<Result<(), ()>>));
            assert!(cancelled.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
            told(&[]);
        }
        told(&[(Ignored, receipt)]);
        Breaker::record(&breaker, Success);
        told(&[(Success, receipt)]);
    }
    // Asking alone is not a call, nor is a command.
    let late = [breaker.try_acquire().unwrap(), breaker.try_acquire().unwrap()];
    breaker.trip();
    assert!(!breaker.allow_request() && breaker.acquire_ticket().is_err());
    told(&[]);
    let [first, second] = late;
    let _ = (first.success(), second.failure());
    told(&[(Success, Receipt::Stale), (Failure, Receipt::Stale)]);
    clock.advance(RECOVERY);
    let probe = breaker.try_acquire().unwrap();
    told(&[]);
    let _ = probe.failure();
    told(&[(Failure, Receipt::Recorded)]);
    clock.advance(RECOVERY);
    let lost = breaker.acquire_ticket().unwrap();
    clock.advance(RECOVERY);
    let _ = breaker.try_acquire().unwrap().success();
    let _ = breaker.settle_ticket(lost, Success);
    told(&[(Success, Receipt::Recorded), (Success, Receipt::Expired)]);
    breaker.disable();
    breaker.record_failure();
    told(&[(Failure, Receipt::Disabled)]);
}

fn config() -> Config {
    Config::new().failure_threshold(100).recovery_timeout(RECOVERY)
}

fn window() -> Config {
    Config::new().minimum_calls(1_000).recovery_timeout(RECOVERY)
}

#[test]
fn whatever_the_rule_is_each_call_is_told_once() {
    is_told_of_each(Consecutive::with(config()));
    is_told_of_each(ConsecutiveSlow::with(config().slow_call_duration(RECOVERY)));
    is_told_of_each(CountWindow::<1_024>::with(window()));
    is_told_of_each(TimeWindow::<10>::with(window()));
    is_told_of_each(Adaptive::<Consecutive>::with(config()));
    is_told_of_each(Adaptive::<TimeWindow<10>>::with(window()));
}

/// Calls that take just as long as they may, and a millisecond longer, in CLOSED and as probes.
fn is_told_what_was_slow<R: Rule>(rule: Checked<R>) {
    use Outcome::{Failure, Success};
    let clock = ManualClock::new();
    let breaker = observed(&clock, rule);
    let call = |time: Duration, outcome| {
        let permit = breaker.try_acquire().unwrap();
        clock.advance(time);
        let _ = permit.settle(outcome);
        let [(told, _, slow)] = breaker.observer().take()[..] else { panic!("not told once") };
        assert_eq!(told, outcome);
        slow
    };
    let longer = SLOW + Duration::from_millis(1);
    for outcome in [Success, Failure] {
        assert!(!call(SLOW, outcome));
        assert!(call(longer, outcome));
    }
    breaker.record_after(Success, longer);
    breaker.record_after(Failure, longer);
    breaker.record_after(Failure, SLOW);
    let told: Vec<_> = breaker.observer().take().into_iter().map(|(.., slow)| slow).collect();
    assert_eq!(told, [true, true, false]);
    let late = breaker.try_acquire().unwrap();
    breaker.trip();
    clock.advance(longer);
    let _ = late.success();
    assert_eq!(breaker.observer().take(), [(Success, Receipt::Stale, true)]);
    clock.advance(RECOVERY);
    assert!(call(longer, Failure));
}

#[test]
fn whatever_the_rule_is_a_slow_call_is_told_as_one() {
    is_told_what_was_slow(ConsecutiveSlow::with(config().slow_call_duration(SLOW)));
    is_told_what_was_slow(CountWindow::<1_024>::with(window().slow_call_duration(SLOW)));
    is_told_what_was_slow(TimeWindow::<10>::with(window().slow_call_duration(SLOW)));
    is_told_what_was_slow(Adaptive::<CountWindow<1_024>>::with(window().slow_call_duration(SLOW)));
}
