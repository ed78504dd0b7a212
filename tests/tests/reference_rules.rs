//! Compares breakers by every rule with a naive one, written from the rules alone.

use std::cell::RefCell;
use std::collections::BTreeMap;

use conformance::reference::{Back, ByRule, Chance, Kept, Life, Op, Rates, Rules, Span, Told, Trip, live_by};
use halfopen::machine::Event;
use halfopen::rules::{Adaptive, Consecutive, ConsecutiveSlow, CountWindow, TimeWindow};
use halfopen::{CircuitState, Mode, Outcome};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

fn timeout() -> impl Strategy<Value = u64> {
    prop_oneof![6 => 1..=4u64, 2 => 5..=50u64, 1 => 1_000..=100_000u64]
}

fn rates(most: usize) -> impl Strategy<Value = Rates> {
    let slow = proptest::option::of((1..=4u64, prop_oneof![Just(100), 1..=100usize]));
    let percent = prop_oneof![4 => 20..=70usize, 1 => Just(100), 1 => 1..=100usize];
    (1..=most, percent, slow).prop_map(|(minimum, failures, slow)| Rates { minimum, failures, slow })
}

fn back(base: u64, successes: u32) -> impl Strategy<Value = Back> {
    let multiplier = prop_oneof![2 => Just(100), 3 => Just(200), 2 => 101..=1_000u64];
    let longest = prop_oneof![base..=base + 3, base..=base * 9 + 1];
    let jitter = prop_oneof![2 => Just(0), 1 => 1..=100u64];
    let trials = proptest::option::of(successes..=successes + 3);
    let ramp = prop_oneof![2 => Just(0), 3 => 1..=9u64, 1 => 10..=100u64];
    (longest, multiplier, jitter, trials, ramp, prop_oneof![3 => 1..=60u64, 1 => Just(100)]).prop_map(
        |(longest_ms, multiplier, jitter, trials, ramp_ms, ramp_from)| Back {
            longest_ms,
            multiplier,
            jitter,
            trials,
            ramp_ms,
            ramp_from,
        },
    )
}

/// Rules that open by `trip`, and come back by the plain way or by one that adapts.
fn rules(trip: BoxedStrategy<Trip>, adaptive: bool) -> BoxedStrategy<Rules> {
    (trip, 1..=3u32, timeout(), 1..=3u32, 1..=3usize, timeout())
        .prop_flat_map(move |(trip, failure_threshold, recovery_ms, success_threshold, max_calls, lease_ms)| {
            let back = back(recovery_ms, success_threshold);
            let back = if adaptive { back.prop_map(Some).boxed() } else { Just(None).boxed() };
            back.prop_map(move |back| Rules {
                failure_threshold,
                recovery_ms,
                success_threshold,
                max_calls,
                lease_ms,
                trip,
                back,
            })
        })
        .boxed()
}

fn start() -> impl Strategy<Value = u64> {
    let wraps = (1..=1_000u64, 0..=60u64).prop_map(|(wraps, before)| (wraps << 32) - before);
    let turns = (0..=60u64).prop_map(|before| (1 << 31) - before);
    prop_oneof![1 => 0..=60u64, 2 => wraps, 1 => turns, 1 => 0..(1u64 << 50)]
}

fn outcome() -> impl Strategy<Value = Outcome> {
    prop_oneof![4 => Just(Outcome::Success), 4 => Just(Outcome::Failure), 1 => Just(Outcome::Ignored)]
}

fn command() -> impl Strategy<Value = Event> {
    let modes = prop_oneof![Just(Event::Isolate), Just(Event::Disable), Just(Event::Shadow)];
    prop_oneof![2 => Just(Event::Trip), 2 => modes, 4 => Just(Event::Reset)]
}

