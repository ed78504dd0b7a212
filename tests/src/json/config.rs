//! Configurations as JSON: what a program would write in the place of one, and back.

use std::borrow::ToOwned;
use std::boxed::Box;
use std::string::String;
use std::time::Duration;
use std::vec::Vec;

use serde_json::{Map, Value};

use super::schema::ConfigJson;
use super::text::leak;
use crate::by::By;
use crate::setting::{Nanos, Setting};
use crate::setup::Setup;

/// What a program would write in the place of this JSON; `None` where the types do not let it.
pub(super) fn setup(by: By, config: &Value) -> Option<Setup<'static>> {
    let json: ConfigJson = serde_json::from_value(config.clone()).ok()?;
    let count = |value: Option<Value>| match value {
        None => Some(None),
        Some(value) => value.as_u64().and_then(|n| u32::try_from(n).ok()).map(Some),
    };
    let seconds = |value: Option<Value>| match value {
        None => Some(None),
        Some(value) => value.as_f64().and_then(|s| Duration::try_from_secs_f64(s).ok()).map(Some),
    };
    let nanos = |value| seconds(value).and_then(|time| time.map_or(Some(None), |time| Nanos::of(time).map(Some)));
    let more = [
        count(json.sliding_window_size)?.map(Setting::SlidingWindowSize),
        nanos(json.sliding_window_seconds)?.map(Setting::SlidingWindow),
        count(json.failure_rate_threshold)?.map(Setting::FailureRateThreshold),
        count(json.minimum_calls)?.map(Setting::MinimumCalls),
        nanos(json.slow_call_duration_seconds)?.map(Setting::SlowCallDuration),
        count(json.slow_call_rate_threshold)?.map(Setting::SlowCallRateThreshold),
        nanos(json.max_recovery_timeout_seconds)?.map(Setting::MaxRecoveryTimeout),
        count(json.recovery_multiplier_percent)?.map(Setting::RecoveryMultiplier),
        count(json.recovery_jitter_percent)?.map(Setting::RecoveryJitter),
        count(json.half_open_trials)?.map(Setting::HalfOpenTrials),
        nanos(json.ramp_up_seconds)?.map(Setting::RampUp),
        count(json.ramp_up_from_percent)?.map(Setting::RampUpFrom),
    ];
    let more: Vec<_> = more.into_iter().flatten().collect();
    Some(Setup {
        by,
        more: Box::leak(more.into_boxed_slice()),
        failure_threshold: count(json.failure_threshold)?,
        recovery_timeout: seconds(json.recovery_timeout_seconds)?,
        success_threshold: count(json.success_threshold)?,
        half_open_max_calls: count(json.half_open_max_calls)?,
        probe_timeout: seconds(json.probe_timeout_seconds)?,
        shared: match json.state_persistence {
            None => false,
            Some(value) => match value.as_str()? {
                "memory" => false,
                "redis" => true,
                _ => return None,
            },
        },
        key_prefix: match json.redis_key_prefix {
            None => None,
            Some(value) => Some(leak(value.as_str()?.to_owned())),
        },
    })
}

/// The fields of a configuration that are given.
pub(super) fn config(setup: &Setup<'_>) -> Value {
    let fields: [(&str, Option<Value>); 7] = [
        ("failure_threshold", setup.failure_threshold.map(Value::from)),
        ("recovery_timeout_seconds", setup.recovery_timeout.map(seconds)),
        ("success_threshold", setup.success_threshold.map(Value::from)),
        ("half_open_max_calls", setup.half_open_max_calls.map(Value::from)),
        ("probe_timeout_seconds", setup.probe_timeout.map(seconds)),
        ("state_persistence", setup.shared.then(|| "redis".into())),
        ("redis_key_prefix", setup.key_prefix.map(Value::from)),
    ];
    let common = fields.into_iter().filter_map(|(name, value)| Some((name, value?)));
    let all = common.chain(setup.more.iter().map(|more| setting(*more)));
    all.map(|(name, value)| (String::from(name), value)).collect::<Map<_, _>>().into()
}

fn setting(setting: Setting) -> (&'static str, Value) {
    let time = |nanos: Nanos| seconds(nanos.get());
    match setting {
        Setting::SlidingWindowSize(calls) => ("sliding_window_size", calls.into()),
        Setting::SlidingWindow(nanos) => ("sliding_window_seconds", time(nanos)),
        Setting::FailureRateThreshold(percent) => ("failure_rate_threshold", percent.into()),
        Setting::MinimumCalls(calls) => ("minimum_calls", calls.into()),
        Setting::SlowCallDuration(nanos) => ("slow_call_duration_seconds", time(nanos)),
        Setting::SlowCallRateThreshold(percent) => ("slow_call_rate_threshold", percent.into()),
        Setting::MaxRecoveryTimeout(nanos) => ("max_recovery_timeout_seconds", time(nanos)),
        Setting::RecoveryMultiplier(percent) => ("recovery_multiplier_percent", percent.into()),
        Setting::RecoveryJitter(percent) => ("recovery_jitter_percent", percent.into()),
        Setting::HalfOpenTrials(probes) => ("half_open_trials", probes.into()),
        Setting::RampUp(nanos) => ("ramp_up_seconds", time(nanos)),
        Setting::RampUpFrom(percent) => ("ramp_up_from_percent", percent.into()),
    }
}

fn seconds(timeout: Duration) -> Value {
    timeout.as_secs_f64().into()
}
