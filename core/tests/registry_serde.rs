//! The configuration of a registry, read from TOML and JSON.

#![cfg(all(feature = "std", feature = "serde", not(halfopen_loom)))]

use std::time::Duration;

use halfopen::{CircuitBreakerRegistry, Config, RegistryConfig, StatePersistence};

fn json(text: &str) -> Result<RegistryConfig, String> {
    serde_json::from_str(text).map_err(|error| error.to_string())
}

fn toml(text: &str) -> Result<RegistryConfig, String> {
    toml::from_str(text).map_err(|error| error.to_string())
}

#[test]
fn a_circuit_takes_from_the_defaults_what_it_does_not_say() {
    let from_toml = toml(
        r#"
        max_circuits = 50

        [circuits.payments]
        failure_threshold = 3
        redis_key_prefix = "bank:"

        [circuits."api.example.com:443"]
        recovery_timeout_seconds = 0.5

        [defaults]
        failure_threshold = 10
        recovery_timeout_seconds = 5
        success_threshold = 2
        state_persistence = "redis"
        "#,
    )
    .unwrap();
    let from_json = json(
        r#"{
            "max_circuits": 50,
            "circuits": {
                "payments": { "failure_threshold": 3, "redis_key_prefix": "bank:" },
                "api.example.com:443": { "recovery_timeout_seconds": 0.5 }
            },
            "defaults": {
                "failure_threshold": 10, "recovery_timeout_seconds": 5, "success_threshold": 2, "state_persistence": "redis"
            }
        }"#,
    )
    .unwrap();
    let defaults = Config::new()
        .failure_threshold(10)
        .recovery_timeout(Duration::from_secs(5))
        .success_threshold(2)
        .state_persistence(StatePersistence::Redis);
    let expected = RegistryConfig::new()
        .max_circuits(50)
        .defaults(defaults)
        .circuit("payments", defaults.failure_threshold(3).redis_key_prefix("bank:"))
        .circuit("api.example.com:443", defaults.recovery_timeout(Duration::from_millis(500)));
    assert_eq!(from_toml, expected);
    assert_eq!(from_json, expected);
}

#[test]
fn nothing_said_means_the_defaults_of_everything() {
    assert_eq!(json("{}").unwrap(), RegistryConfig::new());
    assert_eq!(toml("").unwrap(), RegistryConfig::new());
    assert_eq!(json(r#"{"circuits": {"mail": {}}}"#).unwrap(), RegistryConfig::new().circuit("mail", Config::new()));
    let null =
        json(r#"{"defaults": {"probe_timeout_seconds": 5}, "circuits": {"mail": {"probe_timeout_seconds": null}}}"#);
    assert_eq!(null.unwrap().of("mail"), &Config::new(), "null takes a default back");
}

#[test]
fn what_is_wrong_is_told_with_the_circuit_the_field_the_value_and_the_range() {
    for (text, told) in [
        (
            r#"{"circuits": {"mail": {"failure_threshold": 0}}}"#,
            "circuit 'mail': failure_threshold is 0, must be 1 to 1023",
        ),
        (
            r#"{"circuits": {"mail": {"failure_threshold": -1}}}"#,
            "circuit 'mail': failure_threshold is -1, must be 1 to 1023",
        ),
        (
            r#"{"circuits": {"mail": {"failure_threshold": 18446744073709551615}}}"#,
            "circuit 'mail': failure_threshold: invalid value: integer `18446744073709551615`, expected i64",
        ),
        (
            r#"{"circuits": {"mail": {"failure_threshold": "3"}}}"#,
            r#"circuit 'mail': failure_threshold: invalid type: string "3", expected i64"#,
        ),
        (
            r#"{"circuits": {"mail": {"failure_threshold": [3]}}}"#,
            "circuit 'mail': failure_threshold: invalid type: sequence, expected a number or a text",
        ),
        (
            r#"{"circuits": {"mail": {"recovery_timeout_seconds": 0}}}"#,
            "circuit 'mail': recovery_timeout_seconds is 0, must be 0.001 to 2147483.647",
        ),
        (
            r#"{"circuits": {"mail": {"failure_treshold": 5}}}"#,
            "circuit 'mail': unknown field `failure_treshold`, expected one of",
        ),
        (
            r#"{"circuits": {"mail": {"failure_threshold": 5, "failure_threshold": 6}}}"#,
            "circuit 'mail': duplicate field `failure_threshold`",
        ),
        (r#"{"circuits": {"mail": {}, "mail": {}}}"#, "circuit 'mail': is there twice"),
        (r#"{"circuits": {"mail": 5}}"#, "circuit 'mail': invalid type: integer `5`, expected the fields of a circuit"),
        (
            r#"{"circuits": {"mail": {"state_persistence": "disk"}}}"#,
            "circuit 'mail': state_persistence: unknown variant `disk`, expected `memory` or `redis`",
        ),
        (
            r#"{"circuits": {"mail": {"redis_key_prefix": ""}}}"#,
            "circuit 'mail': redis_key_prefix is 0 bytes, must be 1 to 63 bytes",
        ),
        // Each is right by itself.
        (
            r#"{"defaults": {"sliding_window_size": 10}, "circuits": {"mail": {"minimum_calls": 11}}}"#,
            "circuit 'mail': minimum_calls is 11, must be 1 to 10",
        ),
        (r#"{"defaults": {"success_threshold": 99}}"#, "defaults: success_threshold is 99, must be 1 to 63"),
        (r#"{"max_circuits": 0}"#, "max_circuits is 0, must be 1 to 1000000"),
        (
            r#"{"max_circuit": 1}"#,
            "unknown field `max_circuit`, expected one of `max_circuits`, `defaults`, `circuits`",
        ),
    ] {
        let error = json(text).unwrap_err();
        assert!(error.starts_with(told), "{text}: {error}");
    }
    let error = toml("[circuits.mail]\nfailure_threshold = 1024").unwrap_err();
    assert!(error.contains("circuit 'mail': failure_threshold is 1024, must be 1 to 1023"), "{error}");
    let error = toml("[circuits.mail]\nfailure_treshold = 1").unwrap_err();
    assert!(error.contains("circuit 'mail': unknown field `failure_treshold`"), "{error}");
}

#[test]
fn what_the_rule_has_no_use_for_is_told_when_the_registry_is_made() {
    let config = json(r#"{"circuits": {"mail": {"failure_rate_threshold": 50}}}"#).unwrap();
    let error = CircuitBreakerRegistry::try_new(config).unwrap_err().to_string();
    assert!(error.starts_with("circuit 'mail': failure_rate_threshold is set, must be left out"), "{error}");
}
