//! Snapshots as JSON text.

use std::boxed::Box;
use std::string::{String, ToString};

use halfopen::Snapshot;
use serde_json::Value;

use crate::fact::Fact;
use crate::subject::Subject;

pub(crate) fn restore<'a>(subject: &mut dyn Subject, text: &'a str) -> Fact<'a> {
    // By way of `Value`, so that the error does not end with a line and a column.
    let read = serde_json::from_str::<Value>(text).and_then(serde_json::from_value::<Snapshot>);
    let restored = read
        .map_err(|error| error.to_string())
        .and_then(|snapshot| subject.restore(&snapshot).map_err(|error| error.to_string()));
    match restored {
        Ok(()) => Fact::Restored,
        Err(error) => Fact::NotRestored(leak(error)),
    }
}

pub(crate) fn compare<'a>(kept: &Snapshot, text: &'a str) -> Fact<'a> {
    let written = serde_json::to_value(kept).unwrap_or(Value::Null);
    let same = serde_json::from_str::<Value>(text).is_ok_and(|expected| expected == written);
    Fact::KeptText(if same { text } else { leak(written.to_string()) })
}

/// What only the text of a snapshot shows.
pub(crate) fn look<'a>(kept: &Snapshot, fact: Fact<'a>) -> Fact<'a> {
    let written = serde_json::to_value(kept).unwrap_or(Value::Null);
    let number = |field| written.get(field).and_then(Value::as_u64).unwrap_or(0);
    match fact {
        Fact::KeptProbeFailures(_) => Fact::KeptProbeFailures(number("probe_failures") as u8),
        Fact::KeptRampLeft(_) => Fact::KeptRampLeft(number("ramp_left_ms") as u32),
        _ => Fact::Silent,
    }
}

/// A test program reads and reports a bounded number of texts, once.
pub(crate) fn leak(text: String) -> &'static str {
    Box::leak(text.into_boxed_str())
}
