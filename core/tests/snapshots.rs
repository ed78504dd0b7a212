//! Snapshots as JSON: their words, what is kept, and that no text can break a breaker.

#![cfg(not(halfopen_loom))]
#![cfg(feature = "serde")]

use std::time::Duration;

use halfopen::{
    CircuitBreaker, CircuitState, Config, ManualClock, Mode, Outcome, Reason, Receipt, Snapshot, StatePersistence,
    Timestamp,
};
use proptest::prelude::*;
use serde_json::{Value, json};

const RECOVERY: Duration = Duration::from_millis(10_000);

const CONFIG: Config = Config::new()
    .failure_threshold(2)
    .success_threshold(3)
    .half_open_max_calls(2)
    .recovery_timeout(RECOVERY)
    .probe_timeout(Duration::from_millis(7_000));

/// Three seconds after it opened.
const GOLDEN: &str = r#"{"version":1,"state":"open","mode":"normal","failure_count":2,"successes":0,"remaining_ms":7000,"last_failure_ago_ms":3000}"#;

type Breaker<'a> = CircuitBreaker<&'a ManualClock>;

/// Its name, and how a breaker gets there.
type Situation = (&'static str, fn(&Breaker));

/// What a breaker may be when a snapshot is taken, or comes.
const SITUATIONS: [Situation; 10] = [
    ("new", |_| ()),
    ("counting", |breaker| fail(breaker, 1)),
    ("open", |breaker| fail(breaker, 2)),
    ("lapsed", |breaker| {
        fail(breaker, 2);
        breaker.clock().advance(RECOVERY);
    }),
    ("tripped", |breaker| breaker.trip()),
    ("half_open", half_open),
    ("isolated", |breaker| {
        fail(breaker, 1);
        breaker.isolate();
    }),
    ("disabled", |breaker| breaker.disable()),
    ("shadow open", |breaker| {
        breaker.shadow();
        fail(breaker, 2);
    }),
    ("shadow half_open", |breaker| {
        breaker.shadow();
        half_open(breaker);
    }),
];

fn fail(breaker: &Breaker, times: u32) {
    (0..times).for_each(|_| assert_eq!(breaker.record_failure(), Receipt::Recorded));
}

/// One probe has succeeded, and as many as may be are in flight.
fn half_open(breaker: &Breaker) {
    fail(breaker, 2);
    breaker.clock().advance(RECOVERY);
    assert_eq!(breaker.call(|| Ok::<_, ()>(())), Ok(()));
    (0..2).for_each(|_| assert!(breaker.allow_request()));
}

fn in_situation<'a>(clock: &'a ManualClock, make: fn(&Breaker)) -> Breaker<'a> {
    let breaker = CircuitBreaker::with_clock("snapshots", CONFIG, clock);
    make(&breaker);
    breaker
}

#[test]
fn a_snapshot_is_written_by_these_fields_in_this_order() {
    let clock = ManualClock::new();
    let breaker = in_situation(&clock, |breaker| fail(breaker, 2));
    clock.advance(Duration::from_secs(3));
    assert_eq!(serde_json::to_string(&breaker.snapshot()).unwrap(), GOLDEN);
    let none = r#"{"version":1,"state":"closed","mode":"normal","failure_count":0,"successes":0,"remaining_ms":0,"last_failure_ago_ms":null}"#;
    let fresh = in_situation(&clock, |_| ());
    assert_eq!(serde_json::to_string(&fresh.snapshot()).unwrap(), none);
}

#[test]
fn a_snapshot_tells_its_fields() {
    let golden: Snapshot = serde_json::from_str(GOLDEN).unwrap();
    assert_eq!((golden.state(), golden.mode(), golden.failure_count()), (CircuitState::Open, Mode::Normal, 2));
    assert_eq!((golden.remaining_ms(), golden.last_failure_ago_ms()), (7_000, Some(3_000)));
}

#[test]
fn every_state_and_mode_survives_json_and_comes_back_in_a_breaker_that_goes_on_alike() {
    for (name, make) in SITUATIONS {
        let (clock, later) = (ManualClock::new(), ManualClock::new());
        later.set(Timestamp::from_millis(1 << 40));
        let breaker = in_situation(&clock, make);
        clock.advance(Duration::from_secs(3));
        let kept = breaker.snapshot();
        let text = serde_json::to_string(&kept).unwrap();
        let read: Snapshot = serde_json::from_str(&text).unwrap();
        assert_eq!(read, kept, "{name}: {text}");
        let restored = in_situation(&later, |_| ());
        restored.restore(&read).unwrap();
        assert_eq!(restored.snapshot(), kept, "{name}");
        let (state, mode) = (restored.state(), restored.mode());
        assert_eq!((state, mode, restored.failure_count()), (breaker.state(), breaker.mode(), breaker.failure_count()));
        // Probes in flight are not kept.
        if state != CircuitState::HalfOpen {
            assert_eq!(restored.retry_after(), breaker.retry_after(), "{name}");
        }
    }
}

