//! Compares the state machine and the breaker that shares it with a naive one, written from the rules alone.

use std::cell::RefCell;
use std::collections::BTreeMap;

use conformance::reference::{Life, Op, Rules, Span, Trip, live};
use halfopen::Outcome;
use halfopen::machine::Event;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

#[path = "reference/pairs.rs"]
mod pairs;

fn timeout() -> impl Strategy<Value = u64> {
    prop_oneof![6 => 1..=4u64, 2 => 5..=50u64, 1 => 1_000..=100_000u64, 1 => (1u64 << 29)..(1 << 30)]
}

fn rules() -> impl Strategy<Value = Rules> {
    let failures = prop_oneof![8 => 1..=3u32, 1 => 4..=9u32, 1 => 1_020..=1_023u32];
    let successes = prop_oneof![8 => 1..=3u32, 1 => 60..=63u32];
    let calls = prop_oneof![8 => 1..=3usize, 1 => 13..=15usize];
    (failures, timeout(), successes, calls, timeout()).prop_map(
        |(failure_threshold, recovery_ms, success_threshold, max_calls, lease_ms)| Rules {
            failure_threshold,
            recovery_ms,
            success_threshold,
            max_calls,
            lease_ms,
            trip: Trip::InARow,
            back: None,
        },
    )
}

/// Where a clock begins: where nothing is before, where its low half wraps or changes its sign, and anywhere.
fn start() -> impl Strategy<Value = u64> {
    let wraps = (1..=1_000u64, 0..=60u64).prop_map(|(wraps, before)| (wraps << 32) - before);
    let turns = (0..=60u64).prop_map(|before| (1 << 31) - before);
    prop_oneof![1 => 0..=60u64, 2 => wraps, 1 => turns, 1 => 0..(1u64 << 50)]
}

/// What a breaker goes through before anything else: nothing as a rule, or enough to come near an end of a count.
fn past() -> impl Strategy<Value = Vec<Op>> {
    let failures = prop_oneof![49 => Just(0), 1 => 1_017..=1_024usize];
    let trips = prop_oneof![49 => Just(0), 1 => 240..=256usize];
    (failures, trips).prop_map(|(failures, trips)| {
        // Each is two generations.
        let trips = [Op::Command(Event::Trip), Op::Command(Event::Reset)].repeat(trips);
        [trips, vec![Op::Report(Outcome::Failure); failures]].concat()
    })
}

fn outcome() -> impl Strategy<Value = Outcome> {
    prop_oneof![3 => Just(Outcome::Success), 4 => Just(Outcome::Failure), 1 => Just(Outcome::Ignored)]
}

fn command() -> impl Strategy<Value = Event> {
    let modes = prop_oneof![Just(Event::Isolate), Just(Event::Disable), Just(Event::Shadow)];
    prop_oneof![2 => Just(Event::Trip), 2 => modes, 3 => Just(Event::Reset)]
}

fn span() -> impl Strategy<Value = Span> {
    prop_oneof![
        3 => (0..=3i64).prop_map(Span::Millis),
        1 => (0..(1i64 << 29)).prop_map(Span::Millis),
        3 => (-1..=1i64).prop_map(Span::Wait),
        1 => (-1..=1i64).prop_map(Span::Recovery),
        1 => (-1..=1i64).prop_map(Span::Lease),
        1 => (-1..=1i64).prop_map(Span::Longest),
        1 => (-1..=1i64).prop_map(Span::Wrap),
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
        2 => outcome().prop_map(Op::Report),
        4 => Just(Op::WouldAllow),
        4 => Just(Op::RetryAfter),
        1 => command().prop_map(Op::Command),
        6 => span().prop_map(Op::Forward),
        1 => span().prop_map(Op::Back),
    ]
}

fn op_with_snapshots() -> impl Strategy<Value = Op> {
    let restart = (start(), proptest::option::of(rules())).prop_map(|(start, rules)| Op::Restart(start, rules));
    prop_oneof![12 => op(), 1 => Just(Op::Keep), 1 => Just(Op::Restore), 1 => restart]
}

/// Lives many lives that are the same in every run, and counts what was told in them.
fn lives(cases: u32, op: impl Strategy<Value = Op>) -> BTreeMap<String, usize> {
    let counts = RefCell::new(BTreeMap::new());
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    let rng = TestRng::from_seed(RngAlgorithm::XorShift, &[7; 16]);
    let life = (rules(), start(), past(), vec(op, 1..250)).prop_map(|(rules, start, past, ops)| Life {
        rules,
        start,
        ops: [past, ops].concat(),
    });
    let lived = TestRunner::new_with_rng(config, rng).run(&life, |life| {
        live(&life, &mut |_, told| {
            told.iter().for_each(|told| *counts.borrow_mut().entry(told.kind()).or_default() += 1);
        });
        Ok(())
    });
    if let Err(error) = lived {
        panic!("{error}");
    }
    counts.into_inner()
}

/// Nine reasons without restoring, three refusals that the rules make, and two ways to be late.
fn told_enough(counts: &BTreeMap<String, usize>, kinds: usize) {
    println!("{counts:#?}");
    assert_eq!(counts.len(), kinds, "{counts:?}");
    assert!(counts.values().all(|count| *count >= 100), "{counts:?}");
}

#[test]
fn step_and_the_breaker_do_what_the_naive_breaker_does() {
    told_enough(&lives(2_000, op()), 15);
}

#[test]
fn a_breaker_that_is_restored_and_restarted_does_what_the_naive_breaker_does() {
    told_enough(&lives(2_000, op_with_snapshots()), 16);
}
