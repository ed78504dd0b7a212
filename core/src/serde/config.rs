//! The configuration in serde's formats, by the contract's field names.
//!
//! Fields that are missing have their defaults, unknown ones are errors, and values are checked as they are read.
//!
//! ```
//! use halfopen::Config;
//!
//! let config: Config = serde_json::from_str(r#"{ "failure_threshold": 3, "recovery_timeout_seconds": 0.5 }"#)?;
//! assert_eq!(config.validate().unwrap().recovery_timeout_ms(), 500);
//!
//! let error = serde_json::from_str::<Config>(r#"{ "failure_threshold": -1 }"#).unwrap_err();
//! assert!(error.to_string().starts_with("failure_threshold is -1, must be 1 to 1023"));
//! # Ok::<(), serde_json::Error>(())
//! ```

use core::fmt;
use core::time::Duration;

use serde::de::{Deserialize, Deserializer, Error, Visitor};
use serde::ser::{Serialize, Serializer};

use crate::config::{CircuitBreakerConfiguration, Extras, MAX_WINDOW_MS, StatePersistence};
use crate::prefix::KeyPrefix;
use crate::state::{MAX_COUNT, MAX_IN_FLIGHT, MAX_SUCCESSES};
use crate::time::MAX_INTERVAL_MS;

/// The fields as they are written. Counts are signed, so that a negative one is told with its field and range.
#[derive(serde::Serialize, serde::Deserialize)]
#[serde(rename = "CircuitBreakerConfiguration", expecting = "the fields of a circuit", deny_unknown_fields, default)]
struct Fields {
    failure_threshold: i64,
    recovery_timeout_seconds: f64,
    success_threshold: i64,
    half_open_max_calls: i64,
    probe_timeout_seconds: Option<f64>,
    state_persistence: StatePersistence,
    redis_key_prefix: KeyPrefix,
    // What only some rules know is left out where nothing was said.
    #[serde(skip_serializing_if = "Option::is_none")]
    sliding_window_size: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sliding_window_seconds: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure_rate_threshold: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    minimum_calls: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    slow_call_duration_seconds: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    slow_call_rate_threshold: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_recovery_timeout_seconds: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    recovery_multiplier_percent: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    recovery_jitter_percent: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    half_open_trials: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ramp_up_seconds: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ramp_up_from_percent: Option<i64>,
}

impl Default for Fields {
    fn default() -> Self {
        Self::from(&CircuitBreakerConfiguration::new())
    }
}

impl From<&CircuitBreakerConfiguration> for Fields {
    fn from(config: &CircuitBreakerConfiguration) -> Self {
        let (failures, recovery, successes, probes, lease) = config.fields();
        Self {
            failure_threshold: failures.into(),
            recovery_timeout_seconds: recovery.as_secs_f64(),
            success_threshold: successes.into(),
            half_open_max_calls: probes.into(),
            probe_timeout_seconds: lease.map(as_seconds),
            state_persistence: config.persistence(),
            redis_key_prefix: *config.key_prefix(),
            sliding_window_size: config.extras.sliding_window_size.map(i64::from),
            sliding_window_seconds: config.extras.sliding_window.map(as_seconds),
            failure_rate_threshold: config.extras.failure_rate_threshold.map(i64::from),
            minimum_calls: config.extras.minimum_calls.map(i64::from),
            slow_call_duration_seconds: config.extras.slow_call_duration.map(as_seconds),
            slow_call_rate_threshold: config.extras.slow_call_rate_threshold.map(i64::from),
            max_recovery_timeout_seconds: config.extras.max_recovery_timeout.map(as_seconds),
            recovery_multiplier_percent: config.extras.recovery_multiplier.map(i64::from),
            recovery_jitter_percent: config.extras.recovery_jitter.map(i64::from),
            half_open_trials: config.extras.half_open_trials.map(i64::from),
            ramp_up_seconds: config.extras.ramp_up.map(as_seconds),
            ramp_up_from_percent: config.extras.ramp_up_from.map(i64::from),
        }
    }
}

fn as_seconds(interval: Duration) -> f64 {
    interval.as_secs_f64()
}

