//! Snapshots as bytes over a reset: what a life leaves comes back on another clock, and damage leaves a fresh breaker.

#![cfg(not(halfopen_loom))]

use std::cell::Cell;
use std::time::Duration;

use halfopen::rules::{Adaptive, Checked, Consecutive, ConsecutiveSlow, CountWindow, Rule, TimeWindow};
use halfopen::{CircuitBreaker, CircuitState, Config, ManualClock, Mode, Snapshot, SnapshotError, Timestamp};
use proptest::prelude::*;
use proptest::test_runner::{TestError, TestRunner};

const SECOND: Duration = Duration::from_secs(1);
const RECOVERY: Duration = Duration::from_secs(8);
const LONGEST: Duration = Duration::from_secs(60);

const PLAIN: Config =
    Config::new().recovery_timeout(RECOVERY).probe_timeout(SECOND).success_threshold(3).half_open_max_calls(2);

const ADAPTIVE: Config = PLAIN
    .recovery_multiplier_percent(200)
    .max_recovery_timeout(LONGEST)
    .recovery_jitter_percent(30)
    .half_open_trials(5)
    .ramp_up(Duration::from_secs(20));

const fn window(config: Config) -> Config {
    config.sliding_window_size(6).minimum_calls(3)
}

type Breaker<'a, R> = CircuitBreaker<&'a ManualClock, (), &'static str, R>;

#[derive(Clone, Copy, Debug)]
enum Op {
    Succeed,
    Fail,
    /// A request that nobody reports of.
    Ask,
    Wait(u64),
    /// Until a request would be let through.
    WaitOut,
    Trip,
    Isolate,
    Disable,
    Shadow,
    Reset,
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        6 => Just(Op::Succeed), 8 => Just(Op::Fail), 2 => Just(Op::Ask), 3 => (0..9_000_u64).prop_map(Op::Wait),
        4 => Just(Op::WaitOut), 1 => Just(Op::Trip),
        1 => prop::sample::select(vec![Op::Isolate, Op::Disable, Op::Shadow, Op::Reset, Op::Reset]),
    ]
}

fn live<R: Rule>(breaker: &Breaker<R>, ops: &[Op]) {
    for op in ops {
        match op {
            Op::Succeed if breaker.allow_request() => drop(breaker.record_success()),
            Op::Fail if breaker.allow_request() => drop(breaker.record_failure()),
            Op::Succeed | Op::Fail => (),
            Op::Ask => drop(breaker.allow_request()),
            Op::Wait(ms) => breaker.clock().advance(Duration::from_millis(*ms)),
            Op::WaitOut => breaker.clock().advance(breaker.retry_after().unwrap_or_default()),
            Op::Trip => breaker.trip(),
            Op::Isolate => breaker.isolate(),
            Op::Disable => breaker.disable(),
            Op::Shadow => breaker.shadow(),
            Op::Reset => breaker.reset(),
        }
    }
}

fn at(ms: u64) -> ManualClock {
    let clock = ManualClock::new();
    clock.set(Timestamp::from_millis(ms));
    clock
}

/// What firmware does when it starts: a new breaker, and what was stored.
fn start<'a, R: Rule>(
    rule: &Checked<R>,
    clock: &'a ManualClock,
    stored: &[u8],
) -> (Breaker<'a, R>, Result<(), SnapshotError>) {
    let breaker = CircuitBreaker::with_rule("device", *rule, clock, ());
    let restored = Snapshot::from_bytes(stored).and_then(|kept| breaker.restore(&kept));
    (breaker, restored)
}

/// What was seen of the lives, so that no test passes because nothing happened in them.
#[derive(Default)]
struct Seen {
    waiting: Cell<u32>,
    probing: Cell<u32>,
    reopened: Cell<u32>,
    failed_probes: Cell<u32>,
    ramps: Cell<u32>,
    isolated: Cell<u32>,
}

impl Seen {
    fn look(&self, kept: &Snapshot) {
        let count = |cell: &Cell<u32>, so| cell.set(cell.get() + u32::from(so));
        count(&self.waiting, kept.remaining_ms() > 0);
        count(&self.probing, kept.state() == CircuitState::HalfOpen);
        count(&self.reopened, kept.reopenings() > 0);
        count(&self.failed_probes, kept.probe_failures() > 0);
        count(&self.ramps, kept.ramp_left_ms() > 0);
        count(&self.isolated, kept.mode() == Mode::Isolated);
    }
}

