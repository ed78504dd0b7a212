//! A Cluster of three masters: all slots at once, moved ones, lost ones.

use std::time::Duration;

use connect::{
    answer, assert_answer, cluster, connection, force_open, read, report, server, subscription, timed, until,
};
use halfopen::redis::connect::{Connect, ScriptCall, TroubleKind};
use rig::{Live, Server};

use super::by_url;

/// By one node, whatever the number of the others.
fn by_node(server: &Server) -> impl Connect + use<> {
    by_url(&format!("redis-cluster://127.0.0.1:{}", server.port()))
}

fn reads(count: u32) -> Vec<ScriptCall> {
    (0..count).map(|n| read(&format!("circuit_breaker:{n}"))).collect()
}

fn text(live: &mut Live, words: &[&str]) -> String {
    let words: Vec<_> = words.iter().map(|word| word.as_bytes()).collect();
    match live.command(&words).unwrap() {
        halfopen::redis::v1::redis::Value::BulkString(bytes) => String::from_utf8(bytes).unwrap(),
        other => format!("{other:?}"),
    }
}

#[test]
fn keys_of_all_nodes_go_in_one_exchange_and_are_answered_in_their_order() {
    let servers = cluster();
    let mut connection = connection(&by_node(&servers[1]));
    let calls: Vec<_> = (0..300).map(|n| report(&format!("circuit_breaker:{n}"), n % 5, "rid")).collect();
    let answers = connection.exchange(&calls).unwrap();
    let counts: Vec<_> = answers.iter().map(|answer| answer.as_ref().unwrap()[4].clone()).collect();
    assert_eq!(counts, (0..300).map(|n| (n % 5).to_string()).collect::<Vec<_>>());
    for server in &servers {
        let mut live = server.connect().unwrap();
        assert!(live.count("evalsha") > 50, "every node has a share");
        assert_eq!(live.count("eval"), 1, "and the text of the script once");
        live.command(&[b"CONFIG", b"RESETSTAT"]).unwrap();
    }
    servers[2].connect().unwrap().command(&[b"SCRIPT", b"FLUSH"]).unwrap();
    connection.exchange(&reads(300)).unwrap().iter().for_each(assert_answer);
    let texts: Vec<_> = servers.iter().map(|server| server.connect().unwrap().count("eval")).collect();
    assert_eq!(texts, [0, 0, 1], "again only where it was forgotten");
}

#[test]
fn a_notice_reaches_a_subscription_at_any_node() {
    let servers = cluster();
    let mut heard: Vec<_> = servers.iter().map(|server| subscription(&by_node(server), "events")).collect();
    let mut connection = connection(&by_node(&servers[0]));
    for key in ["foo", "bar", "k", "{}", "a{b}c"] {
        answer(&mut *connection, force_open(key, "events")).unwrap();
        for notices in &mut heard {
            assert!(notices.next(Duration::from_secs(10)).unwrap().unwrap().ends_with(&format!("|{key}")));
        }
    }
}

#[test]
fn a_node_that_is_gone_takes_only_its_own_keys_with_it_and_they_are_back_when_it_is() {
    let mut servers = cluster();
    let connect = by_node(&servers[0]);
    let mut connection = connection(&connect);
    connection.exchange(&reads(100)).unwrap().iter().for_each(assert_answer);
    servers[2].kill().unwrap();
    for _ in 0..3 {
        let (answers, time) = timed(|| connection.exchange(&reads(100)));
        let answers = answers.unwrap();
        let gone = |answer: &Result<_, halfopen::redis::connect::Trouble>| answer.is_err();
        assert!((10..60).contains(&answers.iter().filter(|answer| gone(answer)).count()));
        for answer in answers.iter().filter(|answer| !gone(answer)) {
            assert_answer(answer);
        }
        assert!(time < 3 * connect::RESPONSE, "{time:?}");
    }
    servers[2].restart().unwrap();
    until("all keys are back", || connection.exchange(&reads(100)).unwrap().iter().all(Result::is_ok));
    // All of them gone is the connection gone.
    servers.iter_mut().for_each(|server| server.kill().unwrap());
    assert_eq!(connection.exchange(&reads(100)).unwrap_err().kind, TroubleKind::Connection);
    assert_eq!(connect.connect().err().unwrap().kind, TroubleKind::Connection);
}