impl Serialize for CircuitBreakerConfiguration {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Fields::from(self).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for CircuitBreakerConfiguration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let fields = Fields::deserialize(deserializer)?;
        let mut config = Self::new()
            .failure_threshold(count("failure_threshold", fields.failure_threshold, MAX_COUNT.into())?)
            .recovery_timeout(seconds("recovery_timeout_seconds", fields.recovery_timeout_seconds)?)
            .success_threshold(count("success_threshold", fields.success_threshold, MAX_SUCCESSES.into())?)
            .half_open_max_calls(count("half_open_max_calls", fields.half_open_max_calls, MAX_IN_FLIGHT.into())?)
            .state_persistence(fields.state_persistence)
            .redis_key_prefix(fields.redis_key_prefix.as_str());
        if let Some(lease) = fields.probe_timeout_seconds {
            config = config.probe_timeout(seconds("probe_timeout_seconds", lease)?);
        }
        config.extras = Extras {
            sliding_window_size: whole("sliding_window_size", fields.sliding_window_size, "1 to 1024")?,
            sliding_window: some_seconds_to(MAX_WINDOW_MS, "sliding_window_seconds", fields.sliding_window_seconds)?,
            failure_rate_threshold: whole("failure_rate_threshold", fields.failure_rate_threshold, "1 to 100")?,
            minimum_calls: whole("minimum_calls", fields.minimum_calls, "1 to 65535")?,
            slow_call_duration: some_seconds("slow_call_duration_seconds", fields.slow_call_duration_seconds)?,
            slow_call_rate_threshold: whole("slow_call_rate_threshold", fields.slow_call_rate_threshold, "1 to 100")?,
            max_recovery_timeout: some_seconds("max_recovery_timeout_seconds", fields.max_recovery_timeout_seconds)?,
            recovery_multiplier: whole(
                "recovery_multiplier_percent",
                fields.recovery_multiplier_percent,
                "100 to 1000",
            )?,
            recovery_jitter: whole("recovery_jitter_percent", fields.recovery_jitter_percent, "0 to 100")?,
            half_open_trials: whole("half_open_trials", fields.half_open_trials, "1 to 15")?,
            ramp_up: some_seconds("ramp_up_seconds", fields.ramp_up_seconds)?,
            ramp_up_from: whole("ramp_up_from_percent", fields.ramp_up_from_percent, "1 to 100")?,
        };
        // Which rule it is for is only known when a breaker is made.
        config.check_for_some_rule().map_err(D::Error::custom)?;
        Ok(config)
    }
}

/// A number whose range is told by the check that knows the other fields, unless it is no number of things at all.
fn whole<E: Error>(field: &str, value: Option<i64>, range: &str) -> Result<Option<u32>, E> {
    let number =
        |value| u32::try_from(value).map_err(|_| E::custom(format_args!("{field} is {value}, must be {range}")));
    value.map(number).transpose()
}

fn some_seconds<E: Error>(field: &str, value: Option<f64>) -> Result<Option<Duration>, E> {
    some_seconds_to(MAX_INTERVAL_MS, field, value)
}

fn some_seconds_to<E: Error>(max_ms: u32, field: &str, value: Option<f64>) -> Result<Option<Duration>, E> {
    value.map(|value| seconds_to(max_ms, field, value)).transpose()
}

fn count<E: Error>(field: &str, value: i64, max: u32) -> Result<u32, E> {
    match u32::try_from(value) {
        Ok(count) if (1..=max).contains(&count) => Ok(count),
        _ => Err(E::custom(format_args!("{field} is {value}, must be 1 to {max}"))),
    }
}

fn seconds<E: Error>(field: &str, value: f64) -> Result<Duration, E> {
    seconds_to(MAX_INTERVAL_MS, field, value)
}

fn seconds_to<E: Error>(max_ms: u32, field: &str, value: f64) -> Result<Duration, E> {
    let max = Duration::from_millis(max_ms.into());
    match Duration::try_from_secs_f64(value) {
        Ok(timeout) if !timeout.is_zero() && timeout <= max => Ok(timeout),
        _ => Err(E::custom(format_args!("{field} is {value}, must be 0.001 to {}", max.as_secs_f64()))),
    }
}

