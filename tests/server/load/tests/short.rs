//! The short form of the load test: counts that do not depend on how fast the machine is.

use load::{End, Run, Scenario, plot, run};

fn count(run: &Run, end: End) -> usize {
    run.calls.iter().filter(|call| call.end == end).count()
}

#[test]
fn with_a_breaker_fewer_requests_reach_a_sick_service_and_no_call_is_lost() {
    let scenario = Scenario::SHORT;
    let (without, with) = (run(&scenario, false), run(&scenario, true));
    for run in [&without, &with] {
        assert_eq!(run.calls.len(), scenario.calls);
        assert_eq!(count(run, End::Answered) + count(run, End::Failed) + count(run, End::Refused), scenario.calls);
    }
    assert_eq!(count(&without, End::Refused), 0);
    assert!(count(&with, End::Refused) > 0);
    assert!(count(&without, End::Failed) > 0, "the service was never sick");
    assert!(with.heard.sick < without.heard.sick, "{:?} with a breaker, {:?} without", with.heard, without.heard);
    let svg = plot(&scenario, &without, &with).unwrap();
    assert!(svg.contains("without a breaker") && svg.contains("requests sent"));
}
