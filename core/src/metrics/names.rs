//! The metrics by name, each with what it means: for exporters, dashboards and tests that want to have them all.
//!
//! ```
//! use halfopen::metrics::names;
//!
//! assert!(names::ALL.iter().all(|metric| metric.name.starts_with("halfopen_circuitbreaker_")));
//! ```

/// One metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Metric {
    /// Its name.
    pub name: &'static str,
    /// Whether it is a counter, which only grows; else a gauge.
    pub counter: bool,
    /// The label that it has beside `name`, if it has one; transitions have `to` and `reason`.
    pub labels: &'static [&'static str],
    /// What it means.
    pub description: &'static str,
}

/// `name`, the label that every metric has: the circuit's name.
pub const NAME: &str = "name";

/// Calls that ended, by how: the label `kind` is `successful`, `failed` or `ignored`.
pub const CALLS: &str = "halfopen_circuitbreaker_calls_total";
/// Calls that took longer than the rule's `slow_call_duration`: `kind` is `successful` or `failed`.
pub const SLOW_CALLS: &str = "halfopen_circuitbreaker_slow_calls_total";
/// Calls that were refused, by why: `reason` is `open`, `half_open`, `ramp_up` or `isolated`.
pub const NOT_PERMITTED_CALLS: &str = "halfopen_circuitbreaker_not_permitted_calls_total";
/// Calls that were let through in shadow mode and would have been refused otherwise.
pub const SHADOWED_CALLS: &str = "halfopen_circuitbreaker_shadowed_calls_total";
/// Outcomes that came too late to count: `kind` is `stale` or `expired`.
pub const LATE_CALLS: &str = "halfopen_circuitbreaker_late_calls_total";
/// 1 for the state that there is, 0 for the others: `state` is `closed`, `open` or `half_open`.
pub const STATE: &str = "halfopen_circuitbreaker_state";
/// 1 for the mode that there is, 0 for the others: `mode` is `normal`, `isolated`, `disabled` or `shadow`.
pub const MODE: &str = "halfopen_circuitbreaker_mode";
/// Changes of state or mode, by the state after (`to`) and why (`reason`).
pub const TRANSITIONS: &str = "halfopen_circuitbreaker_transitions_total";
/// Milliseconds in which the circuit was OPEN, added when that ends. Whole ones, because a counter of `metrics` is whole.
pub const OPEN_MILLISECONDS: &str = "halfopen_circuitbreaker_open_milliseconds_total";

/// All of them.
pub const ALL: &[Metric] = &[
    counter(CALLS, &["kind"], "Calls that ended, by how"),
    counter(SLOW_CALLS, &["kind"], "Calls that took longer than the slow call duration"),
    counter(NOT_PERMITTED_CALLS, &["reason"], "Calls that were refused, by why"),
    counter(SHADOWED_CALLS, &[], "Calls let through in shadow mode that would have been refused otherwise"),
    counter(LATE_CALLS, &["kind"], "Outcomes that came too late to count"),
    gauge(STATE, &["state"], "1 for the state that there is, 0 for the others"),
    gauge(MODE, &["mode"], "1 for the mode that there is, 0 for the others"),
    counter(TRANSITIONS, &["to", "reason"], "Changes of state or mode, by the state after and why"),
    counter(OPEN_MILLISECONDS, &[], "Milliseconds in which the circuit was open, added when that ends"),
];

const fn counter(name: &'static str, labels: &'static [&'static str], description: &'static str) -> Metric {
    Metric { name, counter: true, labels, description }
}

const fn gauge(name: &'static str, labels: &'static [&'static str], description: &'static str) -> Metric {
    Metric { name, counter: false, labels, description }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use std::string::String;

    use super::*;

    #[test]
    fn the_table_in_the_docs_is_the_list_of_metrics() {
        let mut table = String::from("| metric | | labels beside `name` | |\n| --- | --- | --- | --- |\n");
        for Metric { name, counter, labels, description } in ALL {
            let kind = if *counter { "counter" } else { "gauge" };
            let labels: std::vec::Vec<_> = labels.iter().map(|label| std::format!("`{label}`")).collect();
            table += &std::format!("| `{name}` | {kind} | {} | {description} |\n", labels.join(", "));
        }
        assert_eq!(table, include_str!("names.md"));
    }
}
