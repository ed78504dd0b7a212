//! The demo does what it promises, over real HTTP and in real time. Nothing here depends on how long anything took.

use halfopen::{CircuitState, Reason};
use halfopen_server_examples::report::broken_promises;
use halfopen_server_examples::run::run;
use halfopen_server_examples::scenario::Scenario;
use halfopen_server_examples::screen::Screen;

#[test]
fn the_breaker_opens_probes_closes_and_spares_the_sick_service() {
    let scenario = Scenario::fast();
    let with = run(&scenario, true, &mut Screen::silent()).unwrap();
    let without = run(&scenario, false, &mut Screen::silent()).unwrap();
    assert_eq!(broken_promises(&with, &without), Vec::<String>::new());

    let first = with.transitions.first().unwrap();
    assert_eq!((first.from, first.to), (CircuitState::Closed, CircuitState::Open));
    assert_eq!(first.reason, Reason::ConsecutiveFailures);
    assert_eq!(u32::from(first.failure_count), scenario.failure_threshold);

    for (before, after) in with.transitions.iter().zip(&with.transitions[1..]) {
        assert_eq!(before.to, after.from, "a transition was told out of order");
        assert!(after.is_after(before));
    }

    let last = with.transitions.last().unwrap();
    assert_eq!((last.from, last.to), (CircuitState::HalfOpen, CircuitState::Closed));
    assert_eq!(last.reason, Reason::ProbesSucceeded);
    assert_eq!(u32::from(last.successes), scenario.success_threshold);

    assert!(with.refused > 0);
    assert!(with.received.healthy + with.received.sick <= with.made - with.refused, "a refused request was sent");
    assert_eq!((without.refused, without.probes, without.transitions.len()), (0, 0, 0));
}
