//! The JSON form, field by field. An unknown field is an error everywhere.

use std::string::String;
use std::vec::Vec;

use halfopen::{CircuitState, Mode, Reason, Receipt, Window};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::by::By;
use crate::subject::Capability;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct VectorJson {
    pub(super) name: String,
    pub(super) rule: String,
    #[serde(default)]
    pub(super) needs: Vec<Capability>,
    #[serde(default)]
    pub(super) by: By,
    #[serde(default = "empty")]
    pub(super) config: Value,
    pub(super) steps: Option<Vec<Value>>,
    pub(super) rejected: Option<RejectedJson>,
}

fn empty() -> Value {
    Value::Object(serde_json::Map::new())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RejectedJson {
    pub(super) by_code: Option<String>,
    pub(super) by_text: Option<String>,
}

/// A configuration as it is written, valid or not. Anything that is not representable is left to the library to refuse.
#[derive(Default, Deserialize)]
pub(super) struct ConfigJson {
    pub(super) failure_threshold: Option<Value>,
    pub(super) recovery_timeout_seconds: Option<Value>,
    pub(super) success_threshold: Option<Value>,
    pub(super) half_open_max_calls: Option<Value>,
    pub(super) probe_timeout_seconds: Option<Value>,
    pub(super) state_persistence: Option<Value>,
    pub(super) redis_key_prefix: Option<Value>,
    pub(super) sliding_window_size: Option<Value>,
    pub(super) sliding_window_seconds: Option<Value>,
    pub(super) failure_rate_threshold: Option<Value>,
    pub(super) minimum_calls: Option<Value>,
    pub(super) slow_call_duration_seconds: Option<Value>,
    pub(super) slow_call_rate_threshold: Option<Value>,
    pub(super) max_recovery_timeout_seconds: Option<Value>,
    pub(super) recovery_multiplier_percent: Option<Value>,
    pub(super) recovery_jitter_percent: Option<Value>,
    pub(super) half_open_trials: Option<Value>,
    pub(super) ramp_up_seconds: Option<Value>,
    pub(super) ramp_up_from_percent: Option<Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StepJson {
    #[serde(rename = "do")]
    pub(super) action: Option<ActionName>,
    pub(super) times: Option<u16>,
    pub(super) permit: Option<String>,
    pub(super) snapshot: Option<String>,
    pub(super) text: Option<Value>,
    pub(super) ms: Option<u64>,
    pub(super) number: Option<u32>,
    pub(super) by: Option<By>,
    pub(super) config: Option<Value>,
    pub(super) gives: Option<Value>,
    pub(super) expect: Option<ExpectJson>,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub(super) enum ActionName {
    AllowRequest,
    RecordSuccess,
    RecordFailure,
    RecordIgnored,
    TryAcquire,
    Success,
    Failure,
    Ignore,
    Drop,
    Trip,
    Isolate,
    Disable,
    Shadow,
    Reset,
    HoldOpen,
    SetRandom,
    Advance,
    SetClock,
    Snapshot,
    Restore,
    Restart,
}

/// What is looked at after an action, in this order.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ExpectJson {
    pub(super) state: Option<CircuitState>,
    pub(super) mode: Option<Mode>,
    pub(super) would_allow: Option<bool>,
    #[serde(default, deserialize_with = "given")]
    pub(super) retry_after_ms: Option<Option<u32>>,
    pub(super) failure_count: Option<u16>,
    #[serde(default, deserialize_with = "given")]
    pub(super) last_failure_time: Option<Option<u64>>,
    pub(super) generation: Option<u16>,
    pub(super) reopenings: Option<u8>,
    pub(super) transitions: Option<Vec<ChangeJson>>,
    pub(super) refusals: Option<Vec<ToldJson>>,
    pub(super) late: Option<Vec<Receipt>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ChangeJson {
    pub(super) from: CircuitState,
    pub(super) to: CircuitState,
    pub(super) reason: Reason,
    pub(super) mode: Option<Mode>,
    pub(super) failure_count: Option<u16>,
    pub(super) successes: Option<u8>,
    pub(super) generation: Option<u16>,
    #[serde(default, deserialize_with = "given")]
    pub(super) tally: Option<Option<TallyJson>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TallyJson {
    pub(super) calls: u16,
    pub(super) failures: u16,
    #[serde(default)]
    pub(super) slow_calls: u16,
    pub(super) window: Option<Window>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ToldJson {
    pub(super) state: CircuitState,
    pub(super) retry_after_ms: Option<u32>,
    #[serde(default)]
    pub(super) shadow: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RefusedJson {
    pub(super) refused: CircuitState,
    pub(super) retry_after_ms: Option<u32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct KeptJson {
    pub(super) state: Option<CircuitState>,
    pub(super) mode: Option<Mode>,
    pub(super) failure_count: Option<u16>,
    pub(super) remaining_ms: Option<u32>,
    #[serde(default, deserialize_with = "given")]
    pub(super) last_failure_ago_ms: Option<Option<u64>>,
    pub(super) reopenings: Option<u8>,
    pub(super) probe_failures: Option<u8>,
    pub(super) ramp_left_ms: Option<u32>,
    pub(super) text: Option<Value>,
}

/// Tells `null` from a field that is not there.
fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}
