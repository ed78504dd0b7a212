//! Every sequence of calls up to twelve, through every small window: what opens it, when, and with what in it.

#![cfg(not(halfopen_loom))]

use halfopen::rules::CountWindow;
use halfopen::{CircuitBreaker, CircuitState, Config, ManualClock, OnTransition, Reason, Transition};

const LENGTH: u32 = 12;

/// The failures among the last `size` of the first `calls` calls, and how many those are. A bit for each call, 1 failed.
fn naive(sequence: u32, calls: u32, size: u32) -> (u32, u32) {
    let held = calls.min(size);
    let failures = (calls - held..calls).filter(|call| sequence >> call & 1 == 1).count();
    (held, failures as u32)
}

fn walk(size: u32, minimum: u32, percent: u32) -> usize {
    let clock = ManualClock::new();
    let config = Config::new().sliding_window_size(size).minimum_calls(minimum).failure_rate_threshold(percent);
    let rule = CountWindow::<5>::with(config);
    let mut openings = 0;
    for sequence in 0..1 << LENGTH {
        let told = std::cell::Cell::new(None::<Transition>);
        let observer = OnTransition::new(|_: &str, transition: &Transition| told.set(Some(*transition)));
        let breaker = CircuitBreaker::with_rule("small", rule, &clock, observer);
        for call in 0..LENGTH {
            let _ = if sequence >> call & 1 == 1 { breaker.record_failure() } else { breaker.record_success() };
            let (calls, failures) = naive(sequence, call + 1, size);
            let what = (size, minimum, percent, sequence, call);
            assert_eq!(u32::from(breaker.failure_count()), failures, "{what:?}");
            if calls >= minimum && failures * 100 >= calls * percent {
                let told = told.get().expect("a transition");
                let tally = told.tally.expect("what the window held");
                assert_eq!(
                    (told.reason, tally.calls, tally.failures),
                    (Reason::FailureRate, calls, failures),
                    "{what:?}"
                );
                openings += 1;
                break;
            }
            assert_eq!((breaker.state(), told.get()), (CircuitState::Closed, None), "{what:?}");
        }
    }
    openings
}

#[test]
fn every_sequence_through_every_small_window_opens_when_and_only_when_the_rate_is_reached() {
    for size in 1..=5 {
        for minimum in 1..=size {
            for failures in 1..=size {
                // Reached exactly, and missed by as little as there is.
                let percent = failures * 100 / size;
                let openings = walk(size, minimum, percent);
                assert!(openings > 0 && openings < 1 << LENGTH);
                assert!(walk(size, minimum, (percent + 1).min(100)) <= openings);
            }
        }
    }
}
