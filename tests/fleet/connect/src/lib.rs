//! What tests of connections share: calls of the script, timeouts, and a network that misbehaves.

mod cluster;
mod peer;
mod proxy;
mod tasks;

use std::time::{Duration, Instant};

use halfopen::redis::connect::{Connect, Connection, ScriptCall, Subscription, Trouble};
use halfopen::redis::v1::{RedisConnect, Timeouts};
use rig::{Kind, Server};

pub use cluster::{RANGES, cluster};
pub use peer::{Peer, await_text};
pub use proxy::Proxy;
pub use tasks::ByTasks;

/// Of a test: long enough for a machine that is busy, short enough to be waited for.
pub const RESPONSE: Duration = Duration::from_millis(300);

/// Timeouts of tests, by which a subscription asks after 200 ms of silence.
#[must_use]
pub fn timeouts() -> Timeouts {
    Timeouts::new().connect(RESPONSE).response(RESPONSE).idle(Duration::from_millis(200))
}

/// Debian's server with lines of configuration.
///
/// # Panics
///
/// It does not start.
#[must_use]
pub fn server(config: &[&str]) -> Server {
    Server::start(Kind::Debian, config).expect("a server that starts")
}

/// A port that nobody listens on, as yet.
///
/// # Panics
///
/// There is none.
#[must_use]
pub fn free_port() -> u16 {
    std::net::TcpListener::bind(("127.0.0.1", 0))
        .and_then(|listener| listener.local_addr())
        .expect("a free port")
        .port()
}

/// A way to what a URL names.
///
/// # Panics
///
/// It is none.
#[must_use]
pub fn by_url(url: &str) -> RedisConnect {
    by_url_with(url, timeouts())
}

/// The same with other timeouts.
///
/// # Panics
///
/// It is none.
#[must_use]
pub fn by_url_with(url: &str, timeouts: Timeouts) -> RedisConnect {
    RedisConnect::from_url(url, timeouts).expect("a URL")
}

/// A connection that there must be.
///
/// # Panics
///
/// There is none.
#[must_use]
pub fn connection(connect: &impl Connect) -> Box<dyn Connection> {
    connect.connect().expect("a connection")
}

/// A subscription that there must be.
///
/// # Panics
///
/// There is none.
#[must_use]
pub fn subscription(connect: &impl Connect, channel: &str) -> Box<dyn Subscription> {
    connect.subscribe(channel).expect("a connection").expect("one that can subscribe")
}

/// A `read` of a circuit.
#[must_use]
pub fn read(key: &str) -> ScriptCall {
    call(key, "read", &[])
}

/// A report of so many failures, no success before them.
#[must_use]
pub fn report(key: &str, failures: u32, rid: &str) -> ScriptCall {
    call(key, "report", &["0", "-1", &failures.to_string(), "0", rid, "0"])
}

/// An order to open, which is published to the channel.
#[must_use]
pub fn force_open(key: &str, channel: &str) -> ScriptCall {
    let mut call = call(key, "force", &["open", "test"]);
    call.arguments[1] = channel.into();
    call
}

fn call(key: &str, operation: &str, own: &[&str]) -> ScriptCall {
    let fixed =
        [operation, "", "5", "1", "30000", "1", "1000", "30000", "86400000", "0", "closed", "0", "0", "0", "", "0"];
    ScriptCall { key: key.into(), arguments: fixed.iter().chain(own).map(|&text| text.into()).collect() }
}

/// The only answer to one call.
///
/// # Errors
///
/// What the call, or the whole exchange, came to.
pub fn answer(connection: &mut dyn Connection, call: ScriptCall) -> Result<Vec<String>, Trouble> {
    connection.exchange(&[call])?.pop().expect("an answer to a call")
}

/// Whether this is an answer of the script.
///
/// # Panics
///
/// It is none, with what it is.
pub fn assert_answer(answer: &Result<Vec<String>, Trouble>) {
    let texts = answer.as_ref().expect("an answer");
    assert_eq!((texts.len(), texts[0].as_str()), (12, "ok"), "{texts:?}");
}

/// What something gives, and how long it takes.
pub fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let start = Instant::now();
    let result = work();
    (result, start.elapsed())
}

/// Waits until something is true.
///
/// # Panics
///
/// It is not within a minute.
pub fn until(what: &str, mut check: impl FnMut() -> bool) {
    let start = Instant::now();
    while !check() {
        assert!(start.elapsed() < Duration::from_secs(60), "not within a minute: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}
