//! A window that is over does not go on in the generation that bears the same number.

#![cfg(not(halfopen_loom))]

use halfopen::rules::{Adaptive, Checked, CountWindow, Rule, TimeWindow};
use halfopen::{CircuitBreaker, CircuitState, Config, ManualClock};

/// Leaves CLOSED by each way, as often as there are generations, and comes back without a call.
fn come_back<R: Rule>(rule: Checked<R>) {
    let clock = ManualClock::new();
    type Of<'a, R> = CircuitBreaker<&'a ManualClock, (), &'static str, R>;
    let ways: [fn(&Of<R>); 5] = [
        |it| it.trip(),
        |it| it.isolate(),
        |it| it.disable(),
        |it| it.shadow(),
        |it| it.restore(&it.snapshot()).unwrap(),
    ];
    for (i, leave) in ways.iter().enumerate() {
        let breaker = CircuitBreaker::with_rule("switched", rule, &clock, ());
        let began = breaker.generation();
        breaker.record_failure();
        loop {
            leave(&breaker);
            breaker.reset();
            if breaker.generation() == began {
                break;
            }
        }
        assert_eq!((breaker.state(), breaker.failure_count()), (CircuitState::Closed, 0), "way {i}");
    }
}

#[test]
fn a_window_that_is_over_is_empty_when_its_generation_comes_again() {
    let config = Config::new().minimum_calls(4);
    come_back(CountWindow::<8>::with(config));
    come_back(CountWindow::<40>::with(config));
    come_back(TimeWindow::<4>::with(config));
    come_back(Adaptive::<CountWindow<8>>::with(config));
}
