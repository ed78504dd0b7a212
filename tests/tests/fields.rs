//! What the guide's table says of each field of the configuration is what the library accepts, refuses and chooses.

use std::collections::BTreeMap;
use std::time::Duration;

use halfopen::rules::{Adaptive, CountWindow, TimeWindow};
use halfopen::{Config, ConfigError};

const MAX_MS: u64 = (1 << 31) - 1;

/// How a field is set, by a number or by milliseconds, with the least and the most that it may be.
type Field = (&'static str, fn(Config, u64) -> Config, u64, u64, &'static str);

const FIELDS: [Field; 17] = [
    ("failure_threshold", |config, n| config.failure_threshold(n as u32), 1, 1_023, "1 to 1,023"),
    ("recovery_timeout", |config, n| config.recovery_timeout(ms(n)), 1, MAX_MS, "1 ms to 24.8 days"),
    ("success_threshold", |config, n| config.success_threshold(n as u32), 1, 63, "1 to 63"),
    ("half_open_max_calls", |config, n| config.half_open_max_calls(n as u32), 1, 15, "1 to 15"),
    ("probe_timeout", |config, n| config.probe_timeout(ms(n)), 1, MAX_MS, "1 ms to 24.8 days"),
    ("sliding_window_size", |config, n| config.sliding_window_size(n as u32), 1, 1_024, "1 to N"),
    ("sliding_window", |config, n| config.sliding_window(ms(n)), 1, 7 * 86_400_000, "1 ms to 7 days"),
    ("minimum_calls", |config, n| config.minimum_calls(n as u32), 1, 1_024, "1 to the window's size; over time 65,535"),
    ("failure_rate_threshold", |config, n| config.failure_rate_threshold(n as u32), 1, 100, "1 to 100 %"),
    ("slow_call_duration", |config, n| config.slow_call_duration(ms(n)), 1, MAX_MS, "1 ms to 24.8 days"),
    ("slow_call_rate_threshold", |config, n| slow(config).slow_call_rate_threshold(n as u32), 1, 100, "1 to 100 %"),
    (
        "recovery_multiplier_percent",
        |config, n| config.recovery_multiplier_percent(n as u32),
        100,
        1_000,
        "100 to 1,000 %",
    ),
    (
        "max_recovery_timeout",
        |config, n| config.max_recovery_timeout(ms(n)),
        30_000,
        MAX_MS,
        "the recovery timeout to 24.8 days",
    ),
    ("recovery_jitter_percent", |config, n| config.recovery_jitter_percent(n as u32), 0, 100, "0 to 100 %"),
    ("half_open_trials", |config, n| config.half_open_trials(n as u32), 1, 15, "`success_threshold` to 15"),
    ("ramp_up", |config, n| config.ramp_up(ms(n)), 1, MAX_MS, "1 ms to 24.8 days"),
    ("ramp_up_from_percent", |config, n| config.ramp_up(ms(1)).ramp_up_from_percent(n as u32), 1, 100, "1 to 100 %"),
];

const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// The rate of slow calls says nothing unless some are slow.
const fn slow(config: Config) -> Config {
    config.slow_call_duration(ms(1))
}

/// By the rule that knows the field.
fn check(name: &str, config: Config) -> Result<(), ConfigError> {
    match name {
        "sliding_window" => Adaptive::<TimeWindow<10>>::try_with(config).map(drop),
        _ => Adaptive::<CountWindow<1_024>>::try_with(config).map(drop),
    }
}

/// Range and default by field, as the page has them.
fn table() -> BTreeMap<&'static str, (&'static str, &'static str)> {
    let page = include_str!("../../docs/guide/src/rules.md");
    let (_, section) = page.split_once("## Every field\n").expect("the section");
    let rows = section.lines().skip_while(|line| !line.starts_with("| `")).take_while(|line| line.starts_with("| `"));
    rows.map(|row| {
        let cells: Vec<_> = row.split('|').map(str::trim).collect();
        (cells[1].trim_matches('`'), (cells[2], cells[3]))
    })
    .collect()
}

#[test]
fn each_field_is_in_the_table_with_the_range_that_the_library_checks() {
    let table = table();
    for (name, set, least, most, range) in FIELDS {
        assert_eq!(table.get(name).unwrap_or_else(|| panic!("{name} is not in the table")).0, range, "{name}");
        for fine in [least, most] {
            assert_eq!(check(name, set(Config::new(), fine)), Ok(()), "{name} {fine}");
        }
        for wrong in least.checked_sub(1).into_iter().chain([most + 1]) {
            let error = check(name, set(Config::new(), wrong)).expect_err(&format!("{name} {wrong}"));
            assert!(error.field().starts_with(name), "{name} {wrong}: {error}");
        }
    }
    let in_redis = ["redis_key_prefix", "state_persistence"];
    assert_eq!(table.len(), FIELDS.len() + in_redis.len());
    assert!(in_redis.iter().all(|name| table.contains_key(name)));
}

#[test]
fn the_defaults_in_the_table_are_those_of_the_library() {
    let table = table();
    let written = serde_json::to_value(Config::new()).unwrap();
    for (name, default) in [("failure_threshold", 5), ("success_threshold", 1), ("half_open_max_calls", 1)] {
        assert_eq!((table[name].1, &written[name]), (&*default.to_string(), &default.into()), "{name}");
    }
    assert_eq!((table["recovery_timeout"].1, written["recovery_timeout_seconds"].as_f64()), ("30 s", Some(30.0)));
    assert_eq!(
        (table["redis_key_prefix"].1, &written["redis_key_prefix"]),
        ("`circuit_breaker:`", &"circuit_breaker:".into())
    );
}
