//! What a breaker's life leaves in its metrics, to the last count, whatever kind of breaker it is.

#![cfg(all(feature = "metrics", not(halfopen_loom)))]

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use halfopen::metrics::{MetricsObserver, names};
use halfopen::rules::{Consecutive, ConsecutiveSlow};
use halfopen::{BreakerTable, CircuitBreaker, CircuitState, Config, ManualClock, Mode, Observer, Reason, Transition};
use metrics::{Counter, Gauge, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit, with_local_recorder};

const RECOVERY: Duration = Duration::from_secs(10);
const CONFIG: Config = Config::new().failure_threshold(2).recovery_timeout(RECOVERY);

type Cells = Mutex<BTreeMap<String, Arc<AtomicU64>>>;

/// Keeps everything by its name and labels, as Prometheus writes them.
#[derive(Default)]
struct Kept {
    counters: Cells,
    gauges: Cells,
    described: Mutex<Vec<String>>,
}

fn cell(cells: &Cells, key: &Key) -> Arc<AtomicU64> {
    let labels: Vec<_> = key.labels().map(|label| format!("{}={}", label.key(), label.value())).collect();
    let short = key.name().strip_prefix("halfopen_circuitbreaker_").expect("a name with the prefix");
    Arc::clone(cells.lock().unwrap().entry(format!("{short} {}", labels.join(" "))).or_default())
}

impl Recorder for Kept {
    fn describe_counter(&self, key: KeyName, _: Option<Unit>, _: SharedString) {
        self.described.lock().unwrap().push(key.as_str().into());
    }

    fn describe_gauge(&self, key: KeyName, _: Option<Unit>, _: SharedString) {
        self.described.lock().unwrap().push(key.as_str().into());
    }

    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {
        unreachable!("there is no histogram");
    }

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        Counter::from_arc(cell(&self.counters, key))
    }

    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::from_arc(cell(&self.gauges, key))
    }

    fn register_histogram(&self, _: &Key, _: &Metadata<'_>) -> Histogram {
        unreachable!("there is no histogram");
    }
}

impl Kept {
    /// What is not 0, a line each.
    fn lines(&self) -> Vec<String> {
        let read = |cells: &Cells, value: fn(u64) -> u64| -> Vec<String> {
            let cells = cells.lock().unwrap();
            let values = cells.iter().map(|(key, cell)| (key, value(cell.load(Ordering::Relaxed))));
            values.filter(|(_, value)| *value > 0).map(|(key, value)| format!("{key} {value}")).collect()
        };
        let mut lines = read(&self.counters, |bits| bits);
        lines.extend(read(&self.gauges, |bits| f64::from_bits(bits) as u64));
        lines.sort();
        lines
    }

    fn series(&self) -> usize {
        self.counters.lock().unwrap().len() + self.gauges.lock().unwrap().len()
    }
}

fn observed(clock: &ManualClock) -> CircuitBreaker<&ManualClock, MetricsObserver<&ManualClock>> {
    CircuitBreaker::with_observer("uploads", CONFIG, clock, MetricsObserver::with_clock(clock))
}

#[test]
fn a_life_is_told_to_the_last_count() {
    let (kept, clock) = (Kept::default(), ManualClock::new());
    with_local_recorder(&kept, || {
        let breaker = observed(&clock);
        breaker.observer().register("uploads");
        assert_eq!(kept.lines(), ["mode name=uploads mode=normal 1", "state name=uploads state=closed 1"]);
        assert_eq!(kept.series(), 26);
        let (stale, dropped) = (breaker.try_acquire().unwrap(), breaker.try_acquire().unwrap());
        (0..3).for_each(|_| assert!(breaker.call(|| Ok::<_, ()>(())).is_ok()));
        (0..2).for_each(|_| assert!(breaker.call(|| Err::<(), _>(())).is_err()));
        drop(dropped);
        let _ = stale.failure();
        (0..4).for_each(|_| assert!(!breaker.allow_request()));
        clock.advance(RECOVERY + Duration::from_millis(250));
        let expired = breaker.acquire_ticket().unwrap();
        assert!(!breaker.allow_request());
        clock.advance(RECOVERY);
        assert!(breaker.call(|| Ok::<_, ()>(())).is_ok());
        let _ = breaker.settle_ticket(expired, halfopen::Outcome::Success);
        breaker.isolate();
        clock.advance(Duration::from_millis(5));
        assert!(!breaker.allow_request());
        breaker.shadow();
        breaker.trip();
        assert!(breaker.allow_request());
    });
    let expected = [
        "calls_total name=uploads kind=failed 3",
        "calls_total name=uploads kind=ignored 1",
        "calls_total name=uploads kind=successful 5",
        "late_calls_total name=uploads kind=expired 1",
        "late_calls_total name=uploads kind=stale 1",
        "mode name=uploads mode=shadow 1",
        "not_permitted_calls_total name=uploads reason=half_open 1",
        "not_permitted_calls_total name=uploads reason=isolated 1",
        "not_permitted_calls_total name=uploads reason=open 4",
        "open_milliseconds_total name=uploads 10255",
        "shadowed_calls_total name=uploads 1",
        "state name=uploads state=open 1",
        "transitions_total name=uploads to=closed reason=probes_succeeded 1",
        "transitions_total name=uploads to=closed reason=shadowed 1",
        "transitions_total name=uploads to=half_open reason=recovery_timeout 1",
        "transitions_total name=uploads to=open reason=consecutive_failures 1",
        "transitions_total name=uploads to=open reason=isolated 1",
        "transitions_total name=uploads to=open reason=tripped 1",
    ];
    assert_eq!(kept.lines(), expected);
}

