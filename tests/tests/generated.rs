//! Every short sequence of events: each shell does what `step` does.

mod common;

use std::time::Duration;

use common::SHELLS;
use conformance::{
    Action, Body, BreakerShell, By, Change, Command, Fact, Ran, Setup, Shell, Step, Subject, Vector, generate, run,
};
use halfopen::{Config, ConfigError, Outcome, Reason};

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

/// The breaker by another rule, configured so that it comes down to the consecutive one with a threshold of one.
struct As {
    by: By,
    more: fn(Config) -> Config,
}

impl As {
    fn is_window(&self) -> bool {
        !matches!(self.by, By::Consecutive | By::ConsecutiveSlow | By::Adaptive | By::AdaptiveConsecutiveSlow)
    }
}

impl Shell for As {
    fn name(&self) -> &'static str {
        "as the consecutive rule"
    }

    fn build(&self, _: By, config: Config, use_it: &mut dyn FnMut(&mut dyn Subject)) -> Result<(), ConfigError> {
        BreakerShell.build(self.by, (self.more)(config), use_it)
    }
}

const AS_CONSECUTIVE: &[As] = &[
    As { by: By::ConsecutiveSlow, more: |config| config.slow_call_duration(Duration::from_secs(3_600)) },
    As { by: By::CountWindow, more: |config| config.sliding_window_size(1) },
    As { by: By::CountWindow1024, more: |config| config.failure_rate_threshold(1).minimum_calls(1) },
    As { by: By::TimeWindow, more: |config| config.failure_rate_threshold(1).minimum_calls(1) },
    As { by: By::Adaptive, more: as_fixed },
    As {
        by: By::AdaptiveConsecutiveSlow,
        more: |config| as_fixed(config).slow_call_duration(Duration::from_secs(3_600)),
    },
    As { by: By::AdaptiveCountWindow, more: |config| as_fixed(config).sliding_window_size(1) },
    As { by: By::AdaptiveTimeWindow, more: |config| as_fixed(config).failure_rate_threshold(1).minimum_calls(1) },
];

/// As long as [`PLAIN`], and never longer.
fn as_fixed(config: Config) -> Config {
    config.max_recovery_timeout(Duration::from_millis(100))
}

fn rate(fact: Fact<'_>) -> Fact<'_> {
    match fact {
        Fact::Transition(Some(change)) if change.reason == Reason::ConsecutiveFailures => {
            Fact::Transition(Some(Change { reason: Reason::FailureRate, ..change }))
        }
        other => other,
    }
}

/// A reset of a closed circuit empties a window, which begins a generation where the consecutive rule needs none.
fn resets(vector: &Vector<'_>) -> bool {
    let Body::Steps(steps) = vector.body else { unreachable!("generated vectors have steps") };
    steps.iter().any(|step| step.action == Action::Command(Command::Reset))
}

/// `vector` with the reason that a window opens for.
fn by_rate(vector: &Vector<'_>, then: &mut dyn FnMut(&Vector<'_>)) {
    let Body::Steps(steps) = vector.body else { unreachable!("generated vectors have steps") };
    let facts: Vec<Vec<_>> = steps.iter().map(|step| step.facts.iter().copied().map(rate).collect()).collect();
    let steps: Vec<_> = steps.iter().zip(&facts).map(|(step, facts)| Step { facts, ..*step }).collect();
    then(&Vector { body: Body::Steps(&steps), ..*vector });
}

#[test]
fn every_rule_that_comes_down_to_the_first_failure_does_what_the_consecutive_one_does() {
    for shell in AS_CONSECUTIVE {
        for prefix in [&[], HALF_OPEN, PROBING, CLOSED_ERA, SHADOW_PROBING, CLOCK_WRAPS] {
            let mut count = 0;
            generate(&PLAIN, prefix, 3, &mut |vector| {
                let mut same = |vector: &Vector<'_>| match run(vector, shell) {
                    Ok(_) => count += 1,
                    Err(mismatch) => panic!("{:?}: {mismatch}\n{vector:#?}", shell.by),
                };
                match (shell.is_window(), resets(vector)) {
                    (true, true) => {}
                    (true, false) => by_rate(vector, &mut same),
                    (false, _) => same(vector),
                }
            });
            assert!(count >= 2_000, "only {count} sequences by {:?}", shell.by);
        }
    }
}
