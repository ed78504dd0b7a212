//! Notices, and the silence between them.

use std::io::Write;
use std::thread;
use std::time::Duration;

use connect::{
    Peer, Proxy, RESPONSE, answer, await_text, connection, force_open, read, server, subscription, timed, timeouts,
};
use halfopen::redis::connect::TroubleKind;

use super::{by_url, by_url_with};

const CHANNEL: &str = "circuit_breaker:events";
const LONG: Duration = Duration::from_secs(10);

fn message(payload: &str) -> Vec<u8> {
    format!("*3\r\n$7\r\nmessage\r\n${}\r\n{CHANNEL}\r\n${}\r\n{payload}\r\n", CHANNEL.len(), payload.len()).into()
}

const SUBSCRIBED: &[u8] = b"*3\r\n$9\r\nsubscribe\r\n$22\r\ncircuit_breaker:events\r\n:1\r\n";

#[test]
fn a_notice_comes_after_five_seconds_of_silence() {
    let server = server(&[]);
    for (way, protocol) in ["resp2", "resp3"].into_iter().enumerate() {
        let connect = by_url(&format!("{}?protocol={protocol}", server.url()));
        let mut notices = subscription(&connect, CHANNEL);
        for _ in 0..10 {
            let (next, time) = timed(|| notices.next(Duration::from_millis(500)));
            assert_eq!(next, Ok(None), "{protocol}");
            assert!(time >= Duration::from_millis(490), "{protocol}: {time:?}");
        }
        let key = format!("circuit_breaker:{way}");
        answer(&mut *connection(&connect), force_open(&key, CHANNEL)).unwrap();
        let notice = notices.next(LONG).unwrap().unwrap();
        assert!(notice.starts_with("1|") && notice.ends_with(&format!("|{key}")), "{protocol}: {notice}");
    }
}

#[test]
fn a_notice_after_a_timeout_is_neither_lost_nor_late() {
    let server = server(&[]);
    let connect = by_url(&server.url());
    let mut notices = subscription(&connect, CHANNEL);
    let mut orders = connection(&connect);
    for n in 0..20 {
        assert_eq!(notices.next(Duration::from_millis(15)), Ok(None));
        answer(&mut *orders, force_open(&format!("late:{n}"), CHANNEL)).unwrap();
        assert!(notices.next(LONG).unwrap().unwrap().ends_with(&format!("|late:{n}")));
    }
}

#[test]
fn a_notice_that_comes_in_pieces_with_timeouts_between_them_is_whole() {
    let peer = Peer::new();
    let connect = by_url_with(&peer.url(), timeouts().idle(LONG));
    let (go, wait) = std::sync::mpsc::channel();
    let server = thread::spawn(move || {
        let mut client = peer.accept();
        await_text(&mut client, "SUBSCRIBE");
        client.write_all(SUBSCRIBED).unwrap();
        for piece in message("1|whole").chunks(7) {
            wait.recv().unwrap();
            client.write_all(piece).unwrap();
        }
        client.write_all(&message("1|next")).unwrap();
        client
    });
    let mut notices = subscription(&connect, CHANNEL);
    let mut timeouts = 0;
    let notice = loop {
        go.send(()).unwrap();
        match notices.next(Duration::from_millis(20)).unwrap() {
            None => timeouts += 1,
            Some(notice) => break notice,
        }
    };
    assert_eq!(notice, "1|whole");
    assert!(timeouts >= 5, "only {timeouts} timeouts in the middle");
    assert_eq!(notices.next(LONG).unwrap().unwrap(), "1|next");
    drop(server.join().unwrap());
}

