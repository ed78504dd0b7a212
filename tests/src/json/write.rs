//! From vectors to JSON, for subjects in other languages.

use std::string::String;
use std::vec::Vec;
use std::{format, vec};

use halfopen::Outcome;
use serde_json::{Map, Value, json};

use super::config::config;
use crate::by::By;
use crate::fact::{Change, Counted, Fact, Told};
use crate::vector::{Action, Body, Command, Step, Vector};

/// The text of a file of vectors, one vector a line. [`parse`](crate::parse) reads the same vectors from it.
///
/// Permits and snapshots, whose names a [`Vector`] does not keep, are called `p0`, `s0` and so on.
#[must_use]
pub fn to_json(vectors: &[Vector<'_>]) -> String {
    let lines: Vec<_> = vectors.iter().map(|vector| format!("{}", vector_json(vector))).collect();
    format!("[\n{}\n]\n", lines.join(",\n"))
}

fn vector_json(vector: &Vector<'_>) -> Value {
    let mut json = Map::new();
    json.insert("name".into(), vector.name.into());
    json.insert("rule".into(), vector.rule.into());
    if !vector.needs.is_empty() {
        json.insert("needs".into(), json!(vector.needs));
    }
    if vector.setup.by != By::default() {
        json.insert("by".into(), json!(vector.setup.by));
    }
    json.insert("config".into(), config(&vector.setup));
    match vector.body {
        Body::Steps(steps) => json.insert("steps".into(), steps.iter().map(step).collect()),
        Body::Rejected(text) => json.insert("rejected".into(), json!({ "by_code": text })),
    };
    Value::Object(json)
}

fn step(step: &Step<'_>) -> Value {
    let mut json = Map::new();
    for (field, value) in action(&step.action) {
        json.insert(field.into(), value);
    }
    if step.times != 1 {
        json.insert("times".into(), step.times.into());
    }
    let mut expect = Map::new();
    let mut kept = Map::new();
    for fact in step.facts {
        match place(fact) {
            Place::Gives(value) => drop(json.insert("gives".into(), value)),
            Place::Kept(field, value) => drop(kept.insert(field.into(), value)),
            Place::Look(field, value) => drop(expect.insert(field.into(), value)),
            Place::List(field, item) => {
                let list = expect.entry(field).or_insert_with(|| Value::Array(Vec::new()));
                if let (Value::Array(list), Some(item)) = (list, item) {
                    list.push(item);
                }
            }
            Place::Tally(field, value) => {
                let last = expect.get_mut("transitions").and_then(Value::as_array_mut).and_then(|list| list.last_mut());
                if let Some(change) = last {
                    match field {
                        "window" => change["tally"]["window"] = value,
                        _ => change[field] = value,
                    }
                }
            }
            Place::Nowhere => {}
        }
    }
    if !kept.is_empty() {
        json.insert("gives".into(), kept.into());
    }
    if !expect.is_empty() {
        json.insert("expect".into(), expect.into());
    }
    Value::Object(json)
}

fn action(action: &Action<'_>) -> Vec<(&'static str, Value)> {
    let plain = |name: &str| vec![("do", name.into())];
    let permit = |name: &str, slot: &u8| vec![("do", name.into()), ("permit", format!("p{slot}").into())];
    let keep = |name: &str, slot: &u8| vec![("do", name.into()), ("snapshot", format!("s{slot}").into())];
    let time = |name: &str, ms: u64| vec![("do", name.into()), ("ms", ms.into())];
    match action {
        Action::Look => Vec::new(),
        Action::AllowRequest => plain("allow_request"),
        Action::Record(outcome) => plain(record(*outcome)),
        Action::RecordAfter(outcome, ms) => time(record(*outcome), (*ms).into()),
        Action::Acquire(slot) => permit("try_acquire", slot),
        Action::Settle(slot, Outcome::Success) => permit("success", slot),
        Action::Settle(slot, Outcome::Failure) => permit("failure", slot),
        Action::Settle(slot, Outcome::Ignored) => permit("ignore", slot),
        Action::Drop(slot) => permit("drop", slot),
        Action::Command(Command::Trip) => plain("trip"),
        Action::Command(Command::Isolate) => plain("isolate"),
        Action::Command(Command::Disable) => plain("disable"),
        Action::Command(Command::Shadow) => plain("shadow"),
        Action::Command(Command::Reset) => plain("reset"),
        Action::HoldOpen(ms) => time("hold_open", (*ms).into()),
        Action::SetRandom(number) => vec![("do", "set_random".into()), ("number", (*number).into())],
        Action::Advance(ms) => time("advance", (*ms).into()),
        Action::SetClock(ms) => time("set_clock", ms.get()),
        Action::Snapshot(slot) => keep("snapshot", slot),
        Action::Restore(slot) => keep("restore", slot),
        Action::RestoreText(text) => vec![("do", "restore".into()), ("text", text_json(text))],
        Action::Restart(ms, setup) => {
            let mut fields = time("restart", ms.get());
            fields.extend(setup.map(|setup| ("by", json!(setup.by))));
            fields.extend(setup.map(|setup| ("config", config(setup))));
            fields
        }
    }
}

const fn record(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Success => "record_success",
        Outcome::Failure => "record_failure",
        Outcome::Ignored => "record_ignored",
    }
}