#[test]
fn a_value_that_no_breaker_can_have_is_refused_with_a_text() {
    let wrong = |field: &str, value: Value, text: &str| {
        let mut json: Value = serde_json::from_str(GOLDEN).unwrap();
        json[field] = value;
        let error = serde_json::from_value::<Snapshot>(json.clone()).expect_err(&json.to_string()).to_string();
        assert!(error.contains(text), "{json}: {error}");
    };
    let damaged = |field: &str, value: Value| {
        let text = format!("snapshot is damaged: {field} is missing or has a value that no breaker can have");
        wrong(field, value, &text);
    };
    wrong("version", json!(0), "snapshot version is 0, must be 1");
    wrong("version", json!(2), "snapshot version is 2, must be 1");
    wrong("version", json!(300), "snapshot version is 300, must be 1");
    wrong("version", json!(-1), "snapshot version is -1, must be 1");
    for value in ["OPEN", "forced", ""] {
        damaged("state", json!(value));
        damaged("mode", json!(value));
    }
    damaged("mode", json!("disabled"));
    damaged("failure_count", json!(1_024));
    damaged("successes", json!(1));
    damaged("remaining_ms", json!(1_u32 << 31));
    damaged("last_failure_ago_ms", json!(1_u64 << 53));
    for field in ["failure_count", "successes", "remaining_ms", "last_failure_ago_ms"] {
        damaged(field, json!(-1));
    }
    for field in ["failure_count", "successes", "remaining_ms"] {
        damaged(field, json!(70_000_000_000_i64));
        damaged(field, Value::Null);
    }
    for field in ["version", "failure_count", "successes", "remaining_ms", "last_failure_ago_ms"] {
        wrong(field, json!(0.5), "0.5");
        wrong(field, json!("3"), "\"3\"");
    }
    for field in ["version", "state", "mode", "failure_count", "successes", "remaining_ms"] {
        let mut json: Value = serde_json::from_str(GOLDEN).unwrap();
        json.as_object_mut().unwrap().remove(field);
        let error = serde_json::from_value::<Snapshot>(json).unwrap_err().to_string();
        assert!(error.contains(field) && error.contains("missing"), "{field}: {error}");
    }
}

#[test]
fn names_are_written_as_they_are_told() {
    fn check<T: serde::Serialize + serde::de::DeserializeOwned + PartialEq + std::fmt::Debug>(value: T, name: &str) {
        assert_eq!(serde_json::to_value(&value).unwrap(), json!(name));
        assert_eq!(serde_json::from_value::<T>(json!(name)).unwrap(), value);
    }
    for state in [CircuitState::Closed, CircuitState::Open, CircuitState::HalfOpen] {
        check(state, state.as_str());
        assert_eq!(format!("{state:>9}"), format!("{:>9}", state.as_str()));
    }
    for mode in [Mode::Normal, Mode::Isolated, Mode::Disabled, Mode::Shadow] {
        check(mode, mode.as_str());
    }
    #[rustfmt::skip]
    let reasons = [
        Reason::ConsecutiveFailures, Reason::RecoveryTimeout, Reason::ProbesSucceeded, Reason::ProbeFailed,
        Reason::Tripped, Reason::Isolated, Reason::Disabled, Reason::Shadowed, Reason::Reset, Reason::Restored,
    ];
    for reason in reasons {
        check(reason, reason.as_str());
    }
    check(Outcome::Ignored, "ignored");
    check(Receipt::Expired, "expired");
    check(StatePersistence::Redis, "redis");
}

/// Offers `json` to a breaker in each situation. Whatever it is, the breaker is none the worse for it.
fn offer(json: &[u8], now: u64) -> Result<(), TestCaseError> {
    let read = serde_json::from_slice::<Snapshot>(json);
    for (_, make) in SITUATIONS {
        let clock = ManualClock::new();
        clock.set(Timestamp::from_millis(now));
        let breaker = in_situation(&clock, make);
        let Ok(kept) = &read else { continue };
        let before = breaker.generation();
        prop_assert_eq!(breaker.restore(kept), Ok(()));
        prop_assert_eq!(breaker.generation(), (before + 1) % 512);
        let now = breaker.snapshot();
        prop_assert_eq!(
            (now.state(), now.mode(), now.failure_count()),
            (kept.state(), kept.mode(), kept.failure_count())
        );
        prop_assert_eq!(now.remaining_ms(), kept.remaining_ms().min(10_000));
        if kept.mode() == Mode::Isolated {
            prop_assert_eq!(breaker.retry_after(), None);
        } else {
            let wait = breaker.retry_after();
            prop_assert!(wait.is_some_and(|wait| wait <= RECOVERY), "{:?}", wait);
            clock.advance(RECOVERY);
            prop_assert!(breaker.would_allow() && breaker.allow_request());
            // From there it can be brought to CLOSED.
            if kept.mode() == Mode::Normal {
                breaker.record_success();
                (0..2).for_each(|_| drop(breaker.call(|| Ok::<_, String>(()))));
                prop_assert_eq!((breaker.state(), breaker.failure_count()), (CircuitState::Closed, 0));
            }
        }
    }
    Ok(())
}

