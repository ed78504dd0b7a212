//! Orders as a fleet hears of them, and what they leave alone.

mod common;

use std::time::{Duration, Instant};

use common::{World, key};
use halfopen::redis::v1::{RedisConnect, Timeouts};
use halfopen::redis::{Fleet, FleetOptions, SharedBreaker};
use halfopen::{CircuitState, Config, Mode, SystemClock};
use rig::{Caller, Op, Redis};

fn breaker(world: &World, name: &str) -> SharedBreaker {
    // A poll would hear of it too, a minute later.
    let options =
        FleetOptions::new().poll_interval(Duration::from_secs(60)).response_timeout(Duration::from_millis(600));
    let connect = RedisConnect::from_url(&world.server.url(), Timeouts::from(&options)).unwrap();
    let fleet = Fleet::with_connect(connect, options, SystemClock).unwrap();
    let breaker = fleet.breaker(name, Config::new()).unwrap();
    await_that("it has read its circuit", || breaker.last_contact().is_some());
    breaker
}

fn await_that(what: &str, is_so: impl Fn() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < Duration::from_secs(10), "not within 10 s: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn an_instance_hears_of_every_order_by_a_notice() {
    let mut world = World::new();
    let breaker = breaker(&world, "payments");
    await_that("it listens", || {
        let counts = world.server.connect().unwrap().command(&[b"PUBSUB", b"NUMSUB", b"circuit_breaker:events"]);
        format!("{counts:?}").contains("int(1)")
    });
    assert!(breaker.try_acquire().is_ok());
    world.ok(&["open", "payments", "--reason", "maintenance"]);
    await_that("forced open", || breaker.state() == CircuitState::Open && breaker.mode() == Mode::Isolated);
    assert!(breaker.try_acquire().is_err());
    assert_eq!(world.field("payments", "forced_reason").as_deref(), Some("maintenance"));
    world.ok(&["close", "payments", "--reason", "false alarm"]);
    await_that("forced closed", || breaker.state() == CircuitState::Closed && breaker.mode() == Mode::Disabled);
    world.ok(&["reset", "payments"]);
    await_that("no order", || breaker.mode() == Mode::Normal);
    world.ok(&["trip", "payments", "--for", "600"]);
    await_that("tripped", || breaker.state() == CircuitState::Open && breaker.mode() == Mode::Normal);
    assert!(breaker.retry_after().is_some_and(|wait| wait > Duration::from_secs(500)));
    world.ok(&["reset", "payments"]);
    await_that("closed", || breaker.state() == CircuitState::Closed);
}

#[test]
fn an_order_takes_no_place_from_a_probe_whose_lease_is_longer_than_usual() {
    let mut world = World::new();
    let (end, now, quiet) = (world.ms(20_000), world.ms(0), world.ms(15_000));
    let fields =
        [("v", "1"), ("state", "half_open"), ("lease.a.1", end.as_str()), ("touched", &now), ("quiet_until", &quiet)];
    world.hset("slow", &fields);
    for words in [&["trip", "slow"][..], &["open", "slow", "--reason", "x"], &["reset", "slow"]] {
        world.ok(words);
        assert_eq!(world.field("slow", "lease.a.1").as_deref(), Some(end.as_str()), "{words:?}");
        assert_eq!(world.field("slow", "quiet_until").as_deref(), Some(quiet.as_str()), "{words:?}");
    }
}

#[test]
fn an_order_does_not_make_the_life_of_a_circuit_shorter() {
    let mut world = World::new();
    let day: u64 = 86_400_000;
    world.hset("old", &[("v", "1"), ("failures", "3")]);
    world.live.command(&[b"PEXPIRE", key("old").as_bytes(), (40 * day).to_string().as_bytes()]).unwrap();
    world.ok(&["trip", "old"]);
    assert!(world.live.ttl_ms(key("old").as_bytes()).unwrap() > 39 * day);
    world.ok(&["trip", "new"]);
    assert!((day / 2..=day).contains(&world.live.ttl_ms(key("new").as_bytes()).unwrap()));
    world.ok(&["trip", "long", "--for", "1000000"]);
    assert!(world.live.ttl_ms(key("long").as_bytes()).unwrap() > 2_000_000_000);
    world.ok(&["open", "old", "--reason", "for ever"]);
    assert_eq!(world.live.ttl_ms(key("old").as_bytes()), None);
}

