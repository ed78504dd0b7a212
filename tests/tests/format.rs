//! The format: mistakes are told precisely, and nothing is lost on the way to another language.

mod common;

use common::vectors;
use conformance::{Action, Body, By, Setting, Setup, parse, to_json, to_rust};

const STEPS: &str = r#""steps": [{ "do": "trip", "expect": { "state": "open" } }]"#;

fn error(fields: &str) -> String {
    let text = format!(r#"[{{ "name": "a name", "rule": "trip", {fields} }}]"#);
    let error = parse(&text).map(|_| ()).expect_err(fields).to_string();
    error.strip_prefix("vector 0 \"a name\": ").unwrap_or_else(|| panic!("no place in: {error}")).to_owned()
}

fn step_error(step: &str) -> String {
    error(&format!(r#""steps": [{{ "do": "trip", "expect": {{ "state": "open" }} }}, {step}]"#))
}

#[test]
fn an_unknown_field_is_an_error_wherever_it_stands() {
    assert!(error(&format!(r#""nmae": 1, {STEPS}"#)).starts_with("unknown field `nmae`"));
    assert!(error(&format!(r#""config": {{ "failure_treshold": 1 }}, {STEPS}"#)).starts_with("config: unknown field"));
    assert!(step_error(r#"{ "do": "trip", "tmies": 2 }"#).starts_with("step 1: unknown field `tmies`"));
    assert!(step_error(r#"{ "expect": { "stat": "open" } }"#).starts_with("step 1: unknown field `stat`"));
    assert!(step_error(r#"{ "do": "tripp" }"#).starts_with("step 1: unknown variant `tripp`"));
}

#[test]
fn a_field_that_does_not_belong_to_its_action_is_an_error() {
    assert_eq!(step_error(r#"{ "do": "trip", "ms": 2 }"#), "step 1: ms: does not belong here");
    assert_eq!(step_error(r#"{ "do": "trip", "gives": true }"#), "step 1: gives: does not belong here");
    assert_eq!(step_error(r#"{ "times": 2, "expect": { "mode": "normal" } }"#), "step 1: times: does not belong here");
    assert_eq!(step_error(r#"{ "do": "trip", "times": 0 }"#), "step 1: times: is 0");
    assert_eq!(
        step_error(r#"{ "do": "try_acquire", "permit": "a", "times": 2 }"#),
        "step 1: times: does not belong here"
    );
    assert_eq!(
        step_error(r#"{ "do": "restart", "ms": 0, "expect": { "state": "open" } }"#),
        "step 1: expect: does not belong here"
    );
}

#[test]
fn a_field_that_is_missing_is_an_error() {
    assert_eq!(step_error(r#"{ "do": "advance" }"#), "step 1: ms: is missing");
    assert_eq!(step_error(r#"{ "do": "success" }"#), "step 1: permit: is missing");
    assert_eq!(step_error(r#"{ "do": "snapshot" }"#), "step 1: snapshot: is missing");
    assert_eq!(step_error("{}"), "step 1: neither do nor expect is given");
    assert!(parse(r#"[{ "name": "a name" }]"#).map(|_| ()).unwrap_err().to_string().contains("missing field `rule`"));
}

#[test]
fn a_permit_is_named_before_it_is_used_and_used_once() {
    assert_eq!(step_error(r#"{ "do": "success", "permit": "a" }"#), "step 1: permit: \"a\" is not held");
    let twice = r#"{ "do": "try_acquire", "permit": "a" }, { "do": "try_acquire", "permit": "a" }"#;
    assert_eq!(step_error(twice), "step 2: permit: \"a\" is still held");
    let refused = r#"{ "do": "try_acquire", "permit": "a", "gives": { "refused": "open", "retry_after_ms": 1 } },
        { "do": "success", "permit": "a" }"#;
    assert_eq!(step_error(refused), "step 2: permit: \"a\" is not held");
    let restored = r#"{ "do": "restore", "snapshot": "s" }"#;
    assert_eq!(step_error(restored), "step 1: snapshot: \"s\" is not kept, or has no room");
}

#[test]
fn a_vector_that_expects_nothing_is_an_error() {
    assert_eq!(error(r#""steps": [{ "do": "trip" }, { "do": "advance", "ms": 1 }]"#), "nothing is expected");
    assert_eq!(error(r#""steps": []"#), "nothing is expected");
    assert_eq!(step_error(r#"{ "do": "trip", "expect": {} }"#), "step 1: expect: is empty");
    assert_eq!(error(r#""rejected": {}"#), "rejected: neither by_code nor by_text is given");
    assert_eq!(error(r#""config": {}"#), "exactly one of steps and rejected must be given");
}

#[test]
fn a_rule_that_is_in_no_list_is_an_error() {
    let text = format!(r#"[{{ "name": "a name", "rule": "luck", {STEPS} }}]"#);
    let error = parse(&text).map(|_| ()).unwrap_err().to_string();
    assert_eq!(error, "vector 0 \"a name\": rule: there is none called \"luck\"");
}

#[test]
fn a_look_lists_no_more_than_a_recorder_keeps() {
    let late = ["\"stale\""; 9].join(",");
    let step = format!(r#"{{ "expect": {{ "late": [{late}] }} }}"#);
    assert_eq!(step_error(&step), "step 1: expect.late: lists more than 8");
}

#[test]
fn what_only_an_adaptive_rule_has_is_asked_of_one_alone() {
    let hold = r#"{ "do": "hold_open", "ms": 5 }"#;
    assert_eq!(step_error(hold), "step 1: hold_open: by is no adaptive rule");
    assert_eq!(step_error(r#"{ "do": "set_random", "number": 5 }"#), "step 1: set_random: by is no adaptive rule");
    assert_eq!(step_error(r#"{ "expect": { "reopenings": 0 } }"#), "step 1: reopenings: by is no adaptive rule");
    let restarted = |by: &str| {
        let steps =
            format!(r#"{{ "do": "restart", "ms": 0, "by": "{by}" }}, {hold}, {{ "expect": {{ "state": "open" }} }}"#);
        parse(&format!(r#"[{{ "name": "a name", "rule": "trip", "steps": [{steps}] }}]"#)).map(|_| ())
    };
    assert!(restarted("adaptive_time_window").is_ok());
    assert!(restarted("time_window").is_err());
    assert!(error(&format!(r#""by": "luck", {STEPS}"#)).starts_with("unknown variant `luck`"));
    assert_eq!(step_error(r#"{ "do": "trip", "by": "adaptive" }"#), "step 1: by: does not belong here");
    assert_eq!(step_error(r#"{ "do": "trip", "number": 1 }"#), "step 1: number: does not belong here");
}

#[test]
fn a_restart_keeps_the_rule_and_the_configuration_that_it_does_not_change() {
    let text = r#"[{ "name": "a name", "rule": "trip", "by": "count_window", "config": { "minimum_calls": 7 }, "steps": [
        { "do": "restart", "ms": 1, "by": "time_window" },
        { "do": "restart", "ms": 2, "config": { "failure_threshold": 3 } },
        { "do": "restart", "ms": 3 },
        { "expect": { "state": "closed" } }
    ] }]"#;
    let parsed = parse(text).unwrap();
    let Body::Steps(steps) = parsed[0].vector.body else { panic!() };
    let setups: Vec<_> = steps
        .iter()
        .filter_map(|step| match step.action {
            Action::Restart(_, setup) => Some(setup.copied()),
            _ => None,
        })
        .collect();
    let first = Setup { by: By::TimeWindow, more: &[Setting::MinimumCalls(7)], ..Setup::DEFAULT };
    let second = Setup { by: By::TimeWindow, failure_threshold: Some(3), ..Setup::DEFAULT };
    assert_eq!(setups, [Some(first), Some(second), None]);
}

#[test]
fn vectors_that_are_written_read_the_same() {
    // Configurations that only a text can hold cannot be written from a vector.
    let all: Vec<_> = vectors().iter().map(|parsed| parsed.vector).filter(|vector| fits(vector)).collect();
    let again: Vec<_> = parse(&to_json(&all)).unwrap().iter().map(|parsed| parsed.vector).collect();
    for (before, after) in all.iter().zip(&again) {
        assert_eq!(before, after);
    }
    assert_eq!(all.len(), again.len());
}

fn fits(vector: &conformance::Vector<'_>) -> bool {
    vector.misses(&[conformance::Capability::ConfigText]).is_none()
}

#[test]
fn the_source_for_firmware_holds_every_vector_that_needs_no_text() {
    let all: Vec<_> = vectors().iter().map(|parsed| parsed.vector).collect();
    let source = to_rust(&all);
    let texts = [conformance::Capability::ConfigText, conformance::Capability::SnapshotText];
    for vector in &all {
        let name = format!("name: {:?}", vector.name);
        assert_eq!(source.contains(&name), vector.misses(&texts).is_none(), "{name}");
    }
}
