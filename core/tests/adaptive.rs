//! What a server wishes by `Retry-After`.

#![cfg(not(halfopen_loom))]

use std::time::Duration;

use halfopen::rules::{Adaptive, Consecutive};
use halfopen::{CircuitBreaker, CircuitState, Config, ManualClock, Receipt};

const SECOND: Duration = Duration::from_secs(1);

type Breaker<'a> = CircuitBreaker<&'a ManualClock, (), &'static str, Adaptive<Consecutive>>;

/// OPEN for a second after so many failures.
fn breaker(failures: u32, clock: &ManualClock) -> Breaker<'_> {
    let config = Config::new().failure_threshold(failures).recovery_timeout(SECOND);
    CircuitBreaker::with_rule("server", Adaptive::<Consecutive>::with(config), clock, ())
}

#[test]
fn a_failure_that_opens_the_circuit_holds_it_open_as_long_as_the_server_wished() {
    let clock = ManualClock::new();
    let breaker = breaker(1, &clock);
    assert_eq!(breaker.try_acquire().unwrap().failure_retry_after(40 * SECOND), Receipt::Recorded);
    assert_eq!((breaker.state(), breaker.retry_after()), (CircuitState::Open, Some(40 * SECOND)));
}

#[test]
fn a_wish_beside_a_failure_that_does_not_open_the_circuit_says_nothing_of_a_later_opening() {
    let clock = ManualClock::new();
    let breaker = breaker(2, &clock);
    assert_eq!(breaker.try_acquire().unwrap().failure_retry_after(40 * SECOND), Receipt::Recorded);
    assert_eq!(breaker.state(), CircuitState::Closed);
    assert_eq!(breaker.try_acquire().unwrap().failure(), Receipt::Recorded);
    assert_eq!(breaker.retry_after(), Some(SECOND));
}

#[test]
fn a_wish_that_comes_too_late_to_count_holds_nothing() {
    let clock = ManualClock::new();
    let breaker = breaker(1, &clock);
    let (first, late) = (breaker.try_acquire().unwrap(), breaker.try_acquire().unwrap());
    first.failure();
    assert_eq!(late.failure_retry_after(40 * SECOND), Receipt::Stale);
    assert_eq!(breaker.retry_after(), Some(SECOND));
}