/// Stores what lives by `rule` leave, and starts again on a clock that shows anything.
fn survives<R: Rule>(rule: Checked<R>, longest: Duration) -> Seen {
    let seen = Seen::default();
    let lives = (prop::collection::vec(op(), 0..40), 0..1_u64 << 33, prop_oneof![Just(0), 0..1_u64 << 33]);
    let mut runner = TestRunner::new(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(500) });
    let outcome = runner.run(&lives, |(ops, before, after)| {
        let clock = at(before);
        let breaker = CircuitBreaker::with_rule("device", rule, &clock, ());
        live(&breaker, &ops);
        let kept = breaker.snapshot();
        let stored = kept.to_bytes();
        prop_assert_eq!(Snapshot::from_bytes(&stored), Ok(kept));
        seen.look(&kept);

        let clock = at(after);
        let (again, restored) = start(&rule, &clock, &stored);
        prop_assert_eq!(restored, Ok(()));
        // All that is no time since the latest failure.
        prop_assert_eq!(&again.snapshot().to_bytes()[..16], &stored[..16]);
        prop_assert_eq!((again.state(), again.mode()), (breaker.state(), breaker.mode()));
        // A clock has no times before its origin.
        prop_assert_eq!(again.snapshot().last_failure_ago_ms(), kept.last_failure_ago_ms().map(|ago| ago.min(after)));
        if kept.remaining_ms() > 0 {
            let left = Duration::from_millis(kept.remaining_ms().into());
            prop_assert!(left <= longest);
            if kept.mode() == Mode::Normal {
                prop_assert_eq!(again.retry_after(), Some(left));
                clock.advance(left - Duration::from_millis(1));
                prop_assert!(!again.allow_request());
                clock.advance(Duration::from_millis(1));
                prop_assert!(again.allow_request());
            }
        }
        Ok(())
    });
    match outcome {
        Err(TestError::Fail(why, life)) => panic!("{why}: {life:?}"),
        other => other.unwrap(),
    }
    assert!(seen.waiting.get() > 4 && seen.probing.get() > 4 && seen.isolated.get() > 4);
    seen
}

#[test]
fn what_a_life_by_a_plain_rule_leaves_comes_back_on_any_clock_with_the_time_that_was_left() {
    survives(Consecutive::with(PLAIN.failure_threshold(3)), RECOVERY);
    survives(ConsecutiveSlow::with(PLAIN.failure_threshold(3).slow_call_duration(SECOND)), RECOVERY);
    survives(CountWindow::<6>::with(window(PLAIN)), RECOVERY);
    survives(TimeWindow::<4>::with(PLAIN.sliding_window(LONGEST).minimum_calls(3)), RECOVERY);
}

#[test]
fn what_a_life_by_an_adaptive_rule_leaves_comes_back_with_its_reopenings_its_probes_and_its_ramp() {
    for seen in [
        survives(Adaptive::<Consecutive>::with(ADAPTIVE.failure_threshold(2)), LONGEST),
        survives(Adaptive::<CountWindow<6>>::with(window(ADAPTIVE)), LONGEST),
        survives(Adaptive::<TimeWindow<4>>::with(ADAPTIVE.sliding_window(LONGEST).minimum_calls(3)), LONGEST),
    ] {
        assert!(seen.reopened.get() > 4 && seen.failed_probes.get() > 4 && seen.ramps.get() > 4);
    }
}

/// OPEN with as long before it as can be stored.
fn open_for_24_days() -> [u8; Snapshot::BYTES] {
    let clock = at(0);
    let most = Duration::from_millis(i32::MAX as u64);
    let breaker = CircuitBreaker::with_clock("device", Config::new().recovery_timeout(most), &clock);
    breaker.trip();
    assert_eq!(breaker.retry_after(), Some(most));
    breaker.snapshot().to_bytes()
}

