//! What is expected of a step: answers and looks.

use std::borrow::ToOwned;
use std::format;
use std::string::ToString;
use std::vec::Vec;

use halfopen::{Outcome, Receipt};
use serde_json::Value;

use super::read::JsonError;
use super::schema::{ChangeJson, ExpectJson, KeptJson};
use super::text::leak;
use crate::fact::{Change, Counted, Fact, Told};
use crate::vector::Millis;

/// As many as a [`Recorder`](crate::Recorder) keeps, and one less.
const MOST_TOLD: usize = 8;

pub(super) fn receipt(
    gives: Option<Value>,
    outcome: Outcome,
    facts: &mut Vec<Fact<'static>>,
) -> Result<Outcome, JsonError> {
    if let Some(gives) = gives {
        facts.push(Fact::Receipt(serde_json::from_value::<Receipt>(gives)?));
    }
    Ok(outcome)
}

pub(super) fn restored(gives: Option<Value>, facts: &mut Vec<Fact<'static>>) -> Result<(), JsonError> {
    let answer = gives.unwrap_or_else(|| "restored".into());
    if answer == "restored" {
        facts.push(Fact::Restored);
        return Ok(());
    }
    let text = answer.get("not_restored").and_then(Value::as_str);
    let text = text.ok_or_else(|| JsonError::new("gives: is neither \"restored\" nor {\"not_restored\": a text}"))?;
    facts.push(Fact::NotRestored(leak(text.to_owned())));
    Ok(())
}

pub(super) fn kept(json: KeptJson, facts: &mut Vec<Fact<'static>>) {
    facts.extend(json.state.map(Fact::KeptState));
    facts.extend(json.mode.map(Fact::KeptMode));
    facts.extend(json.failure_count.map(Fact::KeptFailureCount));
    facts.extend(json.remaining_ms.map(Fact::KeptRemaining));
    facts.extend(json.last_failure_ago_ms.map(|ago| Fact::KeptLastFailureAgo(ago.map(Millis::new))));
    facts.extend(json.reopenings.map(Fact::KeptReopenings));
    facts.extend(json.probe_failures.map(Fact::KeptProbeFailures));
    facts.extend(json.ramp_left_ms.map(Fact::KeptRampLeft));
    facts.extend(json.text.map(|text| Fact::KeptText(leak(text.to_string()))));
}

pub(super) fn look(json: ExpectJson, facts: &mut Vec<Fact<'static>>) -> Result<(), JsonError> {
    facts.extend(json.state.map(Fact::State));
    facts.extend(json.mode.map(Fact::Mode));
    facts.extend(json.would_allow.map(Fact::WouldAllow));
    facts.extend(json.retry_after_ms.map(Fact::RetryAfter));
    facts.extend(json.failure_count.map(Fact::FailureCount));
    facts.extend(json.last_failure_time.map(|at| Fact::LastFailure(at.map(Millis::new))));
    facts.extend(json.generation.map(Fact::Generation));
    facts.extend(json.reopenings.map(Fact::Reopenings));
    if let Some(changes) = json.transitions {
        at_most("transitions", changes.len())?;
        changes.into_iter().for_each(|change| transition(change, facts));
        facts.push(Fact::Transition(None));
    }
    let refusals = json.refusals.map(|refusals| {
        refusals.into_iter().map(|told| Told {
            state: told.state,
            retry_after_ms: told.retry_after_ms,
            shadow: told.shadow,
        })
    });
    told("refusals", refusals, Fact::Told, facts)?;
    told("late", json.late.map(Vec::into_iter), Fact::Late, facts)
}

/// A transition, and what its window held if that is given.
fn transition(change: ChangeJson, facts: &mut Vec<Fact<'static>>) {
    facts.push(Fact::Transition(Some(Change {
        from: change.from,
        to: change.to,
        reason: change.reason,
        mode: change.mode,
        failure_count: change.failure_count,
        successes: change.successes,
        generation: change.generation,
    })));
    match change.tally {
        None => {}
        Some(None) => facts.push(Fact::Tally(None)),
        Some(Some(tally)) => {
            let counted = Counted { calls: tally.calls, failures: tally.failures, slow_calls: tally.slow_calls };
            facts.push(Fact::Tally(Some(counted)));
            facts.extend(tally.window.map(|window| Fact::Over(Some(window))));
        }
    }
}

fn at_most(field: &str, length: usize) -> Result<(), JsonError> {
    if length <= MOST_TOLD {
        return Ok(());
    }
    Err(JsonError::new(format!("expect.{field}: lists more than {MOST_TOLD}")))
}

/// A list of what was told, and that it is the whole of it.
fn told<T>(
    field: &str,
    list: Option<impl ExactSizeIterator<Item = T>>,
    fact: fn(Option<T>) -> Fact<'static>,
    facts: &mut Vec<Fact<'static>>,
) -> Result<(), JsonError> {
    let Some(list) = list else { return Ok(()) };
    at_most(field, list.len())?;
    facts.extend(list.map(|item| fact(Some(item))));
    facts.push(fact(None));
    Ok(())
}
