//! Every short sequence of events: each shell does what `step` does.

mod common;

use std::time::Duration;

use common::SHELLS;
use conformance::{Action, Command, Ran, Setup, generate, run};
use halfopen::Outcome;

const PLAIN: Setup<'static> =
    Setup { failure_threshold: Some(1), recovery_timeout: Some(Duration::from_millis(100)), ..Setup::DEFAULT };

/// Leases that are shorter than the timeout, and thresholds at which nothing happens at once.
const WIDE: Setup<'static> = Setup {
    failure_threshold: Some(2),
    recovery_timeout: Some(Duration::from_millis(100)),
    success_threshold: Some(2),
    half_open_max_calls: Some(2),
    probe_timeout: Some(Duration::from_millis(70)),
    ..Setup::DEFAULT
};

const HALF_OPEN: &[Action<'static>] = &[Action::Command(Command::Trip), Action::Advance(100)];
const PROBING: &[Action<'static>] = &[Action::Command(Command::Trip), Action::Advance(100), Action::Acquire(0)];
const CLOSED_ERA: &[Action<'static>] = &[Action::Acquire(0), Action::Record(Outcome::Failure), Action::Advance(100)];
const SHADOW_PROBING: &[Action<'static>] =
    &[Action::Command(Command::Shadow), Action::Command(Command::Trip), Action::Advance(100), Action::Acquire(0)];
const CLOCK_WRAPS: &[Action<'static>] =
    &[Action::SetClock(conformance::Millis::new(0xFFFF_FFF0)), Action::Command(Command::Trip)];

fn agree(setup: &Setup<'_>, prefix: &[Action<'_>], depth: usize, at_least: u32) {
    for shell in SHELLS {
        let mut count = 0;
        generate(setup, prefix, depth, &mut |vector| match run(vector, *shell) {
            Ok(Ran::Passed { checks, .. }) if checks > 0 => count += 1,
            Ok(ran) => panic!("{ran:?}: {vector:?}"),
            Err(mismatch) => panic!("{}: {mismatch}\n{vector:#?}", shell.name()),
        });
        println!("{}: {count} sequences after {prefix:?}", shell.name());
        assert!(count >= at_least, "only {count} sequences against {}", shell.name());
    }
}

#[test]
fn every_sequence_of_four_events_from_the_start() {
    agree(&PLAIN, &[], 4, 40_000);
    agree(&WIDE, &[], 4, 40_000);
}

#[test]
fn every_sequence_of_three_events_after_each_beginning() {
    for prefix in [HALF_OPEN, PROBING, CLOSED_ERA, SHADOW_PROBING, CLOCK_WRAPS] {
        for setup in [&PLAIN, &WIDE] {
            agree(setup, prefix, 3, 2_500);
        }
    }
}
