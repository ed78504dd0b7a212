//! Every value that Prometheus gets of a circuit, after a life that has something of everything.

use std::time::Duration;

use halfopen::metrics::MetricsObserver;
use halfopen::rules::ConsecutiveSlow;
use halfopen::{CircuitBreaker, Config, ManualClock, Outcome};
use metrics::with_local_recorder;
use telemetry::Endpoint;

const RECOVERY: Duration = Duration::from_secs(10);
const SLOW: Duration = Duration::from_millis(100);

const CONFIG: Config = Config::new().failure_threshold(3).recovery_timeout(RECOVERY).slow_call_duration(SLOW);

type Breaker<'a> = CircuitBreaker<&'a ManualClock, MetricsObserver<&'a ManualClock>, &'static str, ConsecutiveSlow>;

fn breaker(clock: &ManualClock) -> Breaker<'_> {
    let observer = MetricsObserver::with_clock(clock);
    observer.register("s3_upload");
    CircuitBreaker::with_rule("s3_upload", ConsecutiveSlow::with(CONFIG), clock, observer)
}

/// Works, grows slow and fails, opens, is asked in vain, loses a probe, recovers; then it is told what to do.
fn live(breaker: &Breaker, clock: &ManualClock) {
    let late = breaker.try_acquire().unwrap();
    (0..5).for_each(|_| assert!(breaker.call(|| Ok::<_, ()>(())).is_ok()));
    breaker.record_after(Outcome::Success, 2 * SLOW);
    (0..2).for_each(|_| assert!(breaker.call(|| Err::<(), _>(())).is_err()));
    let _ = late.failure();
    (0..7).for_each(|_| assert!(!breaker.allow_request()));
    clock.advance(RECOVERY + Duration::from_millis(500));
    let lost = breaker.acquire_ticket().unwrap();
    assert!(!breaker.allow_request());
    clock.advance(RECOVERY);
    drop(breaker.try_acquire().unwrap());
    assert!(breaker.call(|| Ok::<_, ()>(())).is_ok());
    let _ = breaker.settle_ticket(lost, Outcome::Success);
    breaker.isolate();
    clock.advance(Duration::from_secs(60));
    assert!(!breaker.allow_request());
    breaker.shadow();
    breaker.trip();
    assert!(breaker.allow_request());
}

/// Neither the order of the families nor that of their lines means anything.
fn sorted(text: &str) -> Vec<&str> {
    let mut lines: Vec<_> = text.lines().filter(|line| !line.is_empty()).collect();
    lines.sort_unstable();
    lines
}

#[test]
fn prometheus_gets_every_value_of_a_life() {
    let (endpoint, clock) = (Endpoint::open(), ManualClock::new());
    with_local_recorder(&endpoint.recorder, || {
        let breaker = breaker(&clock);
        assert_eq!(sorted(&endpoint.scrape()), sorted(include_str!("before.txt")));
        live(&breaker, &clock);
        assert_eq!(sorted(&endpoint.scrape()), sorted(include_str!("after.txt")));
    });
}
