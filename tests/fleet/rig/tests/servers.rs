//! What only a server can show: rights, limits, names, memory, commands; and that ours come and go as they should.

use redis::Value;
use rig::{Caller, Kind, Live, Op, Redis, Server, script, servers};

/// A key of ours, for a server may be somebody else's.
fn key(name: &str) -> Vec<u8> {
    format!("halfopen-test:{}:{name}", std::process::id()).into_bytes()
}

fn caller() -> Caller {
    Caller { channel: "halfopen-test:events".into(), ..Caller::default() }
}

/// The first kind that is installed.
fn any_kind() -> Kind {
    Kind::ALL.into_iter().find(|kind| kind.program().is_some()).expect("./x fleet test installs servers")
}

#[test]
fn a_server_that_does_not_know_the_script_gets_its_text_once() {
    for (name, mut live, server) in servers() {
        if server.is_none() {
            continue; // its counts are not ours alone
        }
        let key = key("noscript");
        for _ in 0..3 {
            caller().ask(&mut live, &key, Op::Read).expect(&name);
        }
        assert_eq!((live.count("EVALSHA"), live.count("EVAL")), (3, 1), "{name}");
        live.command(&[b"SCRIPT", b"FLUSH"]).expect("the script is forgotten");
        caller().ask(&mut live, &key, Op::Read).expect(&name);
        assert_eq!((live.count("EVALSHA"), live.count("EVAL")), (4, 2), "{name}");
        let loaded = live.command(&[b"SCRIPT", b"LOAD", script::SCRIPT.as_bytes()]).expect("the script is loaded");
        assert_eq!(loaded, Value::BulkString(script::SCRIPT_SHA1.into()), "{name}");
    }
}

#[test]
fn a_circuit_takes_two_hundred_bytes_or_less_with_its_name_while_two_reports_of_failures_are_counted_too() {
    for (name, mut live, _server) in servers() {
        // As long as an instance's first 61 names are.
        let rid = |number: u32| format!("k3f9X2a1{number}");
        let (key, mut caller) = (b"circuit_breaker:s3_upload".to_vec(), caller());
        let memory = |live: &mut Live| match live.command(&[b"MEMORY", b"USAGE", &key]) {
            Ok(Value::Int(bytes)) => bytes,
            other => panic!("{other:?}"),
        };
        live.del(&key);
        caller.ask(&mut live, &key, Op::success()).expect(&name);
        assert!(live.hash(&key).is_empty(), "{name}: a circuit that never failed takes nothing");
        caller.failure_threshold = 2;
        for number in [1, 2] {
            caller.ask(&mut live, &key, Op::failure(&rid(number))).expect(&name);
        }
        assert_eq!(caller.seen.state, "open");
        let open = memory(&mut live);
        live.hset(&key, b"open_until", b"1");
        let mut probing = Vec::new();
        for number in [3, 4] {
            let token = &*rid(number);
            caller.ask(&mut live, &key, Op::Acquire { token }).expect(&name);
            probing.push(memory(&mut live));
            let admitted = caller.seen.generation;
            caller.ask(&mut live, &key, Op::Done { token, admitted, outcome: "ok", again: false }).expect(&name);
        }
        assert_eq!(caller.seen.state, "closed");
        let closed = memory(&mut live);
        caller.failure_threshold = 5;
        let counting = [5, 6, 7, 8].map(|number| {
            caller.ask(&mut live, &key, Op::failure(&rid(number))).expect(&name);
            memory(&mut live)
        });
        caller.ask(&mut live, &key, Op::success()).expect(&name);
        let blip = memory(&mut live);
        let said = format!(
            "{name}: open {open} B, probing {probing:?} B, closed again {closed} B, counting {counting:?} B, refuted {blip} B"
        );
        println!("{said}");
        assert!([open, closed, counting[0], counting[1], blip].iter().all(|bytes| *bytes <= 200), "{said}");
        assert!(counting.is_sorted() && counting[3] <= 200 + 32, "a further report takes little: {said}");
        assert!(probing[0] <= 208 && probing[1] <= 240, "for as long as a probe takes: {said}");
        live.del(&key);
    }
}

