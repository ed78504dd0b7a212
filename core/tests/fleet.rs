//! What a fleet says without a Redis: which names it refuses, and what it shows of itself.

#![cfg(all(feature = "redis", not(halfopen_loom)))]

use halfopen::Config;
use halfopen::redis::admin::Admin;
use halfopen::redis::v1::{RedisConnect, Timeouts};
use halfopen::redis::{Fleet, FleetOptions};
use halfopen::rules::{Adaptive, Consecutive};

/// Nobody listens here, and nobody is asked.
const URL: &str = "redis://:s3cret@127.0.0.1:1/";

#[test]
fn a_circuit_without_a_name_is_shared_with_nobody() {
    let fleet = Fleet::from_url(URL, FleetOptions::new()).unwrap();
    let text = "operation_name is empty, must be a name: the circuit is shared by it";
    assert_eq!(fleet.breaker("", Config::new()).unwrap_err().to_string(), text);
    let adaptive = fleet.breaker_with::<_, Adaptive<Consecutive>>("", Config::new(), ());
    assert_eq!(adaptive.unwrap_err().to_string(), text);
    assert!(fleet.breaker("x", Config::new()).is_ok());
}

#[test]
fn what_holds_a_fleet_can_be_shown_and_tells_no_password() {
    let fleet = Fleet::from_url(URL, FleetOptions::new()).unwrap();
    let admin = Admin::new(RedisConnect::from_url(URL, Timeouts::new()).unwrap(), "mine:");
    let watch = admin.watch();
    let shown = format!("{fleet:?} {admin:?} {watch:?}");
    assert!(shown.starts_with("Fleet { options: FleetOptions {") && shown.contains("mine:"), "{shown}");
    assert!(!shown.contains("s3cret"), "{shown}");
}