#[test]
fn every_metric_is_described_and_there_is_no_other() {
    let kept = Kept::default();
    with_local_recorder(&kept, || MetricsObserver::of("uploads"));
    let described = kept.described.lock().unwrap().clone();
    assert_eq!(described, names::ALL.iter().map(|metric| metric.name).collect::<Vec<_>>());
    let mut there: Vec<String> = Vec::new();
    for cells in [&kept.counters, &kept.gauges] {
        there.extend(cells.lock().unwrap().keys().map(|key| key.split(' ').next().unwrap().into()));
    }
    there.sort();
    there.dedup();
    let mut named: Vec<_> = described.iter().map(|name| name["halfopen_circuitbreaker_".len()..].to_owned()).collect();
    named.sort();
    assert_eq!(there, named);
}

#[test]
fn slow_calls_are_counted_beside_the_calls() {
    let (kept, clock) = (Kept::default(), ManualClock::new());
    let config = Config::new().failure_threshold(9).slow_call_duration(Duration::from_millis(100));
    with_local_recorder(&kept, || {
        let observer = MetricsObserver::with_clock(&clock);
        let breaker = CircuitBreaker::with_rule("slow", ConsecutiveSlow::with(config), &clock, observer);
        for (ms, works) in [(100, true), (101, true), (101, false), (300, true), (1, false)] {
            let permit = breaker.try_acquire().unwrap();
            clock.advance(Duration::from_millis(ms));
            let _ = if works { permit.success() } else { permit.failure() };
        }
    });
    let counted: Vec<_> = kept.lines().into_iter().filter(|line| line.contains("calls_total")).collect();
    let expected = [
        "calls_total name=slow kind=failed 2",
        "calls_total name=slow kind=successful 3",
        "slow_calls_total name=slow kind=failed 1",
        "slow_calls_total name=slow kind=successful 2",
    ];
    assert_eq!(counted, expected);
}

#[test]
fn each_circuit_of_a_table_has_metrics_of_its_own() {
    let (kept, clock) = (Kept::default(), ManualClock::new());
    with_local_recorder(&kept, || {
        let table: BreakerTable<_, 4, &str, _, Consecutive> =
            BreakerTable::with_observer(CONFIG, &clock, MetricsObserver::with_clock(&clock));
        for (name, calls) in [("a", 1), ("b", 2)] {
            let entry = table.register(name).unwrap();
            (0..calls).for_each(|_| assert!(entry.call(|| Ok::<_, ()>(())).is_ok()));
        }
        table.get("b").unwrap().trip();
    });
    let expected = [
        "calls_total name=a kind=successful 1",
        "calls_total name=b kind=successful 2",
        "mode name=a mode=normal 1",
        "mode name=b mode=normal 1",
        "state name=a state=closed 1",
        "state name=b state=open 1",
        "transitions_total name=b to=open reason=tripped 1",
    ];
    assert_eq!(kept.lines(), expected);
}

#[test]
fn a_transition_that_was_overtaken_is_counted_and_not_shown() {
    let (kept, clock) = (Kept::default(), ManualClock::new());
    with_local_recorder(&kept, || {
        // What two threads would deliver: the closing first.
        let breaker = CircuitBreaker::with_observer("told", CONFIG, &clock, Keep::default());
        breaker.trip();
        breaker.reset();
        let [opening, closing] = breaker.observer().0.lock().unwrap()[..] else { panic!("two transitions") };
        let observer = MetricsObserver::with_clock(&clock);
        observer.on_transition("told", &closing);
        observer.on_transition("told", &opening);
        clock.advance(RECOVERY);
        // A generation that came round is not one that was overtaken.
        let mut later = opening;
        later.generation = closing.generation.wrapping_sub(60) % 512;
        observer.on_transition("told", &later);
    });
    let expected = [
        "mode name=told mode=normal 1",
        "state name=told state=open 1",
        "transitions_total name=told to=closed reason=reset 1",
        "transitions_total name=told to=open reason=tripped 2",
    ];
    assert_eq!(kept.lines(), expected);
}

