//! What the two runs amount to: the summary, and whether what the demo promises held.

use std::fmt::{Display, Write};
use std::time::Duration;

use halfopen::CircuitState;

use crate::run::Run;
use crate::scenario::Scenario;

/// What the demo is about to do.
#[must_use]
pub fn introduction(scenario: &Scenario) -> String {
    format!(
        "A caller sends a request to a local HTTP service every {} ms and waits {} ms\n\
         for an answer. The service is healthy, fails, hangs, and is healthy again.\n\
         The circuit opens at {} failures in a row, lets a probe through after {} ms,\n\
         and closes after {} successful probes.",
        scenario.pace.as_millis(),
        scenario.client_timeout.as_millis(),
        scenario.failure_threshold,
        scenario.recovery_timeout.as_millis(),
        scenario.success_threshold,
    )
}

/// The table and the sentence below it.
#[must_use]
pub fn summary(with: &Run, without: &Run) -> String {
    let mut text = String::new();
    row(&mut text, "", "with breaker", "without");
    row(&mut text, "requests that the caller made", with.made, without.made);
    row(&mut text, "  answered with ok", with.ok, without.ok);
    row(&mut text, "  refused at once by the breaker", with.refused, without.refused);
    row(&mut text, "    of these, while the service was healthy", with.refused_in_vain, without.refused_in_vain);
    row(&mut text, "requests that reached the sick service", with.received.sick, without.received.sick);
    row(&mut text, "time spent waiting on the sick service", seconds(with.waited), seconds(without.waited));
    let _ = write!(
        text,
        "\nThe breaker spared the sick service {} of {} requests,\n\
         and the caller {} of {} of waiting.\n\
         Both columns were measured, one run after the other, by the same script.\n\
         A request that hangs holds up those after it: hence fewer of them without.",
        without.received.sick.saturating_sub(with.received.sick),
        without.received.sick,
        seconds(without.waited.saturating_sub(with.waited)),
        seconds(without.waited),
    );
    text
}

fn row(text: &mut String, what: &str, with: impl Display, without: impl Display) {
    let _ = writeln!(text, "{what:<44}{with:>14}{without:>12}");
}

fn seconds(time: Duration) -> String {
    format!("{:.2} s", time.as_secs_f64())
}

/// What the demo promises and these runs did not keep, a sentence each; empty if all is well.
#[must_use]
pub fn broken_promises(with: &Run, without: &Run) -> Vec<String> {
    let went = |from, to| with.transitions.iter().position(|t| (t.from, t.to) == (from, to));
    let opened = went(CircuitState::Closed, CircuitState::Open);
    let probed = went(CircuitState::Open, CircuitState::HalfOpen).filter(|_| with.probes > 0);
    let closed = went(CircuitState::HalfOpen, CircuitState::Closed);
    let last = with.transitions.last().map(|transition| transition.to);
    let mut broken = Vec::new();
    if opened.is_none() {
        broken.push("the circuit opens when the service fails".to_owned());
    }
    if probed.is_none() || probed < opened {
        broken.push("the open circuit lets a probe through after the recovery timeout".to_owned());
    }
    if closed.is_none() || closed < probed || last != Some(CircuitState::Closed) {
        broken.push("the circuit is closed again once the service has recovered".to_owned());
    }
    if with.received.sick >= without.received.sick {
        broken.push(format!(
            "fewer requests reach the sick service with the breaker ({}) than without ({})",
            with.received.sick, without.received.sick
        ));
    }
    broken
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use halfopen::{CircuitBreaker, Config, ManualClock, OnTransition, Transition};

    use super::*;
    use crate::server::Received;

    const MINUTE: Duration = Duration::from_secs(60);

    /// Transitions of a real breaker, in which the circuit may fail to close.
    fn transitions(closes: bool) -> Vec<Transition> {
        let clock = ManualClock::new();
        let seen = RefCell::new(Vec::new());
        let note = OnTransition::new(|_, transition| seen.borrow_mut().push(*transition));
        let breaker = CircuitBreaker::with_observer("test", Config::new().failure_threshold(1), &clock, note);
        breaker.record_failure();
        clock.advance(MINUTE);
        assert!(breaker.allow_request());
        if closes {
            breaker.record_success();
        }
        seen.into_inner()
    }

    fn good() -> (Run, Run) {
        let with = Run {
            made: 130,
            ok: 30,
            refused: 86,
            refused_in_vain: 10,
            probes: 5,
            waited: Duration::from_millis(810),
            received: Received { healthy: 36, sick: 8 },
            transitions: transitions(true),
        };
        let without = Run {
            made: 80,
            ok: 36,
            waited: Duration::from_millis(3_260),
            received: Received { healthy: 42, sick: 38 },
            ..Run::default()
        };
        (with, without)
    }

    #[test]
    fn the_summary_says_what_was_saved_and_what_it_cost() {
        let (with, without) = good();
        assert_eq!(
            summary(&with, &without),
            "                                              with breaker     without
requests that the caller made                          130          80
  answered with ok                                      30          36
  refused at once by the breaker                        86           0
    of these, while the service was healthy             10           0
requests that reached the sick service                   8          38
time spent waiting on the sick service              0.81 s      3.26 s

The breaker spared the sick service 30 of 38 requests,
and the caller 2.45 s of 3.26 s of waiting.
Both columns were measured, one run after the other, by the same script.
A request that hangs holds up those after it: hence fewer of them without."
        );
    }

    #[test]
    fn a_good_run_breaks_no_promise() {
        let (with, without) = good();
        assert_eq!(broken_promises(&with, &without), Vec::<String>::new());
    }

    #[test]
    fn a_breaker_that_did_nothing_breaks_every_promise() {
        let (_, without) = good();
        assert_eq!(broken_promises(&without, &without).len(), 4);
    }

    #[test]
    fn a_circuit_that_does_not_close_is_told() {
        let (with, without) = good();
        let with = Run { transitions: transitions(false), ..with };
        assert_eq!(broken_promises(&with, &without), ["the circuit is closed again once the service has recovered"]);
    }

    #[test]
    fn requests_that_were_not_spared_are_told() {
        let (with, without) = good();
        let with = Run { received: without.received, ..with };
        assert_eq!(
            broken_promises(&with, &without),
            ["fewer requests reach the sick service with the breaker (38) than without (38)"]
        );
    }

    #[test]
    fn everything_fits_80_columns() {
        let (with, without) = good();
        for text in [introduction(&Scenario::full()), introduction(&Scenario::fast()), summary(&with, &without)] {
            for line in text.lines() {
                assert!(line.chars().count() <= 80, "{line}");
            }
        }
    }
}
