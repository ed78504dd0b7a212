//! What a wrong shell forgets in a snapshot.

use halfopen::Snapshot;
use serde_json::Value;

use crate::faults::Fault;

pub(super) fn wrong(fault: Fault, kept: &Snapshot) -> Snapshot {
    let mut kept = serde_json::to_value(kept).expect("a snapshot is data");
    let mut forget = |field| kept.as_object_mut().and_then(|fields| fields.remove(field)).map_or((), drop);
    match fault {
        Fault::KeepsNoReopenings => forget("reopenings"),
        Fault::KeepsNoProbeFailures => forget("probe_failures"),
        Fault::KeepsNoRamp => forget("ramp_left_ms"),
        Fault::KeepsNothingOfTheWait => kept["remaining_ms"] = 0.into(),
        Fault::KeepsTheWholeWait if kept["remaining_ms"] != 0 => kept["remaining_ms"] = i32::MAX.into(),
        Fault::KeepsNoCount => kept["failure_count"] = 0.into(),
        Fault::KeepsNoMode => kept["mode"] = "normal".into(),
        Fault::KeepsNoSuccesses => kept["successes"] = 0.into(),
        Fault::KeepsNoLatestFailure => kept["last_failure_ago_ms"] = Value::Null,
        _ => {}
    }
    serde_json::from_value(kept).expect("still a snapshot")
}