#[test]
fn names_hold_every_byte() {
    for (name, mut live, _server) in servers() {
        let mut names: Vec<Vec<u8>> = (0..=255).map(|byte| vec![byte]).collect();
        names.extend([b"".to_vec(), b"a|b|c".to_vec(), b"{a}{b".to_vec(), b"a\r\nb".to_vec(), vec![b'x'; 65_536]]);
        let names: Vec<_> = names.into_iter().map(|odd| [key("odd:"), odd].concat()).collect();
        for odd in &names {
            let mut caller = Caller { failure_threshold: 2, ..caller() };
            assert_eq!(caller.ask(&mut live, odd, Op::failure("a.1")).expect(&name).failures, 1);
        }
        for odd in &names {
            let mut caller = Caller { failure_threshold: 2, ..caller() };
            assert_eq!(caller.ask(&mut live, odd, Op::failure("a.2")).expect(&name).state, "open");
            live.del(odd);
        }
    }
}

#[test]
fn a_key_that_is_no_hash_is_the_one_thing_that_is_an_error() {
    for (name, mut live, _server) in servers() {
        let key = key("squat");
        live.command(&[b"SET", &key, b"mine"]).expect(&name);
        let error = caller().ask(&mut live, &key, Op::failure("a.1")).unwrap_err();
        assert!(error.contains("WRONGTYPE"), "{name}: {error}");
        live.del(&key);
    }
}

#[test]
fn a_hash_with_more_leases_than_the_stack_holds_is_answered() {
    for (name, mut live, _server) in servers() {
        let key = key("crowd");
        for chunk in (0..20_000).collect::<Vec<u32>>().chunks(1_000) {
            let fields: Vec<String> = chunk.iter().map(|number| format!("lease.{number}")).collect();
            let mut words: Vec<&[u8]> = vec![b"HSET", &key];
            words.extend(fields.iter().flat_map(|field| [field.as_bytes(), b"1"]));
            live.command(&words).expect(&name);
        }
        assert_eq!(caller().ask(&mut live, &key, Op::Read).expect(&name).result, "ok");
        assert!(live.hash(&key).is_empty());
    }
}

#[test]
fn notices_arrive_at_whoever_listens() {
    for (name, mut live, server) in servers() {
        let url = server.as_ref().map_or_else(|| std::env::var("REDIS_URL").expect("the server"), Server::url);
        let mut listener = redis::Client::open(url).unwrap().get_connection().expect(&name);
        let mut listener = listener.as_pubsub();
        listener.subscribe("halfopen-test:events").expect(&name);
        listener.set_read_timeout(Some(std::time::Duration::from_secs(5))).expect(&name);
        let key = key("heard");
        let mut caller = Caller { failure_threshold: 1, ..caller() };
        let generation = caller.ask(&mut live, &key, Op::failure("a.1")).expect(&name).generation;
        let heard: String = loop {
            let heard: String = listener.get_message().expect(&name).get_payload().expect("text");
            // Other tests may run on the same server.
            if heard.ends_with(std::str::from_utf8(&key).unwrap()) {
                break heard;
            }
        };
        assert!(heard.starts_with(&format!("1|{generation}|open|0|1|30000||consecutive_failures|")), "{heard}");
        live.del(&key);
    }
}

#[test]
fn the_fewest_rights_are_enough_and_without_the_channel_it_is_stored() {
    for kind in Kind::ALL.into_iter().filter(|kind| kind.program().is_some()) {
        let rights = "~halfopen-test:* +eval +evalsha +hgetall +hset +hdel +pexpire +persist +time +ping";
        let told = format!("user told on nopass resetchannels &halfopen-test:* {rights} +publish");
        let untold = format!("user untold on nopass resetchannels {rights} +publish");
        let server = Server::start(kind, &[&told, &untold]).expect("a server");
        for user in ["told", "untold"] {
            let mut live = server.connect().unwrap();
            live.command(&[b"AUTH", user.as_bytes(), b"x"]).expect("nothing to know");
            let key = key(user);
            let mut caller = Caller { failure_threshold: 1, ..caller() };
            assert_eq!(caller.ask(&mut live, &key, Op::failure("a.1")).expect(user).state, "open");
            assert_eq!(
                caller.ask(&mut live, &key, Op::Force { order: "open", reason: "" }).expect(user).forced,
                "open"
            );
            assert_eq!(caller.ask(&mut live, &key, Op::Reset).expect(user).state, "closed");
            let error = caller.ask(&mut live, b"another", Op::Read).unwrap_err();
            assert!(error.starts_with("NOPERM"), "{error}");
        }
    }
}