impl Serialize for KeyPrefix {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for KeyPrefix {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl Visitor<'_> for Text {
            type Value = KeyPrefix;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "a text of 1 to {} bytes", KeyPrefix::MAX)
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<KeyPrefix, E> {
                if text.is_empty() || text.len() > KeyPrefix::MAX {
                    let max = KeyPrefix::MAX;
                    return Err(E::custom(format_args!(
                        "redis_key_prefix is {} bytes, must be 1 to {max} bytes",
                        text.len()
                    )));
                }
                Ok(KeyPrefix::new(text))
            }
        }
        deserializer.deserialize_str(Text)
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use std::string::ToString;

    use super::*;

    #[test]
    fn the_contract_s_five_fields_are_written_and_read_by_their_names() {
        let json = r#"{
            "failure_threshold": 7, "recovery_timeout_seconds": 12.5, "success_threshold": 2,
            "state_persistence": "memory", "redis_key_prefix": "cb:"
        }"#;
        let config: CircuitBreakerConfiguration = serde_json::from_str(json).unwrap();
        let written = serde_json::to_value(config).unwrap();
        for (field, value) in serde_json::from_str::<serde_json::Value>(json).unwrap().as_object().unwrap() {
            assert_eq!(&written[field], value, "{field}");
        }
        assert_eq!(serde_json::from_value::<CircuitBreakerConfiguration>(written).unwrap(), config);
    }

    #[test]
    fn the_fields_of_some_rules_are_written_where_they_were_given() {
        let json = r#"{
            "sliding_window_size": 20, "failure_rate_threshold": 40, "minimum_calls": 5,
            "slow_call_duration_seconds": 1.5, "slow_call_rate_threshold": 80, "max_recovery_timeout_seconds": 600.0,
            "recovery_multiplier_percent": 200, "recovery_jitter_percent": 20, "half_open_trials": 3,
            "ramp_up_seconds": 10.0, "ramp_up_from_percent": 5
        }"#;
        let config: CircuitBreakerConfiguration = serde_json::from_str(json).unwrap();
        let written = serde_json::to_value(config).unwrap();
        for (field, value) in serde_json::from_str::<serde_json::Value>(json).unwrap().as_object().unwrap() {
            assert_eq!(&written[field], value, "{field}");
        }
        assert!(crate::rules::Adaptive::<crate::rules::CountWindow<20>>::try_with(config).is_ok());
        let over_time: CircuitBreakerConfiguration =
            serde_json::from_str(r#"{"sliding_window_seconds": 10, "minimum_calls": 5000}"#).unwrap();
        assert!(crate::rules::TimeWindow::<10>::try_with(over_time).is_ok());
    }

    #[test]
    fn nothing_given_means_the_defaults() {
        let config: CircuitBreakerConfiguration = serde_json::from_str("{}").unwrap();
        assert_eq!(config, CircuitBreakerConfiguration::new());
    }

    #[test]
    fn bad_input_is_told_with_its_field_its_value_and_its_range() {
        for (json, text) in [
            (r#"{"failure_threshold": 0}"#, "failure_threshold is 0, must be 1 to 1023"),
            (r#"{"success_threshold": -3}"#, "success_threshold is -3, must be 1 to 63"),
            (r#"{"half_open_max_calls": 99}"#, "half_open_max_calls is 99, must be 1 to 15"),
            (r#"{"recovery_timeout_seconds": -0.5}"#, "recovery_timeout_seconds is -0.5, must be 0.001 to 2147483.647"),
            (r#"{"recovery_timeout_seconds": 0}"#, "recovery_timeout_seconds is 0, must be 0.001 to 2147483.647"),
            (r#"{"probe_timeout_seconds": 1e300}"#, "must be 0.001 to 2147483.647"),
            (r#"{"redis_key_prefix": ""}"#, "redis_key_prefix is 0 bytes, must be 1 to 63 bytes"),
            (r#"{"failure_rate_threshold": 101}"#, "failure_rate_threshold is 101, must be 1 to 100"),
            (r#"{"failure_rate_threshold": -1}"#, "failure_rate_threshold is -1, must be 1 to 100"),
            (r#"{"sliding_window_size": 0}"#, "sliding_window_size is 0, must be 1 to 1024"),
            (r#"{"sliding_window_size": 10, "minimum_calls": 11}"#, "minimum_calls is 11, must be 1 to 10"),
            (r#"{"sliding_window_seconds": 0}"#, "sliding_window_seconds is 0, must be 0.001 to 604800"),
            (r#"{"slow_call_rate_threshold": 0}"#, "slow_call_rate_threshold is 0, must be 1 to 100"),
            (
                r#"{"max_recovery_timeout_seconds": 10}"#,
                "max_recovery_timeout_seconds is 10, must be 30 to 2147483.647",
            ),
            (r#"{"recovery_multiplier_percent": 99}"#, "recovery_multiplier_percent is 99, must be 100 to 1000"),
            (r#"{"recovery_jitter_percent": 101}"#, "recovery_jitter_percent is 101, must be 0 to 100"),
            (r#"{"success_threshold": 4, "half_open_trials": 3}"#, "half_open_trials is 3, must be 4 to 15"),
            (r#"{"ramp_up_from_percent": 0}"#, "ramp_up_from_percent is 0, must be 1 to 100"),
            (r#"{"state_persistence": "disk"}"#, "unknown variant `disk`, expected `memory` or `redis`"),
            (r#"{"failure_treshold": 5}"#, "unknown field `failure_treshold`"),
            ("5", "invalid type: integer `5`, expected the fields of a circuit"),
        ] {
            let error = serde_json::from_str::<CircuitBreakerConfiguration>(json).unwrap_err().to_string();
            assert!(error.contains(text), "{json}: {error}");
        }
    }
}
