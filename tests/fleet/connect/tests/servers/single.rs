//! One server: what it answers, and what it refuses.

use connect::{answer, assert_answer, connection, read, report, server, timed};
use halfopen::redis::connect::{Connect, ScriptCall, TroubleKind};
use rig::servers;

use super::by_url;

fn reads(keys: impl IntoIterator<Item = String>) -> Vec<ScriptCall> {
    keys.into_iter().map(|key| read(&key)).collect()
}

#[test]
fn many_calls_are_answered_in_their_order() {
    let server = server(&[]);
    let mut connection = connection(&by_url(&server.url()));
    let calls: Vec<_> = (0..50).map(|n| report(&format!("order:{n}"), n % 5, &format!("r{n}"))).collect();
    let answers = connection.exchange(&calls).unwrap();
    let counts: Vec<_> = answers.iter().map(|answer| answer.as_ref().unwrap()[4].clone()).collect();
    assert_eq!(counts, (0..50).map(|n| (n % 5).to_string()).collect::<Vec<_>>());
    assert_eq!(connection.exchange(&[]).unwrap(), []);
}

#[test]
fn keys_may_hold_every_byte_that_a_text_can() {
    let server = server(&[]);
    let mut connection = connection(&by_url(&server.url()));
    let odd =
        ["", " ", "\0", "\r\n", "$3\r\nfoo", "{", "}", "{}", "a{b}c", "a|b|c", "ü€😀", "\"'\\", &"k".repeat(65_536)];
    let calls: Vec<_> = odd.iter().map(|key| report(key, 1, "rid")).collect();
    for (key, answer) in odd.iter().zip(connection.exchange(&calls).unwrap()) {
        assert_eq!(answer.unwrap()[4], "1", "{key:?}");
    }
    let mut live = server.connect().unwrap();
    for key in odd {
        let failures = live.command(&[b"HGET", key.as_bytes(), b"failures"]).unwrap();
        assert_eq!(failures, rig_text("1"), "{key:?}");
    }
}

fn rig_text(text: &str) -> halfopen::redis::v1::redis::Value {
    halfopen::redis::v1::redis::Value::BulkString(text.into())
}

#[test]
fn one_key_of_another_type_among_fifty_does_not_disturb_the_others() {
    for (name, mut live, server) in servers() {
        let url = server.as_ref().map_or_else(|| std::env::var("REDIS_URL").unwrap(), |server| server.url());
        let mut connection = connection(&by_url(&url));
        live.command(&[b"SET", b"disturb:31", b"a string"]).unwrap();
        let answers = connection.exchange(&reads((0..50).map(|n| format!("disturb:{n}")))).unwrap();
        for (n, answer) in answers.iter().enumerate() {
            match n {
                31 => assert_eq!(answer.as_ref().unwrap_err().kind, TroubleKind::Key, "{name}"),
                _ => assert_answer(answer),
            }
        }
        live.command(&[b"DEL", b"disturb:31"]).unwrap();
        assert_answer(&answer(&mut *connection, read("disturb:31")));
    }
}

#[test]
fn a_script_that_was_forgotten_is_brought_back_once_in_the_same_exchange() {
    let server = server(&[]);
    let mut live = server.connect().unwrap();
    let mut connection = connection(&by_url(&server.url()));
    assert_answer(&answer(&mut *connection, read("k")));
    live.command(&[b"SCRIPT", b"FLUSH"]).unwrap();
    live.command(&[b"CONFIG", b"RESETSTAT"]).unwrap();
    let answers = connection.exchange(&reads((0..50).map(|n| format!("flush:{n}")))).unwrap();
    answers.iter().for_each(assert_answer);
    assert_eq!((live.count("evalsha"), live.count("eval")), (50 + 49, 1));
    live.command(&[b"CONFIG", b"RESETSTAT"]).unwrap();
    assert_answer(&answer(&mut *connection, read("k")));
    assert_eq!((live.count("evalsha"), live.count("eval")), (1, 0), "afterwards the hash is enough");
}

