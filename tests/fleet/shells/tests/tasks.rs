//! A fleet that tasks drive: what its runtime feels of it, what becomes of it in a bad network, and how it ends.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use connect::Proxy;
use halfopen::redis::v1::redis::Client;
use halfopen::redis::v1::{Brought, RedisConnect, Timeouts};
use halfopen::redis::{Fleet, FleetError, FleetOptions, SharedBreaker, Sharing};
use halfopen::{CallError, CircuitState, Config, SystemClock};
use rig::{Kind, Redis, Server};
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::time::sleep;

const KEY: &[u8] = b"circuit_breaker:s3_upload";
/// What waits for Redis is over after its timeout and this, on a machine that is busy.
const SLACK: Duration = Duration::from_millis(400);

fn server() -> Server {
    Server::start(Kind::Debian, &["save \"\"", "appendonly no"]).unwrap()
}

/// One thread, so that whatever blocks it is seen.
fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

fn config() -> Config {
    Config::new().failure_threshold(5).recovery_timeout(Duration::from_secs(30))
}

fn made(fleet: &Fleet) -> SharedBreaker {
    fleet.breaker("s3_upload", config()).unwrap()
}

async fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(10);
    while !is_so() {
        assert!(Instant::now() < end, "not in 10 s: {what}");
        sleep(Duration::from_millis(1)).await;
    }
}

/// The longest time for which a task on this runtime was not run, in milliseconds.
fn longest_pause() -> Arc<AtomicU32> {
    let longest = Arc::new(AtomicU32::new(0));
    let shared = Arc::clone(&longest);
    tokio::spawn(async move {
        loop {
            let before = Instant::now();
            sleep(Duration::from_millis(1)).await;
            shared.fetch_max(before.elapsed().as_millis() as u32, Ordering::Relaxed);
        }
    });
    longest
}

fn failures(server: &Server) -> Option<Vec<u8>> {
    server.connect().unwrap().hash(KEY).get(&b"failures"[..]).cloned()
}

#[test]
fn a_network_that_swallows_is_away_after_one_timeout_and_back_by_a_new_connection_and_the_runtime_never_stands_still() {
    let server = server();
    let proxy = Proxy::new(server.port());
    runtime().block_on(async {
        // Long, so that a machine that is busy is not taken for a runtime that stands still.
        let response = Duration::from_millis(600);
        let options = FleetOptions::new().response_timeout(response).poll_interval(Duration::from_millis(50));
        let fleet = Fleet::from_url_tokio(&proxy.url(), options).unwrap();
        let breaker = made(&fleet);
        eventually("it has been heard", || breaker.last_contact().is_some()).await;
        assert_eq!(breaker.sharing(), Sharing::Shared);
        let longest = longest_pause();
        proxy.swallow();
        let begun = Instant::now();
        breaker.record_failure();
        // For how long it is alone depends on chance, and may be less than anybody can see.
        assert!(fleet.flush_async(Duration::from_secs(5)).await);
        let (heard, paused) = (begun.elapsed(), longest.load(Ordering::Relaxed));
        assert!(heard < response + SLACK, "{heard:?}");
        assert!(heard > response / 2, "{heard:?}");
        assert_eq!(breaker.sharing(), Sharing::Shared);
        assert!(u128::from(paused) < response.as_millis() / 2, "the runtime stood still for {paused} ms");
        assert!(longest.load(Ordering::Relaxed) > 0, "nothing was measured");
        assert_eq!(failures(&server).as_deref(), Some(&b"1"[..]));
        assert_eq!(breaker.call_async(async || Ok::<_, ()>(7)).await, Ok(7));
    });
}

#[test]
fn a_probe_waits_for_its_permit_on_the_only_thread_that_there_is() {
    let server = server();
    runtime().block_on(async {
        let fleet = Fleet::from_url_tokio(&server.url(), FleetOptions::new()).unwrap();
        let config = config().recovery_timeout(Duration::from_millis(100));
        let breaker = fleet.breaker("s3_upload", config).unwrap();
        for _ in 0..5 {
            breaker.record_failure();
        }
        assert!(fleet.flush_async(Duration::from_secs(5)).await);
        assert!(matches!(breaker.call_async(async || Ok::<_, ()>(7)).await, Err(CallError::Open(_))));
        eventually("the time is over", || breaker.state() == CircuitState::HalfOpen).await;
        assert_eq!(breaker.call_async(async || Ok::<_, ()>(7)).await, Ok(7));
        eventually("it is closed", || breaker.state() == CircuitState::Closed).await;
    });
}

#[test]
fn a_flush_of_a_task_ends_in_time_where_redis_does_not_answer() {
    let server = server();
    let proxy = Proxy::new(server.port());
    runtime().block_on(async {
        let options = FleetOptions::new()
            .lease(Duration::from_secs(60))
            .response_timeout(Duration::from_secs(2))
            .poll_interval(Duration::from_secs(60));
        let fleet = Fleet::from_url_tokio(&proxy.url(), options).unwrap();
        let breaker = made(&fleet);
        eventually("it has been heard", || breaker.last_contact().is_some()).await;
        proxy.swallow();
        breaker.record_failure();
        let begun = Instant::now();
        assert!(!fleet.flush_async(Duration::from_millis(100)).await);
        assert!(begun.elapsed() < Duration::from_secs(2) + SLACK, "{:?}", begun.elapsed());
    });
}