enum Place {
    Gives(Value),
    Kept(&'static str, Value),
    Look(&'static str, Value),
    List(&'static str, Option<Value>),
    /// Of the last one in the list of transitions.
    Tally(&'static str, Value),
    Nowhere,
}

fn place(fact: &Fact<'_>) -> Place {
    match fact {
        Fact::Allowed(allowed) => Place::Gives((*allowed).into()),
        Fact::Admitted => Place::Gives("admitted".into()),
        Fact::Refused(refusal) => {
            Place::Gives(json!({ "refused": refusal.state, "retry_after_ms": refusal.retry_after_ms }))
        }
        Fact::Receipt(receipt) => Place::Gives(json!(receipt)),
        Fact::Restored => Place::Gives("restored".into()),
        Fact::NotRestored(text) => Place::Gives(json!({ "not_restored": text })),
        Fact::State(state) => Place::Look("state", json!(state)),
        Fact::Mode(mode) => Place::Look("mode", json!(mode)),
        Fact::WouldAllow(would) => Place::Look("would_allow", json!(would)),
        Fact::RetryAfter(ms) => Place::Look("retry_after_ms", json!(ms)),
        Fact::FailureCount(count) => Place::Look("failure_count", json!(count)),
        Fact::LastFailure(at) => Place::Look("last_failure_time", json!(at.map(|at| at.get()))),
        Fact::Generation(generation) => Place::Look("generation", json!(generation)),
        Fact::Reopenings(reopenings) => Place::Look("reopenings", json!(reopenings)),
        Fact::Tally(counted) => Place::Tally("tally", json!(counted.map(counted_json))),
        Fact::Over(window) => Place::Tally("window", json!(window)),
        Fact::Transition(change) => Place::List("transitions", change.map(change_json)),
        Fact::Told(told) => Place::List("refusals", told.map(told_json)),
        Fact::Late(receipt) => Place::List("late", receipt.map(|receipt| json!(receipt))),
        Fact::KeptState(state) => Place::Kept("state", json!(state)),
        Fact::KeptMode(mode) => Place::Kept("mode", json!(mode)),
        Fact::KeptFailureCount(count) => Place::Kept("failure_count", json!(count)),
        Fact::KeptRemaining(ms) => Place::Kept("remaining_ms", json!(ms)),
        Fact::KeptLastFailureAgo(ago) => Place::Kept("last_failure_ago_ms", json!(ago.map(|ago| ago.get()))),
        Fact::KeptReopenings(reopenings) => Place::Kept("reopenings", json!(reopenings)),
        Fact::KeptProbeFailures(failures) => Place::Kept("probe_failures", json!(failures)),
        Fact::KeptRampLeft(ms) => Place::Kept("ramp_left_ms", json!(ms)),
        Fact::KeptText(text) => Place::Kept("text", text_json(text)),
        Fact::Silent | Fact::Accepted(_) => Place::Nowhere,
    }
}

fn change_json(change: Change) -> Value {
    let optional: [(&str, Option<Value>); 4] = [
        ("mode", change.mode.map(|mode| json!(mode))),
        ("failure_count", change.failure_count.map(Value::from)),
        ("successes", change.successes.map(Value::from)),
        ("generation", change.generation.map(Value::from)),
    ];
    let mut json = json!({ "from": change.from, "to": change.to, "reason": change.reason });
    for (field, value) in optional {
        if let Some(value) = value {
            json[field] = value;
        }
    }
    json
}

fn counted_json(counted: Counted) -> Value {
    json!({ "calls": counted.calls, "failures": counted.failures, "slow_calls": counted.slow_calls })
}

fn told_json(told: Told) -> Value {
    json!({ "state": told.state, "retry_after_ms": told.retry_after_ms, "shadow": told.shadow })
}

fn text_json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.into()))
}
