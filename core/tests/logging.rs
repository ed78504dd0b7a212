//! The features `log` and `tracing`: one line at INFO for each transition, and none for anything else.

#![cfg(not(halfopen_loom))]
#![cfg(any(feature = "log", feature = "tracing"))]

use std::time::Duration;

use halfopen::{CircuitBreaker, Config, ManualClock, Outcome, Receipt};

const RECOVERY: Duration = Duration::from_secs(10);

type Breaker<'a> = CircuitBreaker<&'a ManualClock>;

fn breaker(clock: &ManualClock) -> Breaker<'_> {
    let config = Config::new().failure_threshold(2).success_threshold(2).recovery_timeout(RECOVERY);
    CircuitBreaker::with_clock("s3_upload", config, clock)
}

/// Opens, is tried, reopens, is tried again and closes; then it is switched about. Eleven transitions.
fn go_through_all(breaker: &Breaker) {
    (0..2).for_each(|_| assert_eq!(breaker.record_failure(), Receipt::Recorded));
    breaker.clock().advance(RECOVERY);
    breaker.record_failure();
    breaker.clock().advance(RECOVERY);
    (0..2).for_each(|_| assert_eq!(breaker.call(|| Ok::<_, ()>(())), Ok(())));
    breaker.trip();
    let kept = breaker.snapshot();
    breaker.isolate();
    breaker.disable();
    breaker.shadow();
    breaker.reset();
    breaker.restore(&kept).unwrap();
}

/// From, to, reason, failures, successes, mode and generation of each of them.
type Told = (&'static str, &'static str, &'static str, u64, u64, &'static str, u64);

const ALL: [Told; 11] = [
    ("closed", "open", "consecutive_failures", 2, 0, "normal", 1),
    ("open", "half_open", "recovery_timeout", 2, 0, "normal", 2),
    ("half_open", "open", "probe_failed", 3, 0, "normal", 3),
    ("open", "half_open", "recovery_timeout", 3, 0, "normal", 4),
    ("half_open", "closed", "probes_succeeded", 3, 2, "normal", 5),
    ("closed", "open", "tripped", 0, 0, "normal", 6),
    ("open", "open", "isolated", 0, 0, "isolated", 7),
    ("open", "closed", "disabled", 0, 0, "disabled", 8),
    ("closed", "closed", "shadowed", 0, 0, "shadow", 9),
    ("closed", "closed", "reset", 0, 0, "normal", 10),
    ("closed", "open", "restored", 0, 0, "normal", 11),
];

/// Everything that a breaker does without a transition.
fn go_nowhere(breaker: &Breaker) {
    breaker.record_failure();
    breaker.record_success();
    breaker.record_ignored();
    breaker.reset();
    let (late, ignored) = (breaker.try_acquire().unwrap(), breaker.try_acquire().unwrap());
    breaker.trip();
    forget();
    breaker.trip();
    assert!(!breaker.allow_request() && !breaker.would_allow());
    assert!(breaker.call(|| Ok::<_, ()>(())).is_err());
    assert!(breaker.acquire_ticket().is_err());
    assert_eq!((late.settle(Outcome::Failure), ignored.ignore()), (Receipt::Stale, Receipt::Stale));
    breaker.clock().advance(RECOVERY);
    let _ = (breaker.state(), breaker.retry_after(), breaker.snapshot(), format!("{breaker:?}"));
}

/// Forgets what was logged on this thread until now.
fn forget() {
    #[cfg(feature = "log")]
    by_log::forget();
    #[cfg(feature = "tracing")]
    by_tracing::forget();
}

#[cfg(feature = "log")]
mod by_log {
    use std::cell::RefCell;
    use std::sync::Once;

    use halfopen::ManualClock;
    use log::{Level, LevelFilter, Log, Metadata, Record};

    use super::{ALL, breaker, go_nowhere, go_through_all};

    thread_local! {
        static RECORDS: RefCell<Vec<(Level, String, String)>> = const { RefCell::new(Vec::new()) };
    }

    struct Capture;

    impl Log for Capture {
        fn enabled(&self, _: &Metadata<'_>) -> bool {
            true
        }

        fn log(&self, record: &Record<'_>) {
            let record = (record.level(), record.target().to_owned(), record.args().to_string());
            RECORDS.with_borrow_mut(|records| records.push(record));
        }

        fn flush(&self) {}
    }

    pub(super) fn forget() {
        RECORDS.with_borrow_mut(Vec::clear);
    }

    /// What `run` logs on this thread.
    fn captured(run: impl FnOnce()) -> Vec<(Level, String, String)> {
        static INSTALLED: Once = Once::new();
        INSTALLED.call_once(|| {
            log::set_logger(&Capture).unwrap();
            log::set_max_level(LevelFilter::Trace);
        });
        forget();
        run();
        RECORDS.take()
    }