#[test]
fn a_fleet_that_is_dropped_blocks_nobody_and_its_task_tells_what_there_was() {
    let server = server();
    runtime().block_on(async {
        let fleet = Fleet::from_url_tokio(&server.url(), FleetOptions::new()).unwrap();
        let breaker = made(&fleet);
        breaker.record_failure();
        let begun = Instant::now();
        drop((breaker, fleet));
        assert!(begun.elapsed() < Duration::from_millis(50), "{:?}", begun.elapsed());
        eventually("it is told", || failures(&server).as_deref() == Some(&b"1"[..])).await;
        let tasks = || Handle::current().metrics().num_alive_tasks();
        eventually("no task is left", || tasks() == 0).await;
    });
}

#[test]
fn a_fleet_whose_runtime_is_gone_goes_on_alone() {
    let server = server();
    let runtime = runtime();
    let (fleet, breaker) = runtime.block_on(async {
        let fleet = Fleet::from_url_tokio(&server.url(), FleetOptions::new()).unwrap();
        let breaker = made(&fleet);
        eventually("it has been heard", || breaker.last_contact().is_some()).await;
        (fleet, breaker)
    });
    assert_eq!(breaker.sharing(), Sharing::Shared);
    let handle = runtime.handle().clone();
    drop(runtime);
    assert_eq!(breaker.sharing(), Sharing::Alone);
    for _ in 0..5 {
        breaker.record_failure();
    }
    assert_eq!(breaker.state(), CircuitState::Open);
    let begun = Instant::now();
    assert!(!fleet.flush(Duration::from_secs(60)), "there is nobody who could tell it");
    assert!(begun.elapsed() < Duration::from_secs(10));
    // Neither a breaker nor a fleet that comes too late waits for anything.
    assert_eq!(fleet.breaker("late", config()).unwrap().sharing(), Sharing::Alone);
    let connect = RedisConnect::from_url(&server.url(), Timeouts::new()).unwrap();
    let late = Fleet::spawn_on(&handle, connect, FleetOptions::new(), SystemClock).unwrap();
    let breaker = made(&late);
    eventually_blocking("it goes on alone", || breaker.sharing() == Sharing::Alone);
    assert_eq!(breaker.call(|| Ok::<_, ()>(7)), Ok(7));
}

fn eventually_blocking(what: &str, is_so: impl FnMut() -> bool) {
    runtime().block_on(eventually(what, is_so));
}

#[test]
fn a_fleet_on_a_runtime_without_timers_goes_on_alone() {
    let server = server();
    let bare = Builder::new_multi_thread().worker_threads(1).build().unwrap();
    let _entered = bare.enter();
    let breaker = made(&Fleet::from_url_tokio(&server.url(), FleetOptions::new()).unwrap());
    eventually_blocking("it goes on alone", || breaker.sharing() == Sharing::Alone);
    assert!(breaker.allow_request());
}

#[test]
fn without_a_runtime_there_is_no_fleet() {
    let fleet = Fleet::from_url_tokio("redis://127.0.0.1:1", FleetOptions::new());
    assert_eq!(fleet.err(), Some(FleetError::NoRuntime));
}

#[test]
fn by_a_connection_that_was_brought_two_fleets_share_a_circuit_though_they_get_no_notices() {
    let server = server();
    runtime().block_on(async {
        let client = Client::open(server.url()).unwrap();
        let mut fleets = Vec::new();
        for _ in 0..2 {
            let connection = client.get_multiplexed_async_connection().await.unwrap();
            let connect = Brought::new(connection, Timeouts::new());
            fleets.push(Fleet::spawn_on(&Handle::current(), connect, FleetOptions::new(), SystemClock).unwrap());
        }
        let (first, second) = (made(&fleets[0]), made(&fleets[1]));
        // Nobody uses it, so nobody would ask for it by a poll of one second.
        eventually("both have been heard", || first.last_contact().is_some() && second.last_contact().is_some()).await;
        for _ in 0..5 {
            first.record_failure();
        }
        assert!(fleets[0].flush_async(Duration::from_secs(5)).await);
        eventually("the second knows it", || !second.allow_request()).await;
    });
}

#[test]
fn a_connection_that_was_brought_and_is_swallowed_is_away_after_one_timeout() {
    let server = server();
    let proxy = Proxy::new(server.port());
    runtime().block_on(async {
        let client = Client::open(proxy.url()).unwrap();
        let connection = client.get_multiplexed_async_connection().await.unwrap();
        let response = Duration::from_millis(200);
        let options = FleetOptions::new().response_timeout(response);
        let connect = Brought::new(connection, Timeouts::from(&options));
        let fleet = Fleet::spawn_on(&Handle::current(), connect, options, SystemClock).unwrap();
        let breaker = made(&fleet);
        eventually("it has been heard", || breaker.last_contact().is_some()).await;
        proxy.swallow();
        let begun = Instant::now();
        breaker.record_failure();
        eventually("it is away", || breaker.sharing() == Sharing::Alone).await;
        assert!(begun.elapsed() < response + SLACK, "{:?}", begun.elapsed());
    });
}
