//! The steps of one vector: which fields an action takes, and which slot a name stands for.

use std::boxed::Box;
use std::format;
use std::string::{String, ToString};
use std::vec::Vec;

use halfopen::{Outcome, Refusal};
use serde_json::Value;

use super::config::setup;
use super::looks::{kept, look, receipt, restored};
use super::read::JsonError;
use super::schema::{ActionName, ExpectJson, RefusedJson, StepJson};
use super::text::leak;
use crate::fact::Fact;
use crate::setup::Setup;
use crate::vector::{Action, Command, Millis, PERMITS, SNAPSHOTS, Step};

/// Reads steps in order, for a permit is named before it is used.
pub(super) struct Reader {
    /// Of the breaker that there is at this step.
    setup: Setup<'static>,
    permits: [Option<String>; PERMITS],
    snapshots: [Option<String>; SNAPSHOTS],
}

impl Reader {
    pub(super) fn new(setup: Setup<'static>) -> Self {
        Self { setup, permits: Default::default(), snapshots: Default::default() }
    }

    pub(super) fn read(mut self, steps: Vec<Value>) -> Result<&'static [Step<'static>], JsonError> {
        let mut all = Vec::new();
        for (index, value) in steps.into_iter().enumerate() {
            let step = serde_json::from_value(value).map_err(JsonError::from).and_then(|json| self.step(json));
            all.push(step.map_err(|error| error.within(&format!("step {index}")))?);
        }
        if all.iter().all(|step: &Step<'_>| step.facts.is_empty()) {
            return Err(JsonError::new("nothing is expected"));
        }
        Ok(Box::leak(all.into_boxed_slice()))
    }

    fn step(&mut self, mut json: StepJson) -> Result<Step<'static>, JsonError> {
        let times = json.times.take();
        let expect = json.expect.take();
        let name = json.action;
        self.check_rule(name, expect.as_ref())?;
        let mut facts = Vec::new();
        let action = match name {
            Some(name) => self.action(name, &mut json, &mut facts)?,
            None => Action::Look,
        };
        let left = [
            ("permit", json.permit.is_some()),
            ("snapshot", json.snapshot.is_some()),
            ("text", json.text.is_some()),
            ("ms", json.ms.is_some()),
            ("number", json.number.is_some()),
            ("by", json.by.is_some()),
            ("config", json.config.is_some()),
            ("gives", json.gives.is_some()),
            ("times", times.is_some() && (name.is_none() || json_is_single(&action))),
            ("expect", expect.is_some() && matches!(action, Action::Restart(..))),
        ];
        if let Some((field, _)) = left.into_iter().find(|(_, surplus)| *surplus) {
            return Err(JsonError::new(format!("{field}: does not belong here")));
        }
        if times == Some(0) {
            return Err(JsonError::new("times: is 0"));
        }
        let answers = facts.len();
        if let Some(expect) = expect {
            look(expect, &mut facts)?;
            if facts.len() == answers {
                return Err(JsonError::new("expect: is empty"));
            }
        } else if name.is_none() {
            return Err(JsonError::new("neither do nor expect is given"));
        }
        Ok(Step { action, times: times.unwrap_or(1), facts: Box::leak(facts.into_boxed_slice()) })
    }

    fn action(
        &mut self,
        name: ActionName,
        json: &mut StepJson,
        facts: &mut Vec<Fact<'static>>,
    ) -> Result<Action<'static>, JsonError> {
        let gives = json.gives.take();
        Ok(match name {
            ActionName::AllowRequest => {
                if let Some(gives) = gives {
                    facts.push(Fact::Allowed(serde_json::from_value(gives)?));
                }
                Action::AllowRequest
            }
            ActionName::RecordSuccess => record(json, receipt(gives, Outcome::Success, facts)?)?,
            ActionName::RecordFailure => record(json, receipt(gives, Outcome::Failure, facts)?)?,
            ActionName::RecordIgnored => record(json, receipt(gives, Outcome::Ignored, facts)?)?,
            ActionName::TryAcquire => {
                let slot = self.new_permit(json)?;
                match gives {
                    None => facts.push(Fact::Admitted),
                    Some(Value::String(text)) if text == "admitted" => facts.push(Fact::Admitted),
                    Some(gives) => {
                        let RefusedJson { refused, retry_after_ms } = serde_json::from_value(gives)?;
                        facts.push(Fact::Refused(Refusal { state: refused, retry_after_ms }));
                        self.permits[slot] = None;
                    }
                }
                Action::Acquire(slot as u8)
            }
            ActionName::Success => Action::Settle(self.used_permit(json)?, receipt(gives, Outcome::Success, facts)?),
            ActionName::Failure => Action::Settle(self.used_permit(json)?, receipt(gives, Outcome::Failure, facts)?),
            ActionName::Ignore => Action::Settle(self.used_permit(json)?, receipt(gives, Outcome::Ignored, facts)?),
            ActionName::Snapshot => {
                if let Some(gives) = gives {
                    kept(serde_json::from_value(gives)?, facts);
                }
                Action::Snapshot(self.snapshot(json, true)?)
            }
            ActionName::Restore => {
                restored(gives, facts)?;
                match json.text.take() {
                    Some(text) => Action::RestoreText(leak(text.to_string())),
                    None => Action::Restore(self.snapshot(json, false)?),
                }
            }
            other => {
                json.gives = gives;
                self.silent(other, json)?
            }
        })
    }

    /// The actions that give no answer.
    fn silent(&mut self, name: ActionName, json: &mut StepJson) -> Result<Action<'static>, JsonError> {
        Ok(match name {
            ActionName::Trip => Action::Command(Command::Trip),
            ActionName::Isolate => Action::Command(Command::Isolate),
            ActionName::Disable => Action::Command(Command::Disable),
            ActionName::Shadow => Action::Command(Command::Shadow),
            ActionName::Reset => Action::Command(Command::Reset),
            ActionName::Drop => Action::Drop(self.used_permit(json)?),
            ActionName::HoldOpen => Action::HoldOpen(short(ms(json)?)?),
            ActionName::SetRandom => {
                Action::SetRandom(json.number.take().ok_or_else(|| JsonError::new("number: is missing"))?)
            }
            ActionName::Advance => Action::Advance(short(ms(json)?)?),
            ActionName::SetClock => Action::SetClock(Millis::new(ms(json)?)),
            ActionName::Restart => {
                self.permits = Default::default();
                let changed = json.config.is_some() || json.by.is_some();
                let by = json.by.take().unwrap_or(self.setup.by);
                self.setup = match json.config.take() {
                    None => Setup { by, ..self.setup },
                    Some(config) => {
                        serde_json::from_value::<halfopen::Config>(config.clone())?;
                        setup(by, &config).ok_or_else(|| JsonError::new("config: is not of the right types"))?
                    }
                };
                let setup = changed.then(|| &*Box::leak(Box::new(self.setup)));
                Action::Restart(Millis::new(ms(json)?), setup)
            }
            other => return Err(JsonError::new(format!("{other:?} gives an answer"))),
        })
    }

    /// What only a rule whose way back adapts has.
    fn check_rule(&self, name: Option<ActionName>, expect: Option<&ExpectJson>) -> Result<(), JsonError> {
        let adaptive = self.setup.by.is_adaptive();
        let field = match name {
            Some(ActionName::HoldOpen) => "hold_open",
            Some(ActionName::SetRandom) => "set_random",
            _ if expect.is_some_and(|expect| expect.reopenings.is_some()) => "reopenings",
            _ => return Ok(()),
        };
        if adaptive { Ok(()) } else { Err(JsonError::new(format!("{field}: by is no adaptive rule"))) }
    }

    fn new_permit(&mut self, json: &mut StepJson) -> Result<usize, JsonError> {
        let name = json.permit.take().ok_or_else(|| JsonError::new("permit: is missing"))?;
        if self.permits.contains(&Some(name.clone())) {
            return Err(JsonError::new(format!("permit: \"{name}\" is still held")));
        }
        let free = self.permits.iter().position(Option::is_none);
        let slot = free.ok_or_else(|| JsonError::new(format!("permit: more than {PERMITS} are held")))?;
        self.permits[slot] = Some(name);
        Ok(slot)
    }

    fn used_permit(&mut self, json: &mut StepJson) -> Result<u8, JsonError> {
        let name = json.permit.take().ok_or_else(|| JsonError::new("permit: is missing"))?;
        let held = self.permits.iter().position(|held| held.as_deref() == Some(&name));
        let slot = held.ok_or_else(|| JsonError::new(format!("permit: \"{name}\" is not held")))?;
        self.permits[slot] = None;
        Ok(slot as u8)
    }

    fn snapshot(&mut self, json: &mut StepJson, new: bool) -> Result<u8, JsonError> {
        let name = json.snapshot.take().ok_or_else(|| JsonError::new("snapshot: is missing"))?;
        let known = self.snapshots.iter().position(|kept| kept.as_deref() == Some(&name));
        let slot = known.or_else(|| self.snapshots.iter().position(|kept| new && kept.is_none()));
        let slot = slot.ok_or_else(|| JsonError::new(format!("snapshot: \"{name}\" is not kept, or has no room")))?;
        self.snapshots[slot] = Some(name);
        Ok(slot as u8)
    }
}

/// Whether an action is done once: a second time would need another permit or snapshot.
fn json_is_single(action: &Action<'_>) -> bool {
    matches!(
        action,
        Action::Acquire(_) | Action::Settle(..) | Action::Drop(_) | Action::Snapshot(_) | Action::Restart(..)
    )
}

/// A bare outcome, with or without the time that its call took.
fn record(json: &mut StepJson, outcome: Outcome) -> Result<Action<'static>, JsonError> {
    Ok(match json.ms.take() {
        None => Action::Record(outcome),
        Some(ms) => Action::RecordAfter(outcome, short(ms)?),
    })
}

fn short(ms: u64) -> Result<u32, JsonError> {
    u32::try_from(ms).map_err(|_| JsonError::new("ms: a time that passes is at most 4294967295"))
}

fn ms(json: &mut StepJson) -> Result<u64, JsonError> {
    json.ms.take().ok_or_else(|| JsonError::new("ms: is missing"))
}