#[test]
fn whatever_time_was_stored_nobody_waits_for_longer_than_one_open_time() {
    fn check<R: Rule>(rule: Checked<R>, longest: Duration) {
        for now in [0, 1, 7_999, (1 << 31) - 1, 1 << 31, (1 << 32) - 1, 1 << 40] {
            let clock = at(now);
            let (breaker, restored) = start(&rule, &clock, &open_for_24_days());
            assert_eq!((restored, breaker.retry_after()), (Ok(()), Some(longest)), "{now}");
            clock.advance(longest);
            assert!(breaker.allow_request(), "{now}");
        }
    }
    check(Consecutive::with(PLAIN), RECOVERY);
    check(ConsecutiveSlow::with(PLAIN.slow_call_duration(SECOND)), RECOVERY);
    check(CountWindow::<6>::with(window(PLAIN)), RECOVERY);
    check(TimeWindow::<4>::with(PLAIN.sliding_window(LONGEST)), RECOVERY);
    check(Adaptive::<Consecutive>::with(ADAPTIVE), LONGEST);
    check(Adaptive::<ConsecutiveSlow>::with(ADAPTIVE.slow_call_duration(SECOND)), LONGEST);
    check(Adaptive::<CountWindow<6>>::with(window(ADAPTIVE)), LONGEST);
    check(Adaptive::<TimeWindow<4>>::with(ADAPTIVE.sliding_window(LONGEST)), LONGEST);
}

#[test]
fn a_longest_time_of_many_hours_is_kept_to_64_milliseconds() {
    let longest = Duration::from_millis(36_000_001);
    let rule = Adaptive::<Consecutive>::with(ADAPTIVE.max_recovery_timeout(longest));
    let clock = at(77);
    let (breaker, restored) = start(&rule, &clock, &open_for_24_days());
    assert_eq!((restored, breaker.retry_after()), (Ok(()), Some(Duration::from_millis(36_000_064))));
}

#[test]
fn after_damage_the_breaker_is_a_fresh_one_and_there_is_an_error() {
    fn check<R: Rule>(rule: Checked<R>, damaged: &[u8], error: SnapshotError) {
        let clock = at(5);
        let (breaker, restored) = start(&rule, &clock, damaged);
        assert_eq!(restored, Err(error));
        let fresh = CircuitBreaker::with_rule("device", rule, &clock, ());
        assert_eq!((breaker.snapshot(), breaker.generation()), (fresh.snapshot(), 0));
        assert!(breaker.allow_request());
    }
    let stored = open_for_24_days();
    let each_rule = |damaged: &[u8], error| {
        check(Consecutive::with(PLAIN), damaged, error);
        check(CountWindow::<6>::with(window(PLAIN)), damaged, error);
        check(Adaptive::<TimeWindow<4>>::with(ADAPTIVE.sliding_window(LONGEST)), damaged, error);
    };
    for at in 0..Snapshot::BYTES {
        for change in 1..=255 {
            let mut damaged = stored;
            damaged[at] ^= change;
            each_rule(&damaged, SnapshotError::CheckValue);
        }
    }
    (1..Snapshot::BYTES).for_each(|length| each_rule(&stored[..length], SnapshotError::Length(length)));
    each_rule(&[0xff; Snapshot::BYTES], SnapshotError::Empty);
    each_rule(&[0x00; Snapshot::BYTES], SnapshotError::Empty);
    each_rule(&[], SnapshotError::Empty);
}

#[test]
fn an_error_says_what_was_found() {
    let text = |bytes: &[u8]| Snapshot::from_bytes(bytes).unwrap_err().to_string();
    let mut stored = open_for_24_days();
    assert_eq!(text(&[]), "no snapshot was stored: the memory is erased or fresh");
    assert_eq!(text(&stored[..27]), "snapshot is 27 bytes long, must be 28");
    stored[0] = 2;
    assert_eq!(text(&stored), "snapshot is damaged: its check value does not fit its bytes");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(1_000) })]

    #[test]
    fn bytes_that_nobody_stored_are_an_error(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        prop_assert!(Snapshot::from_bytes(&bytes).is_err());
    }

    #[test]
    fn the_beginning_of_one_and_the_end_of_another_are_neither_nor(ops in prop::collection::vec(op(), 0..20), cut in 1..Snapshot::BYTES) {
        let clock = at(9);
        let breaker = CircuitBreaker::with_rule("device", Adaptive::<Consecutive>::with(ADAPTIVE.failure_threshold(2)), &clock, ());
        let old = breaker.snapshot().to_bytes();
        live(&breaker, &ops);
        let new = breaker.snapshot().to_bytes();
        let mixed: Vec<u8> = new[..cut].iter().chain(&old[cut..]).copied().collect();
        let whole = [old, new].iter().any(|bytes| bytes[..] == mixed[..]);
        prop_assert_eq!(Snapshot::from_bytes(&mixed).is_ok(), whole);
    }
}