    #[test]
    fn log_has_one_record_at_info_for_each_transition_with_name_states_and_reason() {
        let clock = ManualClock::new();
        let records = captured(|| go_through_all(&breaker(&clock)));
        assert_eq!(records.len(), ALL.len());
        for ((level, target, text), told) in records.into_iter().zip(ALL) {
            let (from, to, reason, failures, successes, mode, generation) = told;
            let successes = if successes > 0 { format!(", successes {successes}") } else { String::new() };
            let mode = if mode == "normal" { String::new() } else { format!(", mode {mode}") };
            let counts = format!("failure_count {failures}{successes}{mode}, generation {generation}");
            assert_eq!((level, target.as_str()), (Level::Info, "halfopen"));
            assert_eq!(text, format!("circuit 's3_upload': {from} -> {to} ({reason}, {counts})"));
        }
    }

    #[test]
    fn log_has_no_record_of_refusals_late_outcomes_and_what_is_no_transition() {
        let clock = ManualClock::new();
        assert_eq!(captured(|| go_nowhere(&breaker(&clock))), []);
    }
}

#[cfg(feature = "tracing")]
mod by_tracing {
    use std::cell::RefCell;
    use std::collections::BTreeMap;
    use std::fmt::Debug;
    use std::sync::Once;

    use halfopen::ManualClock;
    use tracing::field::{Field, Visit};
    use tracing::span::{Attributes, Id, Record};
    use tracing::{Event, Level, Metadata, Subscriber};

    use super::{ALL, breaker, go_nowhere, go_through_all};

    /// Level, target and fields of an event; texts as they are, everything else as it is shown.
    type Captured = (Level, String, Fields);

    thread_local! {
        static EVENTS: RefCell<Vec<Captured>> = const { RefCell::new(Vec::new()) };
    }

    #[derive(Debug, Default, PartialEq)]
    struct Fields(BTreeMap<&'static str, String>);

    impl Visit for Fields {
        fn record_str(&mut self, field: &Field, value: &str) {
            self.0.insert(field.name(), value.to_owned());
        }

        fn record_u64(&mut self, field: &Field, value: u64) {
            self.0.insert(field.name(), format!("number {value}"));
        }

        fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
            self.0.insert(field.name(), format!("{value:?}"));
        }
    }

    struct Capture;

    impl Subscriber for Capture {
        fn enabled(&self, _: &Metadata<'_>) -> bool {
            true
        }

        fn event(&self, event: &Event<'_>) {
            let mut fields = Fields::default();
            event.record(&mut fields);
            let (level, target) = (*event.metadata().level(), event.metadata().target().to_owned());
            EVENTS.with_borrow_mut(|events| events.push((level, target, fields)));
        }

        fn new_span(&self, _: &Attributes<'_>) -> Id {
            Id::from_u64(1)
        }

        fn record(&self, _: &Id, _: &Record<'_>) {}

        fn record_follows_from(&self, _: &Id, _: &Id) {}

        fn enter(&self, _: &Id) {}

        fn exit(&self, _: &Id) {}
    }

    pub(super) fn forget() {
        EVENTS.with_borrow_mut(Vec::clear);
    }

    /// What `run` traces on this thread.
    fn captured(run: impl FnOnce()) -> Vec<Captured> {
        static INSTALLED: Once = Once::new();
        INSTALLED.call_once(|| tracing::dispatcher::set_global_default(tracing::Dispatch::new(Capture)).unwrap());
        forget();
        run();
        EVENTS.take()
    }

    #[test]
    fn tracing_has_one_event_at_info_for_each_transition_with_a_field_for_everything() {
        let clock = ManualClock::new();
        let events = captured(|| go_through_all(&breaker(&clock)));
        assert_eq!(events.len(), ALL.len());
        for ((level, target, fields), told) in events.into_iter().zip(ALL) {
            assert_eq!((level, target.as_str()), (Level::INFO, "halfopen"));
            let (from, to, reason, failures, successes, mode, generation) = told;
            let expected = [
                ("message", "circuit changed its state".to_owned()),
                ("operation_name", "s3_upload".to_owned()),
                ("from", from.to_owned()),
                ("to", to.to_owned()),
                ("reason", reason.to_owned()),
                ("mode", mode.to_owned()),
                ("failure_count", format!("number {failures}")),
                ("successes", format!("number {successes}")),
                ("generation", format!("number {generation}")),
            ];
            assert_eq!(fields, Fields(expected.into()));
        }
    }

    #[test]
    fn tracing_has_no_event_of_refusals_late_outcomes_and_what_is_no_transition() {
        let clock = ManualClock::new();
        assert_eq!(captured(|| go_nowhere(&breaker(&clock))), []);
    }
}