#[test]
fn a_full_server_answers_reads_and_refuses_the_rest_without_changing_anything() {
    let server = Server::start(any_kind(), &["maxmemory-policy noeviction"]).expect("a server");
    let (mut live, key) = (server.connect().unwrap(), key("full"));
    let mut caller = Caller { failure_threshold: 2, ..caller() };
    caller.ask(&mut live, &key, Op::failure("a.1")).unwrap();
    let before = live.hash(&key);
    live.command(&[b"CONFIG", b"SET", b"maxmemory", b"1"]).unwrap();
    assert_eq!(caller.ask(&mut live, &key, Op::Read).expect("a read").failures, 1);
    assert!(caller.ask(&mut live, &key, Op::failure("a.2")).unwrap_err().contains("OOM"));
    assert_eq!(live.hash(&key), before);
}

#[test]
fn a_replica_answers_reads_and_refuses_the_rest() {
    let kind = any_kind();
    let main = Server::start(kind, &[]).expect("a server");
    let replica = Server::start(kind, &[&format!("replicaof 127.0.0.1 {}", main.port())]).expect("a server");
    let mut live = replica.connect().unwrap();
    assert_eq!(caller().ask(&mut live, &key("replica"), Op::Read).expect("a read").state, "closed");
    let error = caller().ask(&mut live, &key("replica"), Op::failure("a.1")).unwrap_err();
    assert!(error.starts_with("READONLY"), "{error}");
}

#[test]
fn with_a_log_of_its_writes_a_server_knows_it_all_after_it_was_killed() {
    for kind in Kind::ALL.into_iter().filter(|kind| kind.program().is_some()) {
        let mut server = Server::start(kind, &["appendonly yes", "appendfsync always"]).expect("a server");
        let (mut caller, key) = (Caller { failure_threshold: 1, ..caller() }, key("kept"));
        caller.ask(&mut server.connect().unwrap(), &key, Op::failure("a.1")).unwrap();
        server.kill().unwrap();
        assert!(server.connect().is_err());
        server.restart().unwrap();
        let mut fresh = Caller::default();
        let reply = fresh.ask(&mut server.connect().unwrap(), &key, Op::Read).unwrap();
        assert_eq!((reply.generation, reply.state.as_str()), (caller.seen.generation, "open"));
    }
}

#[test]
fn a_server_wants_the_password_that_it_is_given() {
    let server = Server::start(any_kind(), &["requirepass secret"]).expect("a server");
    let mut live = server.connect().unwrap();
    assert!(live.command(&[b"PING"]).unwrap_err().to_string().contains("NOAUTH"));
    live.command(&[b"AUTH", b"secret"]).expect("it is the right one");
    assert_eq!(live.command(&[b"PING"]).unwrap(), Value::SimpleString("PONG".into()));
}

#[test]
fn a_server_that_cannot_start_says_why() {
    let error = Server::start(any_kind(), &["no-such-word yes"]).err().expect("an error").to_string();
    assert!(error.contains("does not answer"), "{error}");
}

#[test]
fn a_server_is_gone_with_its_files_when_the_test_that_started_it_panics() {
    let (told, heard) = std::sync::mpsc::channel();
    let test = std::thread::spawn(move || {
        let server = Server::start(any_kind(), &[]).expect("a server");
        told.send((server.pid(), server.port(), server.folder().to_owned())).unwrap();
        panic!("as a test does that fails");
    });
    let (pid, port, folder) = heard.recv().unwrap();
    assert!(test.join().is_err());
    assert!(!std::path::Path::new(&format!("/proc/{pid}")).exists());
    assert!(std::net::TcpStream::connect(("127.0.0.1", port)).is_err());
    assert!(!folder.exists());
}
