//! What the recorder gave for one circuit: its counters and gauges, registered once.

use std::string::{String, ToString};
use std::sync::{Mutex, PoisonError};
use std::vec;
use std::vec::Vec;

use ::metrics::{Counter, Gauge, Key, Label, Level, Metadata, with_recorder};

use super::names;
use crate::circuit::{CircuitState, Mode};
use crate::event::{CallReport, Outcome, Receipt, Refusal};
use crate::time::Timestamp;
use crate::transition::{Reason, Transition};

const STATES: [CircuitState; 3] = [CircuitState::Closed, CircuitState::Open, CircuitState::HalfOpen];
const MODES: [Mode; 4] = [Mode::Normal, Mode::Isolated, Mode::Disabled, Mode::Shadow];

/// What the rules alone do to a circuit.
const BY_RULE: [(CircuitState, Reason); 6] = [
    (CircuitState::Open, Reason::ConsecutiveFailures),
    (CircuitState::Open, Reason::FailureRate),
    (CircuitState::Open, Reason::SlowCallRate),
    (CircuitState::Open, Reason::ProbeFailed),
    (CircuitState::HalfOpen, Reason::RecoveryTimeout),
    (CircuitState::Closed, Reason::ProbesSucceeded),
];

/// So many transitions may overtake one. A generation that is further behind is one that came round.
const OVERTAKING: i32 = 8;

pub(super) struct Handles {
    succeeded: Counter,
    failed: Counter,
    ignored: Counter,
    slow_succeeded: Counter,
    slow_failed: Counter,
    refused_open: Counter,
    refused_half_open: Counter,
    refused_ramp_up: Counter,
    refused_isolated: Counter,
    shadowed: Counter,
    stale: Counter,
    expired: Counter,
    open_ms: Counter,
    states: [Gauge; 3],
    modes: [Gauge; 4],
    life: Mutex<Life>,
}

/// What has to be known of the transitions so far.
struct Life {
    /// The generation that the latest one began.
    generation: Option<u16>,
    open_since: Option<Timestamp>,
    counters: Vec<(CircuitState, Reason, Counter)>,
}

impl Handles {
    pub(super) fn register(operation_name: &str) -> Self {
        describe();
        let counter = |metric, label, value: &'static str| counter(metric, operation_name, &[(label, value)]);
        let gauge = |metric, label, value| gauge(metric, operation_name, label, value);
        let by_rule = BY_RULE.map(|(to, reason)| (to, reason, transitions(operation_name, to, reason)));
        let handles = Self {
            succeeded: counter(names::CALLS, "kind", "successful"),
            failed: counter(names::CALLS, "kind", "failed"),
            ignored: counter(names::CALLS, "kind", "ignored"),
            slow_succeeded: counter(names::SLOW_CALLS, "kind", "successful"),
            slow_failed: counter(names::SLOW_CALLS, "kind", "failed"),
            refused_open: counter(names::NOT_PERMITTED_CALLS, "reason", "open"),
            refused_half_open: counter(names::NOT_PERMITTED_CALLS, "reason", "half_open"),
            refused_ramp_up: counter(names::NOT_PERMITTED_CALLS, "reason", "ramp_up"),
            refused_isolated: counter(names::NOT_PERMITTED_CALLS, "reason", "isolated"),
            shadowed: self::counter(names::SHADOWED_CALLS, operation_name, &[]),
            stale: counter(names::LATE_CALLS, "kind", "stale"),
            expired: counter(names::LATE_CALLS, "kind", "expired"),
            open_ms: self::counter(names::OPEN_MILLISECONDS, operation_name, &[]),
            states: STATES.map(|state| gauge(names::STATE, "state", state.as_str())),
            modes: MODES.map(|mode| gauge(names::MODE, "mode", mode.as_str())),
            life: Mutex::new(Life { generation: None, open_since: None, counters: by_rule.into() }),
        };
        handles.show(CircuitState::Closed, Mode::Normal);
        handles
    }

    #[inline]
    pub(super) fn count(&self, report: CallReport) {
        let (calls, slow) = match report.outcome {
            Outcome::Success => (&self.succeeded, Some(&self.slow_succeeded)),
            Outcome::Failure => (&self.failed, Some(&self.slow_failed)),
            Outcome::Ignored => (&self.ignored, None),
        };
        calls.increment(1);
        if let (true, Some(slow)) = (report.slow, slow) {
            slow.increment(1);
        }
    }