#[test]
fn a_time_that_is_asked_for_may_be_cut_and_the_program_says_so() {
    let mut world = World::new();
    world.hset("payments", &[("v", "1"), ("failures", "3")]);
    let ran = world.run(&["trip", "payments", "--for", "600"]);
    let note = "note: for 10m00s at most: where its recovery timeout is shorter, an instance cuts it to that\n";
    assert_eq!((ran.code, ran.errors.as_str()), (0, note));
    // As an instance with a recovery timeout of 30 s does at its next request.
    let mut caller = Caller { recovery_ms: 30_000, ..Caller::default() };
    let cut = caller.ask(&mut world.live, key("payments").as_bytes(), Op::Acquire { token: "a.1" }).unwrap();
    assert!((1..=30_000).contains(&cut.remaining_ms), "{cut:?}");
    // Nothing was asked for.
    let ran = world.run(&["trip", "payments"]);
    assert_eq!((ran.code, ran.errors.as_str()), (0, ""));
    for wrong in ["0", "2147483.648"] {
        let ran = world.run(&["trip", "payments", "--for", wrong]);
        assert_eq!(ran.code, 2);
        assert!(ran.errors.contains("it must be 0.001 to 2147483.647"), "{}", ran.errors);
    }
}

#[test]
fn a_circuit_that_is_forced_is_not_tripped() {
    let world = World::new();
    world.ok(&["close", "payments", "--reason", "it must go on"]);
    let ran = world.run(&["trip", "payments"]);
    assert_eq!(ran.code, 5);
    assert_eq!(ran.errors, "halfopen: the circuit is forced closed, and stays so until a reset\n");
}

#[test]
fn a_key_that_is_no_circuit_is_left_alone() {
    let mut world = World::new();
    world.live.command(&[b"SET", key("squat").as_bytes(), b"mine"]).unwrap();
    for words in [&["open", "squat", "--reason", "x"][..], &["reset", "squat"], &["trip", "squat"]] {
        let ran = world.run(words);
        assert_eq!((ran.code, ran.errors.as_str()), (5, "halfopen: its key holds a string, which is no circuit\n"));
    }
    assert!(format!("{:?}", world.live.command(&[b"GET", key("squat").as_bytes()]).unwrap()).contains("mine"));
}

#[test]
fn names_may_hold_every_odd_byte() {
    let mut world = World::new();
    for name in ["a b", "\r\n", "\u{1b}[31m", "{x}", "a|b", "*?[", "-dash", "日本", "'", "events"] {
        world.ok(&["open", "--reason", "r", "--", name]);
        assert_eq!(world.field(name, "forced").as_deref(), Some("open"), "{name:?}");
        world.ok(&["show", "--", name]);
    }
}

#[test]
fn nothing_that_the_script_writes_is_odd() {
    let mut world = World::new();
    let mut caller = Caller { failure_threshold: 2, recovery_ms: 200, ..Caller::default() };
    let key = key("s3");
    let check = |world: &World, state: &str| {
        let shown: serde_json::Value = serde_json::from_str(&world.ok(&["show", "s3", "--json"])).unwrap();
        assert_eq!((&shown["state"], &shown["odd"]), (&state.into(), &serde_json::json!([])), "{shown}");
        assert!(shown["last_failure_age_ms"].is_u64(), "{shown}");
    };
    caller.ask(&mut world.live, key.as_bytes(), Op::failure("a.1")).unwrap();
    check(&world, "closed");
    caller.ask(&mut world.live, key.as_bytes(), Op::failure("a.2")).unwrap();
    check(&world, "open");
    std::thread::sleep(Duration::from_millis(250));
    caller.ask(&mut world.live, key.as_bytes(), Op::Acquire { token: "a.3" }).unwrap();
    check(&world, "half_open");
}
