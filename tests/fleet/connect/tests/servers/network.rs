//! What a network makes of connections: silence, halves, ends.

use std::io::Write;
use std::thread;
use std::time::Duration;

use connect::{Peer, Proxy, RESPONSE, answer, assert_answer, await_text, connection, read, server, timed};
use halfopen::redis::connect::{Connect, ScriptCall, TroubleKind};

use super::by_url;

/// What a wait may take beyond its timeout on a machine that is busy.
const SLACK: Duration = Duration::from_millis(400);

fn fifty() -> Vec<ScriptCall> {
    (0..50).map(|n| read(&n.to_string())).collect()
}

#[test]
fn a_connection_that_was_swallowed_is_an_error_after_one_timeout_however_many_calls_wait_and_the_next_one_works() {
    let server = server(&[]);
    let proxy = Proxy::new(server.port());
    let connect = by_url(&proxy.url());
    let mut old = connection(&connect);
    old.exchange(&fifty()).unwrap().iter().for_each(assert_answer);
    proxy.swallow();
    let (result, time) = timed(|| old.exchange(&fifty()));
    assert_eq!(result.unwrap_err().kind, TroubleKind::Connection);
    assert!(RESPONSE <= time && time < RESPONSE + SLACK, "{time:?}");
    assert_answer(&answer(&mut *connection(&connect), read("k")));
}

#[test]
fn a_server_that_takes_connections_and_says_nothing_is_an_error_after_the_timeout() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let connect = by_url(&format!("redis://{}", listener.local_addr().unwrap()));
    let (trouble, time) = timed(|| connect.connect().err().unwrap());
    assert_eq!(trouble.kind, TroubleKind::Connection);
    assert!(trouble.text.ends_with("no answer in time"), "{trouble}");
    assert!(time < 2 * RESPONSE + SLACK, "{time:?}"); // of both answers that are due
    let (trouble, time) = timed(|| connect.subscribe("events").err().unwrap());
    assert_eq!(trouble.kind, TroubleKind::Connection);
    assert!(time < 2 * RESPONSE + SLACK, "{time:?}");
}

#[test]
fn an_answer_of_which_only_half_comes_is_an_error_after_the_timeout() {
    let peer = Peer::new();
    let connect = by_url(&peer.url());
    let server = thread::spawn(move || {
        let mut client = peer.accept();
        await_text(&mut client, "EVALSHA");
        client.write_all(b"*12\r\n$2\r\nok\r\n:0\r\n$6\r\nclo").unwrap();
        client
    });
    let (result, time) = timed(|| answer(&mut *connection(&connect), read("k")));
    assert_eq!(result.unwrap_err().kind, TroubleKind::Connection);
    assert!(time < RESPONSE + SLACK, "{time:?}");
    drop(server.join().unwrap());
}

#[test]
fn an_answer_that_makes_no_sense_is_an_error_of_the_connection() {
    let peer = Peer::new();
    let connect = by_url(&peer.url());
    let server = thread::spawn(move || {
        let mut client = peer.accept();
        await_text(&mut client, "EVALSHA");
        client.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").unwrap();
        client
    });
    assert_eq!(answer(&mut *connection(&connect), read("k")).unwrap_err().kind, TroubleKind::Connection);
    drop(server.join().unwrap());
}

#[test]
fn a_server_that_was_killed_is_an_error_at_once_and_one_that_is_back_is_there_for_a_new_connection() {
    let mut server = server(&[]);
    let connect = by_url(&server.url());
    let mut old = connection(&connect);
    assert_answer(&answer(&mut *old, read("k")));
    server.kill().unwrap();
    let (result, time) = timed(|| old.exchange(&fifty()));
    assert_eq!(result.unwrap_err().kind, TroubleKind::Connection);
    assert!(time < RESPONSE, "{time:?}");
    assert_eq!(connect.connect().err().unwrap().kind, TroubleKind::Connection);
    server.restart().unwrap();
    assert_answer(&answer(&mut *connection(&connect), read("k")));
}