#[test]
fn a_slot_that_moves_is_followed_while_it_moves_and_after() {
    let servers = cluster();
    let mut connection = connection(&by_node(&servers[0]));
    // `foo` has slot 12182, which is of the third.
    assert_answer(&answer(&mut *connection, report("foo", 2, "one")));
    let (mut from, mut to) = (servers[2].connect().unwrap(), servers[0].connect().unwrap());
    let (from_id, to_id) = (text(&mut from, &["CLUSTER", "MYID"]), text(&mut to, &["CLUSTER", "MYID"]));
    text(&mut to, &["CLUSTER", "SETSLOT", "12182", "IMPORTING", &from_id]);
    text(&mut from, &["CLUSTER", "SETSLOT", "12182", "MIGRATING", &to_id]);
    // A key that is not there any more: ASK.
    assert_answer(&answer(&mut *connection, report("{foo}new", 3, "two")));
    assert_eq!(text(&mut to, &["CLUSTER", "COUNTKEYSINSLOT", "12182"]), "int(1)", "it went to where the slot goes");
    assert_eq!(answer(&mut *connection, read("foo")).unwrap()[4], "2");
    text(&mut from, &["MIGRATE", "127.0.0.1", &servers[0].port().to_string(), "foo", "0", "1000"]);
    let answers = connection.exchange(&[read("foo"), read("bar"), read("{foo}new"), read("k")]).unwrap();
    answers.iter().for_each(assert_answer);
    assert_eq!((answers[0].as_ref().unwrap()[4].as_str(), answers[2].as_ref().unwrap()[4].as_str()), ("2", "3"));
    // Moved for good.
    for live in [&mut to, &mut from, &mut servers[1].connect().unwrap()] {
        text(live, &["CLUSTER", "SETSLOT", "12182", "NODE", &to_id]);
    }
    for _ in 0..2 {
        let answers = connection.exchange(&[read("foo"), read("bar"), read("{foo}new"), read("k")]).unwrap();
        assert_eq!((answers[0].as_ref().unwrap()[4].as_str(), answers[2].as_ref().unwrap()[4].as_str()), ("2", "3"));
    }
}

#[test]
fn one_key_of_another_type_does_not_disturb_the_others() {
    let servers = cluster();
    servers[2].connect().unwrap().command(&[b"SET", b"foo", b"a string"]).unwrap();
    let mut connection = connection(&by_node(&servers[0]));
    let mut calls = reads(50);
    calls.insert(25, read("foo"));
    let mut answers = connection.exchange(&calls).unwrap();
    assert_eq!(answers.remove(25).unwrap_err().kind, TroubleKind::Key);
    answers.iter().for_each(assert_answer);
    // And nobody looks for another node that might have it.
    let looks = |servers: &[Server]| -> u64 {
        servers.iter().map(|server| server.connect().unwrap().count("cluster|slots")).sum()
    };
    let before = looks(&servers);
    assert!(before > 0);
    connection.exchange(&calls).unwrap();
    assert_eq!(looks(&servers), before);
}

#[test]
fn a_server_that_is_no_cluster_says_so() {
    let alone = server(&[]);
    let trouble = by_node(&alone).connect().err().unwrap();
    assert_eq!(trouble.kind, TroubleKind::Server);
    assert!(trouble.text.contains("cluster support disabled"), "{trouble}");
}

#[test]
fn a_node_that_hangs_costs_one_timeout() {
    let servers = cluster();
    let mut connection = connection(&by_node(&servers[0]));
    connection.exchange(&reads(100)).unwrap().iter().for_each(assert_answer);
    let signal = |name: &str| {
        let pid = servers[1].pid().to_string();
        assert!(std::process::Command::new("kill").args([name, &pid]).status().unwrap().success());
    };
    signal("-STOP");
    let (answers, time) = timed(|| connection.exchange(&reads(100)));
    signal("-CONT");
    let answers = answers.unwrap();
    assert!(answers.iter().filter(|answer| answer.is_ok()).count() > 40);
    assert!(
        answers
            .iter()
            .filter_map(|answer| answer.as_ref().err())
            .all(|trouble| trouble.kind == TroubleKind::Connection)
    );
    assert!(time < 2 * connect::RESPONSE, "{time:?}");
    until("it is back", || connection.exchange(&reads(100)).unwrap().iter().all(Result::is_ok));
}