fn span() -> impl Strategy<Value = Span> {
    prop_oneof![
        6 => (0..=3i64).prop_map(Span::Millis),
        2 => (4..=40i64).prop_map(Span::Millis),
        3 => (-1..=1i64).prop_map(Span::Wait),
        1 => (-1..=1i64).prop_map(Span::Recovery),
        1 => (-1..=1i64).prop_map(Span::Lease),
        1 => (-1..=1i64).prop_map(Span::Window),
    ]
}

/// As far as a clock of 32 bits goes, and further.
fn leap() -> impl Strategy<Value = Span> {
    prop_oneof![
        1 => (0..(1i64 << 29)).prop_map(Span::Millis),
        1 => (0..(1i64 << 40)).prop_map(Span::Millis),
        1 => (-40..=40i64).prop_map(Span::Longest),
        1 => (-40..=40i64).prop_map(Span::Wrap),
    ]
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        6 => Just(Op::Ask),
        2 => Just(Op::AskAndHold),
        1 => Just(Op::AskAndDrop),
        1 => Just(Op::AskBare),
        8 => (any::<usize>(), outcome()).prop_map(|(call, outcome)| Op::End(call, outcome)),
        1 => any::<usize>().prop_map(Op::Abandon),
        6 => outcome().prop_map(Op::Report),
        3 => (outcome(), 0..=6u64).prop_map(|(outcome, ms)| Op::ReportAfter(outcome, ms)),
        2 => Just(Op::WouldAllow),
        3 => Just(Op::RetryAfter),
        1 => command().prop_map(Op::Command),
        6 => span().prop_map(Op::Forward),
    ]
}

/// What only a way back that adapts notices.
fn luck() -> impl Strategy<Value = Op> {
    let chance = prop_oneof![Just(0), Just(u32::MAX), any::<u32>()];
    prop_oneof![1 => (0..=30u64).prop_map(Op::HoldOpen), 2 => chance.prop_map(Op::Chance)]
}

/// A snapshot from elsewhere, as by rules that count otherwise.
fn invented() -> impl Strategy<Value = Op> {
    let circuit = prop_oneof![Just(CircuitState::Closed), Just(CircuitState::Open), Just(CircuitState::HalfOpen)];
    let mode = prop_oneof![Just(Mode::Normal), Just(Mode::Shadow)];
    let last_failure = proptest::option::of(0..=40u64);
    (circuit, mode, 0..=4u32, 0..=3u32, 0..=12u64, last_failure, 0..=3u32, 0..=3u32, 0..=12u64).prop_map(
        |(circuit, mode, failures, successes, remaining, last_failure_ago, reopenings, probe_failures, ramp_left)| {
            let only = |is: CircuitState, number: u32| if circuit == is { number } else { 0 };
            Op::Invent(Kept {
                circuit,
                mode,
                failures,
                successes: only(CircuitState::HalfOpen, successes),
                remaining: if circuit == CircuitState::Open { remaining } else { 0 },
                last_failure_ago,
                reopenings: if circuit == CircuitState::Closed { 0 } else { reopenings },
                probe_failures: only(CircuitState::HalfOpen, probe_failures),
                ramp_left: if circuit == CircuitState::Closed { ramp_left } else { 0 },
            })
        },
    )
}

/// The clock goes anywhere, and the process goes on elsewhere, perhaps by other rules of the same kind.
fn upset(rules: BoxedStrategy<Rules>) -> impl Strategy<Value = Op> {
    let restart = (start(), proptest::option::of(rules)).prop_map(|(start, rules)| Op::Restart(start, rules));
    prop_oneof![
        2 => span().prop_map(Op::Back),
        1 => leap().prop_map(Op::Forward),
        1 => leap().prop_map(Op::Back),
        1 => Just(Op::Keep),
        1 => invented(),
        2 => Just(Op::Restore),
        1 => restart,
    ]
}

/// Half of all lives without a clock that goes back or jumps, so that they come further.
fn ops(rules: BoxedStrategy<Rules>) -> impl Strategy<Value = Vec<Op>> {
    let calm = prop_oneof![7 => op(), 1 => luck()];
    let wild = prop_oneof![14 => op(), 2 => luck(), 2 => upset(rules)];
    prop_oneof![vec(calm, 1..250), vec(wild, 1..250)]
}