#[derive(Default)]
struct Keep(Mutex<Vec<Transition>>);

impl Observer for Keep {
    fn on_transition(&self, _: &str, transition: &Transition) {
        assert!(matches!(
            (transition.to, transition.reason),
            (CircuitState::Open, Reason::Tripped) | (_, Reason::Reset)
        ));
        assert_eq!(transition.mode, Mode::Normal);
        self.0.lock().unwrap().push(*transition);
    }
}

#[cfg(feature = "redis")]
#[test]
fn a_breaker_that_a_fleet_shares_is_told_the_same_way() {
    use halfopen::Outcome;
    use halfopen::redis::{Fleet, FleetOptions};
    let (kept, clock) = (Kept::default(), Arc::new(ManualClock::new()));
    with_local_recorder(&kept, || {
        // Nobody carries what it has to say, so that it goes by what it knows.
        let fleet = Fleet::by_hand("instance", FleetOptions::new(), Arc::clone(&clock)).unwrap();
        let observer = MetricsObserver::with_clock(Arc::clone(&clock));
        let breaker = fleet.breaker_with::<_, Consecutive>("shared", CONFIG, observer).unwrap();
        assert!(breaker.allow_request());
        breaker.record_success();
        assert!(breaker.call(|| Ok::<_, ()>(())).is_ok());
        let (late, ignored) = (breaker.acquire_ticket().unwrap(), breaker.try_acquire().unwrap());
        breaker.record_failure();
        breaker.record_success();
        breaker.record_failure();
        assert!(breaker.call(|| Err::<(), _>(())).is_err());
        assert!(!breaker.allow_request());
        assert_eq!(breaker.state(), CircuitState::Open);
        let _ = breaker.settle_ticket(late, Outcome::Success);
        drop(ignored);
        breaker.force_closed("a test");
        breaker.record_failure();
    });
    let expected = [
        "calls_total name=shared kind=failed 4",
        "calls_total name=shared kind=ignored 1",
        "calls_total name=shared kind=successful 4",
        "late_calls_total name=shared kind=stale 1",
        "mode name=shared mode=disabled 1",
        "not_permitted_calls_total name=shared reason=open 1",
        "state name=shared state=closed 1",
        "transitions_total name=shared to=closed reason=disabled 1",
        "transitions_total name=shared to=open reason=consecutive_failures 1",
    ];
    assert_eq!(kept.lines(), expected);
}

/// Its own breaker decides then, and is told of the calls; what the fleet decides is told beside it, and nothing twice.
#[cfg(feature = "redis")]
#[test]
fn a_breaker_of_a_fleet_whose_redis_is_away_is_told_the_same_way() {
    use halfopen::redis::connect::{Connect, Connection, Subscription, Trouble, TroubleKind};
    use halfopen::redis::{Fleet, FleetOptions, Sharing};

    struct Away;

    fn away<T>() -> Result<T, Trouble> {
        Err(Trouble { kind: TroubleKind::Server, text: "away".into() })
    }

    impl Connect for Away {
        fn connect(&self) -> Result<Box<dyn Connection>, Trouble> {
            away()
        }

        fn subscribe(&self, _: &str) -> Result<Option<Box<dyn Subscription>>, Trouble> {
            away()
        }
    }

    let (kept, clock) = (Kept::default(), Arc::new(ManualClock::new()));
    with_local_recorder(&kept, || {
        let fleet = Fleet::inline(Away, FleetOptions::new(), Arc::clone(&clock)).unwrap();
        let observer = MetricsObserver::with_clock(Arc::clone(&clock));
        let breaker = fleet.breaker_with::<_, Consecutive>("shared", CONFIG, observer).unwrap();
        (0..2).for_each(|_| assert!(breaker.call(|| Err::<(), _>(())).is_err()));
        assert_eq!((breaker.state(), breaker.sharing()), (CircuitState::Open, Sharing::Alone));
        assert!(!breaker.allow_request());
        clock.advance(RECOVERY);
        let (probe, refused) = (breaker.try_acquire().unwrap(), breaker.try_acquire());
        assert!(refused.is_err());
        let _ = probe.success();
        breaker.record_success();
    });
    let expected = [
        "calls_total name=shared kind=failed 2",
        "calls_total name=shared kind=successful 2",
        "mode name=shared mode=normal 1",
        "not_permitted_calls_total name=shared reason=half_open 1",
        "not_permitted_calls_total name=shared reason=open 1",
        "open_milliseconds_total name=shared 10000",
        "state name=shared state=closed 1",
        "transitions_total name=shared to=closed reason=probes_succeeded 1",
        "transitions_total name=shared to=half_open reason=recovery_timeout 1",
        "transitions_total name=shared to=open reason=consecutive_failures 1",
    ];
    assert_eq!(kept.lines(), expected);
}