/// Small numbers, and those on either side of every limit.
fn number() -> impl Strategy<Value = Value> {
    let limits = [0, 2, 8, 16, 63, 64, 255, 256, 1_023, 1_024, 10_000, 65_536, i32::MAX.into(), 1 << 32, 1 << 53];
    let near = (prop::sample::select(limits.to_vec()), -1..=1_i64).prop_map(|(limit, off)| json!(limit + off));
    prop_oneof![4 => near, 4 => (0..4_u8).prop_map(|n| json!(n)), 1 => Just(Value::Null), 1 => Just(json!(1.0e300))]
}

fn text(of: &'static [&'static str]) -> impl Strategy<Value = Value> {
    prop::sample::select(of).prop_map(|text| json!(text))
}

prop_compose! {
    fn snapshot_like()(
        version in prop_oneof![9 => Just(json!(1)), 1 => number()],
        state in text(&["closed", "open", "open", "half_open", "half open"]),
        mode in text(&["normal", "normal", "isolated", "disabled", "shadow", "none"]),
        failure_count in number(),
        successes in number(),
        remaining_ms in number(),
        last_failure_ago_ms in number(),
        fits in prop::bool::weighted(0.8),
    ) -> Value {
        let timed = state == "open" && mode != "isolated";
        let least = |value: Value, may_be_more: bool| if may_be_more || !fits { value } else { json!(0) };
        json!({
            "version": version, "state": state, "mode": mode, "failure_count": least(failure_count, mode != "disabled"),
            "successes": least(successes, state == "half_open"), "remaining_ms": least(remaining_ms, timed),
            "last_failure_ago_ms": last_failure_ago_ms,
        })
    }
}

fn time() -> impl Strategy<Value = u64> {
    prop_oneof![0..30_000_u64, (u64::from(u32::MAX) - 30_000)..=u64::from(u32::MAX) + 30_000, 0..u64::MAX / 2]
}

#[test]
fn a_snapshot_tells_how_many_probes_failed_and_what_is_left_of_a_ramp() {
    let read = |text| {
        let kept: Snapshot = serde_json::from_value(text).unwrap();
        (kept.probe_failures(), kept.ramp_left_ms())
    };
    let rest = json!({ "version": 1, "mode": "normal", "failure_count": 2, "remaining_ms": 0 });
    let with = |more: Value| {
        let mut text = rest.clone();
        text.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        text
    };
    assert_eq!(read(with(json!({ "state": "half_open", "successes": 1, "probe_failures": 3 }))), (3, 0));
    assert_eq!(read(with(json!({ "state": "closed", "successes": 0, "ramp_left_ms": 700 }))), (0, 700));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2_000) })]

    #[test]
    fn values_of_every_kind_never_leave_a_breaker_that_lets_nobody_through(json in snapshot_like(), now in time()) {
        offer(json.to_string().as_bytes(), now)?;
    }

    #[test]
    fn a_snapshot_with_some_bytes_changed_does_no_harm(
        at in prop::collection::vec((0..GOLDEN.len(), prop::sample::select(b"0123456789-.,:{}\"nulofed ".to_vec())), 0..4),
        cut in prop_oneof![3 => Just(GOLDEN.len()), 1 => 0..GOLDEN.len()],
        now in time(),
    ) {
        let mut json = GOLDEN.as_bytes().to_vec();
        at.into_iter().for_each(|(at, byte)| json[at] = byte);
        json.truncate(cut);
        offer(&json, now)?;
    }

    #[test]
    fn bytes_of_any_kind_are_no_snapshot(json in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(serde_json::from_slice::<Snapshot>(&json).is_err());
    }

    #[test]
    fn a_valid_configuration_survives_json(
        (failures, successes, probes) in (1..=1_023_u32, 1..=63_u32, 1..=15_u32),
        (recovery, lease) in (1..=i32::MAX as u64, prop::option::of(1..=i32::MAX as u64)),
        prefix in "[ -~]{1,63}",
    ) {
        let config = Config::new()
            .failure_threshold(failures)
            .success_threshold(successes)
            .half_open_max_calls(probes)
            .recovery_timeout(Duration::from_millis(recovery))
            .redis_key_prefix(&prefix);
        let config = lease.map_or(config, |lease| config.probe_timeout(Duration::from_millis(lease)));
        let text = serde_json::to_string(&config).unwrap();
        prop_assert_eq!(serde_json::from_str::<Config>(&text).unwrap(), config);
    }
}