#[test]
fn notices_ahead_of_the_answer_to_a_ping_are_kept_in_their_order() {
    let peer = Peer::new();
    let connect = by_url(&peer.url());
    let server = thread::spawn(move || {
        let mut client = peer.accept();
        await_text(&mut client, "SUBSCRIBE");
        client.write_all(SUBSCRIBED).unwrap();
        await_text(&mut client, "PING");
        client.write_all(&message("1|a")).unwrap();
        client.write_all(&message("1|b")).unwrap();
        client.write_all(b"*2\r\n$4\r\npong\r\n$0\r\n\r\n").unwrap();
        client.write_all(&message("1|c")).unwrap();
        client
    });
    let mut notices = subscription(&connect, CHANNEL);
    let heard: Vec<_> = (0..3).map(|_| notices.next(LONG).unwrap().unwrap()).collect();
    assert_eq!(heard, ["1|a", "1|b", "1|c"]);
    drop(server.join().unwrap());
}

#[test]
fn a_subscription_that_was_swallowed_is_noticed_within_two_poll_intervals() {
    let server = server(&[]);
    let proxy = Proxy::new(server.port());
    let poll = Duration::from_secs(1);
    let connect = by_url_with(&proxy.url(), timeouts().idle(poll));
    let mut notices = subscription(&connect, CHANNEL);
    assert_eq!(notices.next(3 * poll), Ok(None), "asked twice, and there");
    proxy.swallow();
    let (next, time) = timed(|| notices.next(10 * poll));
    assert_eq!(next.unwrap_err().kind, TroubleKind::Connection);
    assert!(time < 2 * poll, "{time:?}");
    let mut notices = subscription(&connect, CHANNEL);
    answer(&mut *connection(&connect), force_open("k", CHANNEL)).unwrap();
    assert!(notices.next(LONG).unwrap().is_some());
}

#[test]
fn a_busy_subscription_asks_nothing() {
    let server = server(&[]);
    let connect = by_url(&server.url());
    let mut live = server.connect().unwrap();
    let mut notices = subscription(&connect, CHANNEL);
    live.command(&[b"CONFIG", b"RESETSTAT"]).unwrap();
    for _ in 0..12 {
        live.command(&[b"PUBLISH", CHANNEL.as_bytes(), b"1|x"]).unwrap();
        assert_eq!(notices.next(LONG).unwrap().unwrap(), "1|x");
        thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(live.count("ping"), 0);
    assert_eq!(notices.next(Duration::from_secs(1)), Ok(None));
    assert!(live.count("ping") > 0, "as soon as it is silent");
}

#[test]
fn a_subscription_that_the_server_ends_is_an_error_at_once() {
    let mut server = server(&[]);
    let connect = by_url(&server.url());
    let mut notices = subscription(&connect, CHANNEL);
    server.connect().unwrap().command(&[b"CLIENT", b"KILL", b"TYPE", b"pubsub"]).unwrap();
    let (next, time) = timed(|| notices.next(LONG));
    assert_eq!(next.unwrap_err().kind, TroubleKind::Connection);
    assert!(time < RESPONSE, "{time:?}");
    let mut notices = subscription(&connect, CHANNEL);
    server.kill().unwrap();
    assert_eq!(notices.next(LONG).unwrap_err().kind, TroubleKind::Connection);
}

#[test]
fn a_subscription_without_the_right_to_the_channel_is_refused() {
    use halfopen::redis::connect::Connect;
    let server = server(&[]);
    let mut live = server.connect().unwrap();
    live.command(&[b"ACL", b"SETUSER", b"ann", b"on", b">pw", b"~*", b"resetchannels", b"+@all"]).unwrap();
    let connect = by_url(&format!("redis://ann:pw@127.0.0.1:{}", server.port()));
    assert_eq!(connect.subscribe(CHANNEL).err().unwrap().kind, TroubleKind::Refused);
    // The state is stored nevertheless.
    answer(&mut *connection(&connect), force_open("k", CHANNEL)).unwrap();
    assert_eq!(answer(&mut *connection(&connect), read("k")).unwrap()[6], "open");
}

#[test]
fn dropping_a_subscription_waits_for_nobody() {
    let server = server(&[]);
    let proxy = Proxy::new(server.port());
    let connect = by_url(&proxy.url());
    let notices = subscription(&connect, CHANNEL);
    proxy.swallow();
    let ((), time) = timed(|| drop(notices));
    assert!(time < Duration::from_millis(100), "{time:?}");
}
