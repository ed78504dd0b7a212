//! The master by Sentinel, before a failover and after it.

use std::path::Path;
use std::time::Duration;

use connect::{
    RESPONSE, answer, assert_answer, connection, force_open, read, report, server, subscription, timed, until,
};
use halfopen::redis::connect::{Connect, Trouble, TroubleKind};
use rig::Server;

use super::by_url;

/// A master, its replica, and a sentinel that watches them.
struct Watched {
    master: Server,
    replica: Server,
    sentinel: Server,
}

impl Watched {
    fn start() -> Self {
        let master = server(&[]);
        let replica = server(&[&format!("replicaof 127.0.0.1 {}", master.port())]);
        let monitor = format!("sentinel monitor main 127.0.0.1 {} 1", master.port());
        let config = [&monitor, "sentinel down-after-milliseconds main 500", "sentinel failover-timeout main 2000"];
        let program = Path::new("/usr/bin/redis-sentinel");
        let sentinel = Server::start_program(program, &config).expect("Debian's redis-sentinel");
        let watched = Self { master, replica, sentinel };
        // It would ask its servers every ten seconds.
        let debug: [&[u8]; 4] = [b"SENTINEL", b"DEBUG", b"INFO-PERIOD", b"100"];
        watched.sentinel.connect().unwrap().command(&debug).unwrap();
        until("the sentinel knows the replica", || watched.info().contains("slaves=1"));
        watched
    }

    fn info(&self) -> String {
        format!("{:?}", self.sentinel.connect().unwrap().command(&[b"INFO", b"sentinel"]).unwrap())
    }

    fn url(&self) -> String {
        // The first of them is gone for good.
        let gone = connect::free_port();
        format!("redis-sentinel://127.0.0.1:{gone},127.0.0.1:{}/main", self.sentinel.port())
    }
}

#[test]
fn after_a_failover_the_old_connection_is_none_of_the_master_and_a_new_one_is() {
    let mut watched = Watched::start();
    let connect = by_url(&watched.url());
    let mut old = connection(&connect);
    let mut notices = subscription(&connect, "events");
    assert_answer(&answer(&mut *old, report("k", 1, "one")));
    answer(&mut *old, force_open("seen", "events")).unwrap();
    assert!(notices.next(Duration::from_secs(10)).unwrap().unwrap().ends_with("|seen"));
    until("the replica has it", || {
        let failures = watched.replica.connect().unwrap().command(&[b"HGET", b"k", b"failures"]).unwrap();
        format!("{failures:?}").contains('1')
    });

    until("the sentinel thinks the replica good enough", || {
        watched.sentinel.connect().unwrap().command(&[b"SENTINEL", b"FAILOVER", b"main"]).is_ok()
    });
    until("the old master is a replica", || match answer(&mut *old, report("k", 1, "two")) {
        // A sentinel ends the connections of a server that it demotes.
        Err(Trouble { kind: TroubleKind::NotMaster | TroubleKind::Connection, .. }) => true,
        Err(trouble) => panic!("{trouble}"),
        Ok(_) => false,
    });
    let mut new = connection(&connect);
    assert_eq!(answer(&mut *new, report("k", 1, "three")).unwrap()[0], "ok");
    let mut notices = subscription(&connect, "events");
    answer(&mut *new, force_open("seen again", "events")).unwrap();
    assert!(notices.next(Duration::from_secs(10)).unwrap().unwrap().ends_with("|seen again"));

    // And by a crash, back again.
    watched.replica.kill().unwrap();
    assert_eq!(answer(&mut *new, read("k")).unwrap_err().kind, TroubleKind::Connection);
    until("there is a master again", || connect.connect().is_ok());
    assert_answer(&answer(&mut *connection(&connect), report("k", 1, "four")));
    assert_eq!(answer(&mut *connection(&by_url(&watched.master.url())), read("k")).unwrap()[6], "");
}

#[test]
fn a_master_that_nobody_knows_is_an_error_that_names_it() {
    let watched = Watched::start();
    let trouble =
        by_url(&format!("redis-sentinel://127.0.0.1:{}/other", watched.sentinel.port())).connect().err().unwrap();
    assert_eq!(trouble.kind, TroubleKind::Server);
    assert!(trouble.text.ends_with("knows no master other"), "{trouble}");
}

#[test]
fn a_sentinel_that_is_wrong_about_the_master_is_not_believed() {
    let watched = Watched::start();
    let mut demoted = watched.master.connect().unwrap();
    demoted.command(&[b"REPLICAOF", b"127.0.0.1", watched.replica.port().to_string().as_bytes()]).unwrap();
    let trouble = by_url(&watched.url()).connect().err().unwrap();
    assert_eq!(trouble.kind, TroubleKind::NotMaster, "{trouble}");
}

#[test]
fn a_sentinel_that_hangs_costs_one_timeout() {
    let watched = Watched::start();
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let hosts = format!("{},127.0.0.1:{}", silent.local_addr().unwrap(), watched.sentinel.port());
    let connect = by_url(&format!("redis-sentinel://{hosts}/main"));
    let (first, time) = timed(|| connect.connect().map(drop));
    first.unwrap();
    assert!(RESPONSE <= time && time < 4 * RESPONSE, "{time:?}");
    let (second, time) = timed(|| connect.connect().map(drop));
    second.unwrap();
    assert!(time < RESPONSE, "the one that has answered is asked first: {time:?}");
}
