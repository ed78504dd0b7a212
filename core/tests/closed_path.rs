//! While CLOSED with nothing counted, a breaker reads no clock and changes nothing.
//!
//! That it writes nothing to memory is counted by `benches/instructions.rs`.

#![cfg(not(halfopen_loom))]

use std::cell::Cell;

use halfopen::rules::{Adaptive, Consecutive};
use halfopen::{CircuitBreaker, Clock, Config, Receipt, Timestamp};

/// Counts how often it is read.
#[derive(Default)]
struct CountingClock {
    reads: Cell<u32>,
}

impl Clock for CountingClock {
    fn now(&self) -> Timestamp {
        self.reads.set(self.reads.get() + 1);
        Timestamp::from_millis(self.reads.get().into())
    }
}

type Breaker = CircuitBreaker<CountingClock>;

fn breaker() -> Breaker {
    CircuitBreaker::with_clock("closed", Config::new(), CountingClock::default())
}

/// All that can be seen of a breaker without the time.
fn look(breaker: &Breaker) -> (String, u16, u16, Option<Timestamp>) {
    (format!("{breaker:?}"), breaker.generation(), breaker.failure_count(), breaker.last_failure_time())
}

#[track_caller]
fn assert_untouched_by(path: impl Fn(&Breaker)) {
    let breaker = breaker();
    let before = look(&breaker);
    for _ in 0..1_000 {
        path(&breaker);
    }
    assert_eq!(breaker.clock().reads.get(), 0, "the clock was read");
    assert_eq!(look(&breaker), before);
}

#[test]
fn allow_request_and_record_success_read_no_clock_and_change_nothing() {
    assert_untouched_by(|breaker| {
        assert!(breaker.allow_request());
        assert_eq!(breaker.record_success(), Receipt::Recorded);
    });
}

#[test]
fn would_allow_reads_no_clock_and_changes_nothing() {
    assert_untouched_by(|breaker| assert!(breaker.would_allow()));
}

#[test]
fn a_permit_that_succeeds_reads_no_clock_and_changes_nothing() {
    assert_untouched_by(|breaker| {
        assert_eq!(breaker.try_acquire().map(|permit| permit.success()), Ok(Receipt::Recorded));
    });
}

#[test]
fn a_permit_that_is_ignored_or_dropped_reads_no_clock_and_changes_nothing() {
    assert_untouched_by(|breaker| {
        assert_eq!(breaker.try_acquire().map(|permit| permit.ignore()), Ok(Receipt::Recorded));
        drop(breaker.try_acquire());
    });
}

#[test]
fn a_call_that_succeeds_reads_no_clock_and_changes_nothing() {
    assert_untouched_by(|breaker| assert_eq!(breaker.call(|| Ok::<u32, ()>(7)), Ok(7)));
}

#[test]
fn a_breaker_whose_way_back_adapts_reads_no_clock_either() {
    let rule = Adaptive::<Consecutive>::with(Config::new());
    let breaker = CircuitBreaker::with_rule("closed", rule, CountingClock::default(), ());
    assert_eq!(breaker.record_success(), Receipt::Recorded);
    assert_eq!(breaker.try_acquire().map(|permit| permit.success()), Ok(Receipt::Recorded));
    assert_eq!(breaker.clock().reads.get(), 0);
}

#[test]
fn the_state_of_a_closed_circuit_is_told_without_the_clock() {
    assert_untouched_by(|breaker| assert_eq!(breaker.state().as_str(), "closed"));
}

#[test]
fn a_request_is_let_through_without_the_clock_while_failures_are_counted() {
    let breaker = breaker();
    breaker.record_failure();
    let reads = breaker.clock().reads.get();
    assert!(breaker.allow_request());
    assert!(breaker.would_allow());
    assert_eq!(breaker.clock().reads.get(), reads);
}

#[test]
fn a_refusal_reads_the_clock_once() {
    let breaker = breaker();
    breaker.trip();
    let reads = breaker.clock().reads.get();
    assert!(!breaker.allow_request());
    assert_eq!(breaker.clock().reads.get(), reads + 1);
    assert!(breaker.try_acquire().is_err());
    assert_eq!(breaker.clock().reads.get(), reads + 2);
}
