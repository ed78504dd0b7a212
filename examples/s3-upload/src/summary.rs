//! What is said before and after, and what has to hold.

use std::fmt::Display;
use std::time::Duration;

use halfopen::{CircuitState, Transition};

use crate::gate::Received;
use crate::scenario::Scenario;

/// What was measured in a run.
pub(crate) struct Run {
    pub(crate) received: Received,
    pub(crate) attempts: u32,
    /// Objects that were read back as they were sent.
    pub(crate) stored: u32,
    pub(crate) transitions: Vec<Transition>,
    /// Until the last object was stored.
    pub(crate) took: Duration,
    /// From the end of the last illness until then.
    pub(crate) after: Duration,
    /// Of one object.
    pub(crate) longest: Duration,
}

pub(crate) fn introduction(scenario: &Scenario) -> String {
    format!(
        "{} uploaders store {} objects each in an S3 server, with retries that have a backoff of {} to {} ms. Around each
attempt is a circuit that all of them share: it opens at 5 failures in a row, lets a probe through after {} ms, and
closes after one that succeeds. Who is refused waits for the circuit.",
        scenario.uploaders,
        scenario.objects,
        scenario.backoff[0].as_millis(),
        scenario.backoff[1].as_millis(),
        scenario.recovery_timeout.as_millis(),
    )
}

pub(crate) fn table(scenario: &Scenario, with: &Run, without: &Run) -> String {
    let objects = scenario.uploaders * scenario.objects;
    let mut text = row("", "with breaker", "without");
    text += &row("objects to store", objects, objects);
    text += &row("  read back as they were sent", with.stored, without.stored);
    text += &row("requests to store one", with.attempts, without.attempts);
    text += &row("  of these, to the sick server", with.received.sick, without.received.sick);
    text += &row("time until all were stored", seconds(with.took), seconds(without.took));
    text += &row("  of this, after the server was well again", seconds(with.after), seconds(without.after));
    text += &row("longest time that one object took", seconds(with.longest), seconds(without.longest));
    text
}

fn row(what: &str, with: impl Display, without: impl Display) -> String {
    format!("{what:<44}{with:>14}{without:>12}\n")
}

fn seconds(time: Duration) -> String {
    format!("{:.2} s", time.as_secs_f64())
}

/// What the demo promises and these runs did not keep.
pub(crate) fn broken_promises(scenario: &Scenario, with: &Run, without: &Run) -> Vec<&'static str> {
    let went = |from, to| with.transitions.iter().any(|t| (t.from, t.to) == (from, to));
    let last = with.transitions.last().map(|transition| transition.to);
    let objects = scenario.uploaders * scenario.objects;
    let promises = [
        (with.stored == objects && without.stored == objects, "each object is stored, with the bytes that were sent"),
        (went(CircuitState::Closed, CircuitState::Open), "the circuit opens when the server is sick"),
        (went(CircuitState::HalfOpen, CircuitState::Open), "a probe of the sick server opens it again"),
        (last == Some(CircuitState::Closed), "the circuit is closed once the server is well"),
        (without.transitions.is_empty(), "a circuit that is disabled never changes its state"),
        (
            [with, without].iter().all(|run| is_single(run)),
            "an attempt is one request at most, and a refused one is none",
        ),
        (
            with.received.sick * 2 < without.received.sick,
            "with the breaker the sick server gets less than half of the requests",
        ),
    ];
    promises.into_iter().filter(|(holds, _)| !holds).map(|(_, promise)| promise).collect()
}

/// One that was given up before it was sent is none.
fn is_single(run: &Run) -> bool {
    run.received.well + run.received.sick <= run.attempts
}
