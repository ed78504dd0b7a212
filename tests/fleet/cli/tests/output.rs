//! What the program prints: tables, one circuit, JSON, colours.

mod common;

use std::collections::BTreeSet;

use common::{World, assert_golden, key};
use serde_json::Value;

/// A world with something of everything.
fn world() -> World {
    let mut world = World::new();
    let (now, later, soon) = (world.ms(-1_500), world.ms(28_500), world.ms(60_000));
    let gen_no = format!("{now}000");
    world.hset(
        "s3_upload",
        &[
            ("v", "1"),
            ("gen", &gen_no),
            ("state", "open"),
            ("failures", "5"),
            ("open_until", &later),
            ("failed_at", &now),
            ("reason", "consecutive_failures"),
        ],
    );
    world.hset("mail", &[("v", "1"), ("failures", "2"), ("streak", "7"), ("fail.a.1", "1764240000000000*2")]);
    world.hset(
        "search",
        &[
            ("v", "1"),
            ("gen", &gen_no),
            ("state", "half_open"),
            ("failures", "6"),
            ("successes", "1"),
            ("reason", "recovery_timeout"),
            ("lease.f00.1", &soon),
            ("lease.f00.2", &format!("{soon}+")),
            ("vote.f00", &soon),
            ("touched", &now),
        ],
    );
    world.hset("over", &[("v", "1"), ("gen", &gen_no), ("state", "open"), ("failures", "9"), ("reason", "tripped")]);
    world.hset("by hand", &[("forced", "open"), ("failures", "-7"), ("colour", "red")]);
    world.live.command(&[b"SET", key("squat").as_bytes(), b"a string"]).unwrap();
    world.live.command(&[b"SET", b"circuit_breakers", b"of another prefix"]).unwrap();
    world.live.command(&[b"HSET", b"circuit_breaker:\xff\x1b[31m", b"v", b"1"]).unwrap();
    world.ok(&["open", "payments", "--reason", "the bank is down\x07"]);
    world
}

#[test]
fn the_list_is_sorted_by_name_and_marks_what_is_odd() {
    assert_golden("list.txt", &world().ok(&["list"]));
}

#[test]
fn every_cell_of_the_list_begins_under_its_head() {
    let text = world().ok(&["list"]);
    let mut lines = text.lines().filter(|line| !line.starts_with('*'));
    let head = lines.next().unwrap();
    let starts: Vec<usize> = ["STATE", "FORCED", "FAILURES", "REMAINING", "LAST FAILURE", "SINCE", "PROBES", "REASON"]
        .iter()
        .map(|name| head.find(name).unwrap())
        .collect();
    let rows: Vec<Vec<char>> = lines.map(|line| line.chars().collect()).collect();
    assert_eq!(rows.len(), 8);
    for row in rows {
        for &start in &starts {
            assert_eq!((row[start - 2], row[start - 1]), (' ', ' '), "{row:?}");
            assert_ne!(row[start], ' ', "{row:?}");
        }
    }
}

#[test]
fn one_circuit_is_shown_with_every_field() {
    let world = world();
    let all: String =
        ["s3_upload", "search", "mail", "by hand", "squat", "payments"].map(|name| world.ok(&["show", name])).concat();
    assert_golden("show.txt", &all);
}

#[test]
fn orders_say_what_was_there_and_what_is_there_now() {
    let world = world();
    let all = [
        world.ok(&["trip", "s3_upload", "--for", "60"]),
        world.ok(&["trip", "never failed"]),
        world.ok(&["close", "search", "--reason", "false alarm"]),
        world.ok(&["reset", "search"]),
        world.ok(&["reset", "by hand"]),
        world.ok(&["reset", "nobody"]),
    ];
    assert_golden("orders.txt", &all.concat());
}

#[test]
fn json_is_an_object_a_line_with_the_same_members_for_all() {
    let world = world();
    let text = world.ok(&["list", "--json"]);
    let circuits: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(circuits.len(), 8);
    let names: BTreeSet<&str> = circuits[0].as_object().unwrap().keys().map(String::as_str).collect();
    let documented = "base_age_ms expires_ms failures forced forced_reason generation generation_age_ms \
        last_failure_age_ms last_success_age_ms name name_bytes odd other probes quiet_ms reason \
        remaining_ms reports state stored_state streak successes touched_age_ms votes";
    assert_eq!(names, documented.split_whitespace().collect());
    for circuit in &circuits {
        assert_eq!(circuit.as_object().unwrap().keys().map(String::as_str).collect::<BTreeSet<_>>(), names);
    }
    let of = |name: &str| circuits.iter().find(|circuit| circuit["name"] == name).unwrap();
    let s3 = of("s3_upload");
    assert_eq!((&s3["state"], &s3["failures"]), (&"open".into(), &5.into()));
    assert!((20_000..28_501).contains(&s3["remaining_ms"].as_u64().unwrap()), "{s3}");
    assert!((1_500..10_000).contains(&s3["last_failure_age_ms"].as_u64().unwrap()), "{s3}");
    assert_eq!(of("search")["probes"].as_array().unwrap().len(), 2);
    assert_eq!(of("by hand")["odd"][1]["field"], "failures");
    assert_eq!((&of("by hand")["state"], &of("by hand")["stored_state"]), (&"open".into(), &"closed".into()));
    assert_eq!((&of("squat")["other"], &of("squat")["state"]), (&"string".into(), &Value::Null));
    assert_eq!(of("payments")["forced_reason"], "the bank is down\u{7}");
    assert_eq!(of("\u{fffd}\u{1b}[31m")["name_bytes"], "ff1b5b33316d");
    let shown: Value = serde_json::from_str(&world.ok(&["show", "squat", "--json"])).unwrap();
    assert_eq!(&shown, of("squat"));
}

#[test]
fn there_are_colours_where_they_are_wanted_and_nothing_else_of_a_terminal() {
    let world = world();
    let escape = '\u{1b}';
    assert!(!world.ok(&["list"]).contains(escape), "piped");
    let always = world.ok(&["list", "--color", "always"]);
    assert!(always.contains("\u{1b}[31mopen\u{1b}[0m"), "{always:?}");
    assert!(!always.contains("\u{1b}[31mREASON") && always.contains("\\xff\\x1b[31m"), "a name is no colour");
    let plain = world.command(&["list", "--color", "auto"]).env("NO_COLOR", "1").output().unwrap();
    assert!(!plain.stdout.contains(&0x1b));
}

#[test]
fn another_prefix_is_another_list_and_one_that_looks_like_a_pattern_means_itself() {
    let mut world = World::new();
    for key in ["a*b:one", "aXb:two"] {
        world.live.command(&[b"HSET", key.as_bytes(), b"v", b"1"]).unwrap();
    }
    let names = |text: String| -> Vec<String> {
        text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["name"].as_str().unwrap().into()).collect()
    };
    assert_eq!(names(world.ok(&["list", "--prefix", "a*b:", "--json"])), ["one"]);
    assert_eq!(names(world.ok(&["list", "--prefix", "", "--json"])), ["a*b:one", "aXb:two"]);
    let ran = world.run(&["list"]);
    assert_eq!((ran.code, ran.text.as_str()), (0, ""));
    assert!(ran.errors.contains("nothing is stored under circuit_breaker:"), "{}", ran.errors);
}
