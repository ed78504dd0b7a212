//! From vectors to Rust source, which puts them into the flash of a microcontroller.

use std::format;
use std::string::{String, ToString};
use std::time::Duration;

use halfopen::{CircuitState, Mode, Outcome, Reason, Receipt, Window};

use crate::fact::{Change, Fact};
use crate::setting::Setting;
use crate::setup::Setup;
use crate::vector::{Action, Body, Millis, Step, Vector};

/// A Rust expression of the type `&[conformance::Vector<'static>]`, constant, for `include!` in an item such as
/// `static VECTORS: &[conformance::Vector<'static>] = include!(concat!(env!("OUT_DIR"), "/vectors.rs"));`.
///
/// What only a heap can do is left out: snapshots as text, and configurations that only a text can hold.
#[must_use]
pub fn to_rust(vectors: &[Vector<'_>]) -> String {
    let fits = |vector: &&Vector<'_>| vector.misses(TEXTS).is_none();
    let vectors = list(vectors.iter().filter(fits), |vector| format!("\n{}", vector_source(vector)));
    format!("{{ use ::conformance::*; use ::core::time::Duration; {vectors} }}\n")
}

const TEXTS: &[crate::Capability] = &[crate::Capability::ConfigText, crate::Capability::SnapshotText];

fn vector_source(vector: &Vector<'_>) -> String {
    let body = match vector.body {
        Body::Steps(steps) => format!("Body::Steps({})", list(steps, step)),
        Body::Rejected(text) => format!("Body::Rejected({text:?})"),
    };
    format!(
        "Vector {{ name: {:?}, rule: {:?}, needs: {}, setup: {}, body: {body} }}",
        vector.name,
        vector.rule,
        list(vector.needs, |need| format!("Capability::{need:?}")),
        setup(&vector.setup),
    )
}

fn setup(setup: &Setup<'_>) -> String {
    let Setup { by, failure_threshold, success_threshold, half_open_max_calls, shared, key_prefix, .. } = setup;
    let recovery = option(setup.recovery_timeout, duration);
    let lease = option(setup.probe_timeout, duration);
    format!(
        "Setup {{ by: By::{by:?}, failure_threshold: {failure_threshold:?}, recovery_timeout: {recovery}, \
         success_threshold: {success_threshold:?}, half_open_max_calls: {half_open_max_calls:?}, \
         probe_timeout: {lease}, shared: {shared}, key_prefix: {key_prefix:?}, more: {} }}",
        list(setup.more, setting)
    )
}

fn setting(setting: &Setting) -> String {
    // Numbers alone, or times, which are written as they are shown but for the name of their type.
    format!("Setting::{setting:?}")
        .replace("Nanos { seconds: ", "Nanos::new(")
        .replace(", nanos: ", ", ")
        .replace(" })", "))")
}

fn step(step: &Step<'_>) -> String {
    // A text cannot be compared without a heap: the rest of the step can.
    let facts = list(step.facts.iter().filter(|fact| !is_text(fact)), fact);
    format!("Step {{ action: {}, times: {}, facts: {facts} }}", action(&step.action), step.times)
}

fn is_text(fact: &Fact<'_>) -> bool {
    matches!(fact, Fact::KeptText(_) | Fact::KeptProbeFailures(_) | Fact::KeptRampLeft(_))
}

fn action(action: &Action<'_>) -> String {
    match action {
        Action::Record(result) => format!("Action::Record({})", outcome(*result)),
        Action::RecordAfter(result, ms) => format!("Action::RecordAfter({}, {ms})", outcome(*result)),
        Action::Settle(slot, result) => format!("Action::Settle({slot}, {})", outcome(*result)),
        Action::Command(command) => format!("Action::Command(Command::{command:?})"),
        Action::SetClock(ms) => format!("Action::SetClock({})", millis(*ms)),
        Action::Restart(ms, config) => {
            format!("Action::Restart({}, {})", millis(*ms), option(*config, |config| format!("&{}", setup(config))))
        }
        // What is left holds numbers and texts alone, which are written as they are shown.
        other => format!("Action::{other:?}"),
    }
}

fn fact(fact: &Fact<'_>) -> String {
    match fact {
        Fact::Refused(refusal) => format!(
            "Fact::Refused(::conformance::halfopen::Refusal {{ state: {}, retry_after_ms: {:?} }})",
            state(refusal.state),
            refusal.retry_after_ms
        ),
        Fact::Receipt(kind) => format!("Fact::Receipt({})", receipt(*kind)),
        Fact::State(circuit) => format!("Fact::State({})", state(*circuit)),
        Fact::KeptState(circuit) => format!("Fact::KeptState({})", state(*circuit)),
        Fact::Mode(kind) => format!("Fact::Mode({})", mode(*kind)),
        Fact::KeptMode(kind) => format!("Fact::KeptMode({})", mode(*kind)),
        Fact::LastFailure(at) => format!("Fact::LastFailure({})", option(*at, millis)),
        Fact::KeptLastFailureAgo(ago) => format!("Fact::KeptLastFailureAgo({})", option(*ago, millis)),
        Fact::Transition(expected) => format!("Fact::Transition({})", option(*expected, change)),
        Fact::Over(window) => format!("Fact::Over({})", option(*window, over)),
        Fact::Told(told) => {
            let told = option(*told, |told| {
                let (state, wait, shadow) = (state(told.state), told.retry_after_ms, told.shadow);
                format!("Told {{ state: {state}, retry_after_ms: {wait:?}, shadow: {shadow} }}")
            });
            format!("Fact::Told({told})")
        }
        Fact::Late(late) => format!("Fact::Late({})", option(*late, receipt)),
        // What is left holds numbers and texts alone, which are written as they are shown.
        other => format!("Fact::{other:?}"),
    }
}

fn change(change: Change) -> String {
    format!(
        "Change {{ from: {}, to: {}, reason: {}, mode: {}, failure_count: {:?}, successes: {:?}, generation: {:?} }}",
        state(change.from),
        state(change.to),
        reason(change.reason),
        option(change.mode, mode),
        change.failure_count,
        change.successes,
        change.generation,
    )
}

fn over(window: Window) -> String {
    format!("::conformance::halfopen::Window::{window:?}")
}

fn state(state: CircuitState) -> String {
    format!("::conformance::halfopen::CircuitState::{state:?}")
}

fn mode(mode: Mode) -> String {
    format!("::conformance::halfopen::Mode::{mode:?}")
}

fn reason(reason: Reason) -> String {
    format!("::conformance::halfopen::Reason::{reason:?}")
}

fn receipt(receipt: Receipt) -> String {
    format!("::conformance::halfopen::Receipt::{receipt:?}")
}

fn outcome(outcome: Outcome) -> String {
    format!("::conformance::halfopen::Outcome::{outcome:?}")
}

fn millis(ms: Millis) -> String {
    format!("Millis::new({})", ms.get())
}

fn duration(timeout: Duration) -> String {
    format!("Duration::new({}, {})", timeout.as_secs(), timeout.subsec_nanos())
}

fn option<T>(value: Option<T>, source: impl Fn(T) -> String) -> String {
    value.map_or_else(|| "None".to_string(), |value| format!("Some({})", source(value)))
}

fn list<T>(items: impl IntoIterator<Item = T>, source: impl Fn(T) -> String) -> String {
    let mut text = String::from("&[");
    for item in items {
        text.push_str(&source(item));
        text.push_str(", ");
    }
    text.push(']');
    text
}