/// Lives many lives that are the same in every run, and counts what was told in them.
fn lives<R: ByRule>(cases: u32, rules: BoxedStrategy<Rules>) -> BTreeMap<String, usize> {
    let counts = RefCell::new(BTreeMap::new());
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    let rng = TestRng::from_seed(RngAlgorithm::XorShift, &[9; 16]);
    let life = (rules.clone(), start(), ops(rules)).prop_map(|(rules, start, ops)| Life { rules, start, ops });
    let lived = TestRunner::new_with_rng(config, rng).run(&life, |life| {
        live_by::<R>(&life, &mut |_, told| {
            told.iter().for_each(|told| *counts.borrow_mut().entry(told.kind()).or_default() += 1);
        });
        Ok(())
    });
    if let Err(error) = lived {
        panic!("{error}");
    }
    counts.into_inner()
}

/// That each of these was told often, besides what every rule tells: all that is by command, by time or by probes, the
/// refusals, and the two ways to be late.
fn told_often(told: &BTreeMap<String, usize>, own: &[&str]) {
    println!("{told:#?}");
    let all = [
        "recovery_timeout",
        "probes_succeeded",
        "probe_failed",
        "tripped",
        "isolated",
        "disabled",
        "shadowed",
        "reset",
        "restored",
        "open refused, shadow false",
        "open refused, shadow true",
        "half_open refused, shadow false",
        "half_open refused, shadow true",
        "Stale",
        "Expired",
    ];
    for kind in all.iter().chain(own) {
        assert!(told.get(*kind).is_some_and(|count| *count >= 20), "{kind}: {told:?}");
    }
    assert_eq!(told.len(), all.len() + own.len(), "{told:?}");
}

fn calls(sizes: std::ops::RangeInclusive<usize>) -> BoxedStrategy<Trip> {
    sizes.prop_flat_map(|size| rates(size).prop_map(move |rates| Trip::Calls(size, rates))).boxed()
}

/// From windows of a few milliseconds up to the longest.
fn time(buckets: usize) -> BoxedStrategy<Trip> {
    let longest = 604_800_000 / buckets as u64;
    let bucket = prop_oneof![8 => 1..=10u64, 2 => 100..=1_000u64, 1 => longest - 10..=longest];
    (bucket, rates(8)).prop_map(move |(bucket_ms, rates)| Trip::Time(buckets, bucket_ms, rates)).boxed()
}

const RATES: [&str; 2] = ["failure_rate", "slow_call_rate"];
const IN_A_ROW: &str = "consecutive_failures";
const RAMPS: [&str; 2] = ["closed refused, shadow false", "closed refused, shadow true"];

#[test]
fn a_row_in_which_slow_calls_fail_does_what_the_naive_one_does() {
    let trip = (1..=4u64).prop_map(Trip::InARowSlow).boxed();
    told_often(&lives::<ConsecutiveSlow>(1_000, rules(trip, false)), &[IN_A_ROW]);
}

#[test]
fn a_window_over_calls_does_what_the_naive_one_does() {
    told_often(&lives::<CountWindow<30>>(1_000, rules(calls(1..=30), false)), &RATES);
}

#[test]
fn a_window_over_time_in_two_buckets_does_what_the_naive_one_does() {
    told_often(&lives::<TimeWindow<2>>(1_000, rules(time(2), false)), &RATES);
}

#[test]
fn a_window_over_time_in_five_buckets_does_what_the_naive_one_does() {
    told_often(&lives::<TimeWindow<5>>(1_000, rules(time(5), false)), &RATES);
}

#[test]
fn the_way_back_that_adapts_does_what_the_naive_one_does() {
    let rules = rules(Just(Trip::InARow).boxed(), true);
    told_often(&lives::<Adaptive<Consecutive, Chance>>(1_500, rules), &[&[IN_A_ROW], &RAMPS[..]].concat());
}

