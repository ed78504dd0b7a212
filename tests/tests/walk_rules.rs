//! Walks over every world that small configurations of each rule can reach, and compares every move on the way with the
//! naive breaker.

use conformance::reference::{Back, Chance, Op, Rates, Rules, Span, Trip, Walk, Walked};
use halfopen::Outcome::{Failure, Ignored, Success};
use halfopen::machine::Event;
use halfopen::rules::{Adaptive, Consecutive, ConsecutiveSlow, CountWindow, TimeWindow};

/// Where the clock begins: its low half wraps within every walk.
const START: u64 = (1 << 32) - 3;

fn rules(trip: Trip, back: Option<Back>) -> Rules {
    Rules { failure_threshold: 2, recovery_ms: 2, success_threshold: 1, max_calls: 1, lease_ms: 2, trip, back }
}

/// One move for each of these operations.
fn each(ops: &[Op]) -> Vec<Vec<Op>> {
    ops.iter().map(|op| vec![*op]).collect()
}

fn forward(ms: i64) -> Op {
    Op::Forward(Span::Millis(ms))
}

fn back(ms: i64) -> Op {
    Op::Back(Span::Millis(ms))
}

const COMMANDS: [Op; 5] = [
    Op::Command(Event::Trip),
    Op::Command(Event::Isolate),
    Op::Command(Event::Disable),
    Op::Command(Event::Shadow),
    Op::Command(Event::Reset),
];
const CALLS: [Op; 5] = [Op::Ask, Op::RetryAfter, Op::End(0, Success), Op::End(0, Failure), Op::End(0, Ignored)];
const REPORTS: [Op; 2] = [Op::Report(Success), Op::Report(Failure)];

/// The walk was so long, and was told each of these.
fn met(walked: &Walked, worlds: usize, edges: usize, told: &[&str]) {
    println!("{} worlds, {} edges, {} cut: {:#?}", walked.worlds, walked.edges, walked.cut, walked.told);
    assert!(walked.worlds >= worlds, "only {} worlds", walked.worlds);
    assert!(walked.edges >= edges, "only {} edges", walked.edges);
    for kind in told {
        assert!(walked.told.get(*kind).is_some_and(|count| *count >= 4), "{kind}: {:?}", walked.told);
    }
}

#[test]
fn every_world_of_a_row_in_which_slow_calls_fail_is_as_the_naive_one_says() {
    let moves =
        [&CALLS[..], &REPORTS, &COMMANDS, &[Op::ReportAfter(Success, 2), forward(1), forward(2), back(1)]].concat();
    let walk = Walk {
        rules: rules(Trip::InARowSlow(1), None),
        start: START,
        moves: each(&moves),
        most_out: 1,
        most_held: 0,
        most_failures: 3,
        most_reopenings: 0,
        far: 3,
    };
    met(
        &walk.walk::<ConsecutiveSlow>(),
        880,
        13_900,
        &["consecutive_failures", "probe_failed", "probes_succeeded", "Stale", "Expired"],
    );
}

#[test]
fn every_world_of_a_window_over_three_calls_is_as_the_naive_one_says() {
    let moves = [
        &CALLS[..],
        &REPORTS,
        &COMMANDS,
        &[Op::ReportAfter(Success, 2), Op::ReportAfter(Failure, 2), forward(1), forward(2)],
    ]
    .concat();
    let walk = Walk {
        rules: rules(Trip::Calls(3, Rates { minimum: 2, failures: 60, slow: Some((1, 60)) }), None),
        start: START,
        moves: each(&moves),
        most_out: 1,
        most_held: 3,
        most_failures: 3,
        most_reopenings: 0,
        far: 3,
    };
    met(
        &walk.walk::<CountWindow<3>>(),
        1_800,
        28_900,
        &["failure_rate", "slow_call_rate", "probe_failed", "probes_succeeded"],
    );
}

#[test]
fn every_world_of_a_window_over_four_milliseconds_is_as_the_naive_one_says() {
    let moves =
        [&REPORTS[..], &COMMANDS, &[Op::Ask, Op::ReportAfter(Success, 2), forward(1), forward(4), back(1), back(4)]]
            .concat();
    let walk = Walk {
        rules: rules(Trip::Time(2, 2, Rates { minimum: 2, failures: 60, slow: Some((1, 100)) }), None),
        start: START,
        moves: each(&moves),
        most_out: 0,
        most_held: 4,
        most_failures: 3,
        most_reopenings: 0,
        far: 5,
    };
    met(
        &walk.walk::<TimeWindow<2>>(),
        10_600,
        138_000,
        &["failure_rate", "slow_call_rate", "probe_failed", "probes_succeeded"],
    );
}

#[test]
fn every_world_of_a_way_back_that_grows_and_ramps_up_is_as_the_naive_one_says() {
    let back_in = Back { longest_ms: 3, multiplier: 300, jitter: 50, trials: None, ramp_ms: 2, ramp_from: 50 };
    // On both sides of the share that a ramp has reached half-way.
    let chances = [Op::Chance((3 << 30) - 1), Op::Chance(3 << 30)];
    let moves =
        [&CALLS[..], &REPORTS, &COMMANDS, &chances, &[Op::HoldOpen(3), forward(1), forward(3), back(1)]].concat();
    let walk = Walk {
        rules: Rules { failure_threshold: 1, recovery_ms: 1, lease_ms: 1, ..rules(Trip::InARow, Some(back_in)) },
        start: START,
        moves: [each(&moves), vec![vec![Op::Keep, Op::Restore]]].concat(),
        most_out: 1,
        most_held: 0,
        most_failures: 1,
        most_reopenings: 1,
        far: 4,
    };
    let told = ["consecutive_failures", "probe_failed", "probes_succeeded", "closed refused, shadow false"];
    met(&walk.walk::<Adaptive<Consecutive, Chance>>(), 16_900, 316_000, &told);
}

#[test]
fn every_world_of_a_round_of_which_some_may_fail_is_as_the_naive_one_says() {
    let back_in = Back { longest_ms: 1, multiplier: 100, jitter: 0, trials: Some(3), ramp_ms: 0, ramp_from: 10 };
    let moves = [&CALLS[..], &REPORTS, &COMMANDS, &[forward(1), back(1)]].concat();
    let walk = Walk {
        rules: Rules {
            failure_threshold: 1,
            recovery_ms: 1,
            lease_ms: 1,
            success_threshold: 2,
            max_calls: 2,
            ..rules(Trip::InARow, Some(back_in))
        },
        start: START,
        moves: [each(&moves), vec![vec![Op::Keep, Op::Restore]]].concat(),
        most_out: 2,
        most_held: 0,
        most_failures: 1,
        most_reopenings: 1,
        far: 2,
    };
    met(&walk.walk::<Adaptive<Consecutive, Chance>>(), 5_400, 81_000, &["probe_failed", "probes_succeeded"]);
}