    pub(super) fn count_refusal(&self, refusal: Refusal, mode: Mode) {
        let counter = match (mode, refusal.state) {
            (Mode::Shadow, _) => &self.shadowed,
            (Mode::Isolated, _) => &self.refused_isolated,
            (_, CircuitState::Open) => &self.refused_open,
            (_, CircuitState::HalfOpen) => &self.refused_half_open,
            (_, CircuitState::Closed) => &self.refused_ramp_up,
        };
        counter.increment(1);
    }

    pub(super) fn count_late(&self, receipt: Receipt) {
        let counter = if matches!(receipt, Receipt::Expired) { &self.expired } else { &self.stale };
        counter.increment(1);
    }

    pub(super) fn go(&self, operation_name: &str, transition: &Transition, now: Timestamp) {
        let Transition { to, mode, reason, generation, .. } = *transition;
        // What is in here stays right whatever panics.
        let mut life = self.life.lock().unwrap_or_else(PoisonError::into_inner);
        life.count(operation_name, to, reason);
        // Of two that are told in the other order, the one that came first has been overtaken.
        if life.generation.is_some_and(|latest| is_overtaken(generation, latest)) {
            return;
        }
        life.generation = Some(generation);
        match (life.open_since, to) {
            (None, CircuitState::Open) => life.open_since = Some(now),
            (Some(since), CircuitState::Closed | CircuitState::HalfOpen) => {
                life.open_since = None;
                self.open_ms.increment(now.as_millis().saturating_sub(since.as_millis()));
            }
            _ => {}
        }
        // Under the lock, or an older one could be shown last.
        self.show(to, mode);
    }

    fn show(&self, state: CircuitState, mode: Mode) {
        STATES.iter().zip(&self.states).for_each(|(each, gauge)| gauge.set(f64::from(u8::from(*each == state))));
        MODES.iter().zip(&self.modes).for_each(|(each, gauge)| gauge.set(f64::from(u8::from(*each == mode))));
    }
}

impl Life {
    fn count(&mut self, operation_name: &str, to: CircuitState, reason: Reason) {
        let known = self.counters.iter().position(|(state, why, _)| (*state, *why) == (to, reason));
        let at = known.unwrap_or_else(|| {
            self.counters.push((to, reason, transitions(operation_name, to, reason)));
            self.counters.len() - 1
        });
        self.counters[at].2.increment(1);
    }
}

/// Whether this generation is the latest one, or a few behind it. They are counted modulo 512.
fn is_overtaken(generation: u16, latest: u16) -> bool {
    let behind = (i32::from(latest) - i32::from(generation)).rem_euclid(crate::state::GENERATIONS.into());
    behind < OVERTAKING
}

/// Once more for each circuit: nobody can tell which recorder there was before.
fn describe() {
    with_recorder(|recorder| {
        for metric in names::ALL {
            if metric.counter {
                recorder.describe_counter(metric.name.into(), None, metric.description.into());
            } else {
                recorder.describe_gauge(metric.name.into(), None, metric.description.into());
            }
        }
    });
}

fn transitions(operation_name: &str, to: CircuitState, reason: Reason) -> Counter {
    counter(names::TRANSITIONS, operation_name, &[("to", to.as_str()), ("reason", reason.as_str())])
}

fn counter(metric: &'static str, operation_name: &str, labels: &[(&'static str, &'static str)]) -> Counter {
    let key = key(metric, operation_name, labels);
    with_recorder(|recorder| recorder.register_counter(&key, &METADATA))
}

fn gauge(metric: &'static str, operation_name: &str, label: &'static str, value: &'static str) -> Gauge {
    let key = key(metric, operation_name, &[(label, value)]);
    with_recorder(|recorder| recorder.register_gauge(&key, &METADATA))
}

static METADATA: Metadata<'static> = Metadata::new("halfopen", Level::INFO, Some(module_path!()));

fn key(metric: &'static str, operation_name: &str, labels: &[(&'static str, &'static str)]) -> Key {
    let operation_name: String = operation_name.to_string();
    let mut all = vec![Label::new(names::NAME, operation_name)];
    all.extend(labels.iter().map(|(label, value)| Label::from_static_parts(label, value)));
    Key::from_parts(metric, all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_generation_is_overtaken_by_the_few_after_it_whatever_wraps_between_them() {
        for latest in 0..crate::state::GENERATIONS {
            let at = |by: u16| (latest + by) % crate::state::GENERATIONS;
            assert!(is_overtaken(latest, latest) && is_overtaken(latest, at(7)));
            assert!(!is_overtaken(latest, at(8)) && !is_overtaken(at(1), latest) && !is_overtaken(at(300), latest));
        }
    }
}