#[test]
fn the_way_back_that_adapts_does_what_the_naive_one_does_after_a_window_over_calls() {
    let rules = rules(calls(1..=16), true);
    told_often(&lives::<Adaptive<CountWindow<16>, Chance>>(1_000, rules), &[RATES, RAMPS].concat());
}

#[test]
fn the_way_back_that_adapts_does_what_the_naive_one_does_after_a_window_over_time() {
    let rules = rules(time(3), true);
    told_often(&lives::<Adaptive<TimeWindow<3>, Chance>>(1_000, rules), &[RATES, RAMPS].concat());
}

#[test]
fn what_is_forgotten_does_not_come_back_when_the_low_half_of_the_clock_is_the_same_again() {
    let trip = Trip::Time(2, 10, Rates { minimum: 5, failures: 50, slow: None });
    let rules = Rules { trip, back: None, ..growing() };
    let good = [Op::Forward(Span::Longest(0)), Op::Report(Outcome::Success)];
    let ops = [vec![Op::Report(Outcome::Failure); 4], good.to_vec(), good.to_vec(), good.to_vec()].concat();
    live_by::<TimeWindow<2>>(&Life { rules, start: 5_000, ops }, &mut |_, told| assert!(told.is_empty()));
}

/// Of a window of 20 ms in two buckets, the failures that are seen at the end.
fn seen_at_the_end(ops: &[Op]) -> u32 {
    let trip = Trip::Time(2, 10, Rates { minimum: 8, failures: 100, slow: None });
    let rules = Rules { trip, back: None, ..growing() };
    // What is seen becomes what is told by tripping.
    let ops = [ops, &[Op::Command(Event::Trip)]].concat();
    let mut seen = None;
    live_by::<TimeWindow<2>>(&Life { rules, start: 5_000, ops }, &mut |_, told| {
        if let Some(Told::Change { failures, .. }) = told.first() {
            seen = Some(*failures);
        }
    });
    seen.expect("it was tripped")
}

#[test]
fn calls_that_only_a_look_found_too_old_are_seen_again_when_the_clock_goes_back() {
    let (fails, look) = (Op::Report(Outcome::Failure), Op::WouldAllow);
    let millis = |ms| Op::Forward(Span::Millis(ms));
    let back = |ms| Op::Back(Span::Millis(ms));
    assert_eq!(seen_at_the_end(&[fails, millis(20), look]), 0);
    assert_eq!(seen_at_the_end(&[fails, millis(20), look, back(1)]), 1);
}

#[test]
fn calls_that_another_call_found_too_old_are_forgotten_for_good() {
    let (fails, good) = (Op::Report(Outcome::Failure), Op::Report(Outcome::Success));
    let millis = |ms| Op::Forward(Span::Millis(ms));
    let back = |ms| Op::Back(Span::Millis(ms));
    assert_eq!(seen_at_the_end(&[fails, millis(20), good, back(1)]), 0);
    assert_eq!(seen_at_the_end(&[fails, millis(19), good, back(1)]), 1);
}

/// A breaker that opens for 100 ms at the first failure, for up to 800 ms later.
fn growing() -> Rules {
    Rules {
        failure_threshold: 1,
        recovery_ms: 100,
        success_threshold: 1,
        max_calls: 1,
        lease_ms: 100,
        trip: Trip::InARow,
        back: Some(Back { longest_ms: 800, multiplier: 200, jitter: 0, trials: None, ramp_ms: 0, ramp_from: 10 }),
    }
}

#[test]
fn a_clock_that_goes_back_holds_no_opening_for_longer_than_its_time() {
    let ops = vec![Op::Report(Outcome::Failure), Op::Back(Span::Millis(300)), Op::RetryAfter];
    live_by::<Adaptive<Consecutive, Chance>>(&Life { rules: growing(), start: 5_000, ops }, &mut |_, _| {});
}
