//! Snapshots in serde's formats.
//!
//! ```
//! use halfopen::{CircuitBreaker, Config, ManualClock, Snapshot};
//!
//! let clock = ManualClock::new();
//! let breaker = CircuitBreaker::with_clock("radio", Config::new(), &clock);
//! let kept = serde_json::to_string(&breaker.snapshot())?;
//! breaker.restore(&serde_json::from_str(&kept)?).unwrap();
//!
//! let error = serde_json::from_str::<Snapshot>(r#"{ "version": 2, "shape": "new" }"#).unwrap_err();
//! assert!(error.to_string().starts_with("snapshot version is 2, must be 1"));
//! # Ok::<(), serde_json::Error>(())
//! ```

use serde::de::{Deserialize, Deserializer, Error};
use serde::ser::{Serialize, Serializer};

use crate::circuit::{CircuitState, Mode};
use crate::snapshot::{MAX_AGO_MS, Snapshot, SnapshotError};

impl Serialize for Snapshot {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Fields::from(*self).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Snapshot {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::try_from(Fields::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

/// A snapshot as it is written, and as it was read before it is checked: wide enough for whatever another version or
/// damage makes of it, so that the error can name the version or the field.
#[derive(serde::Serialize, serde::Deserialize)]
#[serde(rename = "Snapshot")]
struct Fields {
    version: i64,
    #[serde(default)]
    state: Option<StateField>,
    #[serde(default)]
    mode: Option<ModeField>,
    #[serde(default)]
    failure_count: Option<i64>,
    #[serde(default)]
    successes: Option<i64>,
    #[serde(default)]
    remaining_ms: Option<i64>,
    #[serde(default)]
    last_failure_ago_ms: Option<i64>,
    /// Left out where it is 0, as are the two below: most rules know none of them.
    #[serde(default, skip_serializing_if = "is_zero")]
    reopenings: Option<i64>,
    #[serde(default, skip_serializing_if = "is_zero")]
    probe_failures: Option<i64>,
    #[serde(default, skip_serializing_if = "is_zero")]
    ramp_left_ms: Option<i64>,
}

fn is_zero(number: &Option<i64>) -> bool {
    matches!(number, None | Some(0))
}

#[derive(serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
enum StateField {
    Closed,
    Open,
    HalfOpen,
    #[serde(other)]
    Unknown,
}

#[derive(serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
enum ModeField {
    Normal,
    Isolated,
    Disabled,
    Shadow,
    #[serde(other)]
    Unknown,
}

impl From<Snapshot> for Fields {
    fn from(snapshot: Snapshot) -> Self {
        Self {
            version: snapshot.version.into(),
            state: Some(match snapshot.state {
                CircuitState::Closed => StateField::Closed,
                CircuitState::Open => StateField::Open,
                CircuitState::HalfOpen => StateField::HalfOpen,
            }),
            mode: Some(match snapshot.mode {
                Mode::Normal => ModeField::Normal,
                Mode::Isolated => ModeField::Isolated,
                Mode::Disabled => ModeField::Disabled,
                Mode::Shadow => ModeField::Shadow,
            }),
            failure_count: Some(snapshot.failure_count.into()),
            successes: Some(snapshot.successes.into()),
            remaining_ms: Some(snapshot.remaining_ms.into()),
            last_failure_ago_ms: snapshot.last_failure_ago_ms.map(|ago| ago.min(MAX_AGO_MS) as i64),
            reopenings: Some(snapshot.reopenings.into()),
            probe_failures: Some(snapshot.probe_failures.into()),
            ramp_left_ms: Some(snapshot.ramp_left_ms.into()),
        }
    }
}

impl TryFrom<Fields> for Snapshot {
    type Error = SnapshotError;

    fn try_from(fields: Fields) -> Result<Self, SnapshotError> {
        let number = |value: Option<i64>| value.unwrap_or(Self::NO_NUMBER);
        Self::from_numbers(&[
            fields.version,
            number(fields.state.map(|state| state as i64)),
            number(fields.mode.map(|mode| mode as i64)),
            number(fields.failure_count),
            number(fields.successes),
            number(fields.remaining_ms),
            number(fields.last_failure_ago_ms),
            number(fields.reopenings),
            number(fields.probe_failures),
            number(fields.ramp_left_ms),
        ])
    }
}
