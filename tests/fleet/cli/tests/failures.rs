//! What goes wrong, in words and as an exit code.

mod common;

use std::net::TcpListener;
use std::time::{Duration, Instant};

use common::{Ran, World, program};

fn run(words: &[&str]) -> Ran {
    Ran::of(program(words).output().unwrap())
}

#[test]
fn redis_that_is_away_is_named_at_once() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let url = format!("redis://:s3cret@127.0.0.1:{port}/");
    for command in
        [&["list"][..], &["show", "x"], &["open", "x", "--reason", "r"], &["reset", "x"], &["trip", "x"], &["watch"]]
    {
        let start = Instant::now();
        let ran = run(&[&["--redis", &url][..], command].concat());
        assert_eq!((ran.code, ran.text.as_str()), (3, ""), "{ran:?}");
        assert!(ran.errors.starts_with(&format!("halfopen: connecting to 127.0.0.1:{port}: ")), "{}", ran.errors);
        assert!(!ran.errors.contains("s3cret"), "{}", ran.errors);
        assert!(start.elapsed() < Duration::from_secs(2));
    }
}

#[test]
fn a_server_that_never_answers_is_waited_for_as_long_as_was_said() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("redis://127.0.0.1:{}/", silent.local_addr().unwrap().port());
    for command in [&["list"][..], &["watch"], &["trip", "x"]] {
        let start = Instant::now();
        let ran = run(&[&["--redis", &url, "--timeout", "0.3"][..], command].concat());
        let time = start.elapsed();
        assert_eq!(ran.code, 3, "{ran:?}");
        assert!(ran.errors.contains("no answer in time"), "{}", ran.errors);
        assert!((Duration::from_millis(300)..Duration::from_millis(1_500)).contains(&time), "{time:?}");
    }
}

#[test]
fn a_wrong_password_is_refused_and_not_shown() {
    let mut world = World::with(&["requirepass s3cret"]);
    let port = world.server.port();
    for (user, code) in [(":wr0ng@", 4), ("", 4), (":s3cret@", 0)] {
        let ran = run(&["list", "--redis", &format!("redis://{user}127.0.0.1:{port}/")]);
        assert_eq!(ran.code, code, "{ran:?}");
        assert!(!ran.errors.contains("wr0ng") && !ran.errors.contains("s3cret"), "{}", ran.errors);
    }
    world.live = rig::Live::connect(&format!("redis://:s3cret@127.0.0.1:{port}/")).unwrap();
    let rule = b"ACL SETUSER ann on >pw ~circuit_breaker:* &* +ping +time +hgetall +pttl";
    world.live.command(&rule.split(|byte| *byte == b' ').collect::<Vec<_>>()).unwrap();
    let url = format!("redis://ann:pw@127.0.0.1:{port}/");
    let ran = run(&["list", "--redis", &url]);
    assert_eq!(ran.code, 4);
    assert!(ran.errors.contains("NOPERM") && ran.errors.to_lowercase().contains("scan"), "{}", ran.errors);
    assert_eq!(run(&["show", "x", "--redis", &url]).code, 1, "what it may it can");
}

#[test]
fn whoever_lacks_a_right_and_not_the_password_is_told_which_rights_are_needed() {
    let mut world = World::with(&[]);
    let url = format!("redis://ann:pw@127.0.0.1:{}/", world.server.port());
    let order = |words: &[&str]| run(&[words, &["--redis", &url]].concat());
    // As the docs have it for the processes of a fleet.
    let fleet = "~circuit_breaker:* &circuit_breaker:* +eval +evalsha +hgetall +hset +hdel +pexpire +persist +time +publish \
                 +subscribe +ping";
    let mut allow = |rights: &str| {
        let rule = format!("ACL SETUSER ann reset on >pw {rights}");
        world.live.command(&rule.split(' ').map(str::as_bytes).collect::<Vec<_>>()).unwrap();
    };
    allow(fleet);
    let trip = order(&["trip", "x"]);
    assert_eq!(trip.code, 0, "orders need no more than a fleet: {trip:?}");
    for words in [&["list"][..], &["watch"]] {
        let ran = order(words);
        assert_eq!((ran.code, ran.text.as_str()), (4, ""), "{words:?}: {ran:?}");
        assert!(ran.errors.contains("NOPERM") && ran.errors.contains("+scan +pttl +type"), "{}", ran.errors);
        assert!(!ran.errors.contains("redis://user"), "the password was right: {}", ran.errors);
    }
    allow(&format!("{fleet} +scan +pttl +type"));
    for words in [&["list"][..], &["reset", "x"]] {
        assert_eq!(order(words).code, 0, "{words:?}");
    }
    assert!(!order(&["show", "x"]).text.contains("ever"), "it may ask for how long Redis keeps it");
}

#[test]
fn a_wrong_url_is_an_error_that_shows_nothing_of_it() {
    let ran = Ran::of(program(&["list"]).env("REDIS_URL", "redis://:s3cret@host:port").output().unwrap());
    assert_eq!(ran.code, 2);
    assert!(ran.errors.starts_with("halfopen: wrong Redis URL: the port must be"), "{}", ran.errors);
    let ran = Ran::of(program(&["list", "--nonsense"]).env("REDIS_URL", "redis://:s3cret@h").output().unwrap());
    assert_eq!(ran.code, 2);
    assert!(!ran.errors.contains("s3cret"), "{}", ran.errors);
    let help = Ran::of(program(&["--help"]).env("REDIS_URL", "redis://:s3cret@h").output().unwrap());
    assert!(help.code == 0 && help.text.contains("REDIS_URL") && !help.text.contains("s3cret"), "{}", help.text);
}

#[test]
fn an_empty_name_is_refused_before_anything_is_asked() {
    for words in [
        &["show", ""][..],
        &["reset", ""],
        &["trip", ""],
        &["open", "", "--reason", "r"],
        &["close", "", "--reason", "r"],
    ] {
        let ran = run(words);
        assert_eq!(ran.code, 2, "{ran:?}");
        assert!(ran.errors.contains("a circuit has a name"), "{}", ran.errors);
    }
}

#[test]
fn an_order_without_a_reason_is_refused() {
    for word in ["open", "close"] {
        let ran = run(&[word, "payments"]);
        assert_eq!(ran.code, 2);
        assert!(ran.errors.contains("--reason <TEXT>"), "{}", ran.errors);
        let ran = run(&[word, "payments", "--reason", " "]);
        assert_eq!(ran.code, 2);
        assert!(ran.errors.contains("wants to know why"), "{}", ran.errors);
    }
}

#[test]
fn a_circuit_of_which_nothing_is_stored_is_exit_code_1() {
    let ran = World::new().run(&["show", "no\x1bbody"]);
    assert_eq!((ran.code, ran.text.as_str()), (1, ""));
    assert!(ran.errors.starts_with("halfopen: nothing is stored of 'no\\x1bbody'\n"), "{}", ran.errors);
}

#[test]
fn whoever_stops_reading_is_no_failure() {
    let mut world = World::new();
    let script = b"for i = 1, 3000 do redis.call('HSET', 'circuit_breaker:' .. i, 'v', 1) end";
    world.live.command(&[b"EVAL", script, b"0"]).unwrap();
    let mut child = world
        .command(&["list", "--json"])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let ran = Ran::of(child.wait_with_output().unwrap());
    assert_eq!((ran.code, ran.errors.as_str()), (0, ""));
}
