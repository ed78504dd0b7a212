//! Compares breakers by every rule with a naive one, written from the rules alone.

use std::cell::RefCell;
use std::collections::BTreeMap;

use conformance::reference::{Back, ByRule, Chance, Life, Op, Rates, Rules, Span, Trip, live_by};
use halfopen::Outcome;
use halfopen::machine::Event;
use halfopen::rules::{Adaptive, Consecutive, ConsecutiveSlow, CountWindow, TimeWindow};
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
    ]
}

/// Long, but not so that a few of them in which nobody calls are longer than what is measured.
fn leap() -> impl Strategy<Value = Span> {
    (0..(1i64 << 29)).prop_map(Span::Millis)
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

fn op_that_adapts() -> impl Strategy<Value = Op> {
    let chance = prop_oneof![Just(0), Just(u32::MAX), any::<u32>()];
    prop_oneof![20 => op(), 1 => (0..=30u64).prop_map(Op::HoldOpen), 2 => chance.prop_map(Op::Chance)]
}

fn op_with_leaps() -> impl Strategy<Value = Op> {
    prop_oneof![
        20 => op(),
        1 => leap().prop_map(Op::Forward),
        1 => Just(Op::Keep),
        1 => Just(Op::Restore),
    ]
}

fn op_with_steps_back() -> impl Strategy<Value = Op> {
    prop_oneof![20 => op_with_leaps(), 1 => span().prop_map(Op::Back)]
}

/// Lives many lives that are the same in every run, and counts what was told in them.
fn lives<R: ByRule>(cases: u32, rules: BoxedStrategy<Rules>, op: BoxedStrategy<Op>) -> BTreeMap<String, usize> {
    let counts = RefCell::new(BTreeMap::new());
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[9; 32]);
    let life = (rules, start(), vec(op, 1..250)).prop_map(|(rules, start, ops)| Life { rules, start, ops });
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

fn calls(sizes: std::ops::RangeInclusive<usize>) -> BoxedStrategy<Trip> {
    sizes.prop_flat_map(|size| rates(size).prop_map(move |rates| Trip::Calls(size, rates))).boxed()
}

fn time(buckets: usize) -> BoxedStrategy<Trip> {
    let bucket = prop_oneof![4 => 1..=10u64, 1 => 100..=1_000u64, 1 => (1u64 << 27)..(1 << 28)];
    (bucket, rates(8)).prop_map(move |(bucket_ms, rates)| Trip::Time(buckets, bucket_ms, rates)).boxed()
}

#[test]
fn a_row_in_which_slow_calls_fail_does_what_the_naive_one_does() {
    let trip = (1..=4u64).prop_map(Trip::InARowSlow).boxed();
    lives::<ConsecutiveSlow>(800, rules(trip, false), op_with_steps_back().boxed());
}

#[test]
fn a_window_over_calls_does_what_the_naive_one_does() {
    let told = lives::<CountWindow<30>>(800, rules(calls(1..=30), false), op_with_steps_back().boxed());
    assert!(told["failure_rate"] > 100 && told["slow_call_rate"] > 20, "{told:?}");
}

#[test]
fn a_window_over_time_does_what_the_naive_one_does() {
    let told = lives::<TimeWindow<2>>(400, rules(time(2), false), op_with_leaps().boxed());
    assert!(told["failure_rate"] > 100 && told["slow_call_rate"] > 20, "{told:?}");
    lives::<TimeWindow<5>>(600, rules(time(5), false), op_with_leaps().boxed());
}

#[test]
#[ignore = "a bucket that was forgotten while the clock went on is remembered again when it goes back"]
fn a_window_over_time_forgets_for_good_what_it_has_forgotten() {
    lives::<TimeWindow<2>>(400, rules(time(2), false), op_with_steps_back().boxed());
}

#[test]
fn the_way_back_that_adapts_does_what_the_naive_one_does() {
    let told = lives::<Adaptive<Consecutive, Chance>>(
        1_000,
        rules(Just(Trip::InARow).boxed(), true),
        op_that_adapts().boxed(),
    );
    assert!(told["closed refused, shadow false"] > 100, "{told:?}");
    lives::<Adaptive<CountWindow<16>, Chance>>(600, rules(calls(1..=16), true), op_that_adapts().boxed());
}

#[test]
fn what_is_forgotten_does_not_come_back_when_the_low_half_of_the_clock_is_the_same_again() {
    let trip = Trip::Time(2, 10, Rates { minimum: 5, failures: 50, slow: None });
    let rules = Rules { trip, back: None, ..growing() };
    let good = [Op::Forward(Span::Longest(0)), Op::Report(Outcome::Success)];
    let ops = [vec![Op::Report(Outcome::Failure); 4], good.to_vec(), good.to_vec(), good.to_vec()].concat();
    live_by::<TimeWindow<2>>(&Life { rules, start: 5_000, ops }, &mut |_, told| assert!(told.is_empty()));
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
#[ignore = "the time of an opening is put back by what it is shorter than the longest, so a step back of the clock is not seen"]
fn a_clock_that_goes_back_holds_no_opening_for_longer_than_its_time() {
    let ops = vec![Op::Report(Outcome::Failure), Op::Back(Span::Millis(300)), Op::RetryAfter];
    live_by::<Adaptive<Consecutive, Chance>>(&Life { rules: growing(), start: 5_000, ops }, &mut |_, _| {});
}