#[test]
fn a_unix_socket_is_as_good_as_a_port() {
    let folder = std::env::temp_dir().join(format!("halfopen-unix-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("redis.sock").display().to_string();
    let server = server(&[&format!("unixsocket {path}")]);
    let url = format!("unix://{path}?db=3");
    assert_answer(&answer(&mut *connection(&by_url(&url)), read("k")));
    let mut by_socket = connection(&by_url(&url));
    answer(&mut *by_socket, report("in three", 1, "rid")).unwrap();
    assert_eq!(answer(&mut *connection(&by_url(&server.url())), read("in three")).unwrap()[4], "0");
    assert_eq!(answer(&mut *connection(&by_url(&format!("{}3", server.url()))), read("in three")).unwrap()[4], "1");
    drop(server);
    assert_eq!(by_url(&url).connect().err().unwrap().kind, TroubleKind::Connection);
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn resp3_is_as_good_as_resp2() {
    let server = server(&[]);
    let mut connection = connection(&by_url(&format!("{}?protocol=resp3", server.url())));
    connection.exchange(&reads((0..50).map(|n| format!("resp3:{n}")))).unwrap().iter().for_each(assert_answer);
}

#[test]
fn a_password_is_needed_and_a_wrong_or_missing_one_is_refused() {
    let server = server(&["requirepass s3cret"]);
    let with = |password: &str| by_url(&format!("redis://{password}127.0.0.1:{}", server.port()));
    assert_answer(&answer(&mut *connection(&with(":s3cret@")), read("k")));
    assert_answer(&answer(&mut *connection(&with("default:s3cret@")), read("k")));
    for wrong in [":wr0ng@", "nobody:s3cret@", ""] {
        let trouble = with(wrong).connect().err().unwrap();
        assert_eq!(trouble.kind, TroubleKind::Refused, "{trouble}");
        assert!(!trouble.text.contains("wr0ng") && !trouble.text.contains("s3cret"), "{trouble}");
    }
}

#[test]
fn a_user_without_the_right_to_ping_may_call_the_script() {
    let server = server(&[]);
    let mut live = server.connect().unwrap();
    live.command(&[b"ACL", b"SETUSER", b"ann", b"on", b">pw", b"~*", b"+@all", b"-ping"]).unwrap();
    let mut connection = connection(&by_url(&format!("redis://ann:pw@127.0.0.1:{}", server.port())));
    assert_answer(&answer(&mut *connection, read("k")));
}

#[test]
fn a_right_that_was_taken_away_is_a_refusal() {
    for (name, mut live, server) in servers() {
        let Some(server) = server else { continue };
        let user = b"ACL SETUSER ann on >pw ~ann:* +ping +eval +evalsha +hgetall +time";
        live.command(&user.split(|&byte| byte == b' ').collect::<Vec<_>>()).unwrap();
        let mut connection = connection(&by_url(&format!("redis://ann:pw@127.0.0.1:{}", server.port())));
        let mut refused = |call| {
            let trouble = answer(&mut *connection, call).unwrap_err();
            assert_eq!(trouble.kind, TroubleKind::Refused, "{name}: {trouble}");
        };
        refused(read("bob:k"));
        refused(report("ann:k", 1, "rid"));
        live.command(&[b"ACL", b"SETUSER", b"ann", b"+@all"]).unwrap();
        assert_answer(&answer(&mut *connection, report("ann:k", 1, "rid")));
        live.command(&[b"ACL", b"SETUSER", b"ann", b"-evalsha"]).unwrap();
        let trouble = answer(&mut *connection, read("ann:k")).unwrap_err();
        assert_eq!(trouble.kind, TroubleKind::Refused, "{name}: {trouble}");
    }
}

#[test]
fn a_server_that_became_a_replica_still_reads_and_says_that_it_is_not_the_master_when_it_should_write() {
    for (name, mut live, started) in servers() {
        let Some(server) = started else { continue };
        let mut connection = connection(&by_url(&server.url()));
        assert_answer(&answer(&mut *connection, report("k", 1, "one")));
        let other = connect::server(&[]);
        live.command(&[b"REPLICAOF", b"127.0.0.1", other.port().to_string().as_bytes()]).unwrap();
        let trouble = answer(&mut *connection, report("k", 1, "two")).unwrap_err();
        assert_eq!(trouble.kind, TroubleKind::NotMaster, "{name}: {trouble}");
    }
}

#[test]
fn a_server_without_memory_left_still_reads_and_says_that_it_cannot_write_now() {
    for (name, mut live, server) in servers() {
        let Some(server) = server else { continue };
        let mut connection = connection(&by_url(&server.url()));
        assert_answer(&answer(&mut *connection, read("k")));
        live.command(&[b"CONFIG", b"SET", b"maxmemory", b"1"]).unwrap();
        assert_answer(&answer(&mut *connection, read("k")));
        let trouble = answer(&mut *connection, report("k", 1, "rid")).unwrap_err();
        assert_eq!(trouble.kind, TroubleKind::Server, "{name}: {trouble}");
    }
}

#[test]
fn the_text_of_a_trouble_names_the_server() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let (trouble, time) = timed(|| by_url(&format!("redis://127.0.0.1:{port}")).connect().err().unwrap());
    assert_eq!(trouble.kind, TroubleKind::Connection);
    assert!(trouble.text.starts_with(&format!("connecting to 127.0.0.1:{port}: ")), "{trouble}");
    assert!(time < connect::RESPONSE, "refused at once, in {time:?}");
}

#[test]
fn building_never_waits_and_never_fails_because_nobody_is_there() {
    let url = "redis-sentinel://nobody.invalid:1,nobody.invalid:2/main";
    let (connect, time) = timed(|| by_url(url));
    assert!(time < connect::RESPONSE, "{time:?}");
    assert_eq!(connect.connect().err().unwrap().kind, TroubleKind::Connection);
    assert_eq!(connect.subscribe("events").err().unwrap().kind, TroubleKind::Connection);
}
