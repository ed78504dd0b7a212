//! The contract across processes, on a real server: instances of one process stand for processes, each with connections of its
//! own.

use std::time::{Duration, Instant};

use halfopen::redis::{Counting, Fleet, FleetOptions, SharedBreaker, Sharing};
use halfopen::rules::{Consecutive, CountWindow};
use halfopen::{CircuitState, Config, Mode, StatePersistence};
use rig::{Kind, Server};

fn server() -> Server {
    Server::start(Kind::Debian, &["save \"\"", "appendonly no"]).unwrap()
}

fn fleet_with(server: &Server, options: FleetOptions) -> Fleet {
    super::fleet(&server.url(), options)
}

fn fleet(server: &Server) -> Fleet {
    fleet_with(server, FleetOptions::new())
}

fn config() -> Config {
    let config = Config::new().failure_threshold(5).recovery_timeout(Duration::from_secs(30));
    config.state_persistence(StatePersistence::Redis)
}

fn made(fleet: &Fleet, config: Config) -> SharedBreaker {
    fleet.breaker("s3_upload", config).unwrap()
}

/// What comes sooner or later comes within this.
#[track_caller]
fn eventually(what: &str, is_so: impl Fn() -> bool) {
    let end = Instant::now() + Duration::from_secs(10);
    while !is_so() {
        assert!(Instant::now() < end, "not in 10 s: {what}");
        std::thread::sleep(Duration::from_millis(1));
    }
}

fn fail(breaker: &SharedBreaker, times: u32) {
    for _ in 0..times {
        breaker.record_failure();
    }
}

#[test]
fn failures_in_one_process_are_counted_in_another_and_together_they_open_the_circuit_in_both() {
    let server = server();
    let (one, two) = (fleet(&server), fleet(&server));
    let first = made(&one, config());
    fail(&first, 3);
    assert_eq!(first.failure_count(), 3);
    assert!(one.flush(Duration::from_secs(5)));
    let second = made(&two, config());
    eventually("the count is known", || second.failure_count() == 3);
    fail(&second, 2);
    eventually("both are open", || first.state() == CircuitState::Open && second.state() == CircuitState::Open);
    assert!(!first.allow_request() && !second.allow_request());
    assert_eq!((first.failure_count(), second.failure_count()), (5, 5));
}

#[test]
fn a_success_in_one_process_begins_the_count_anew_in_both() {
    let server = server();
    let (one, two) = (fleet(&server), fleet(&server));
    let (first, second) = (made(&one, config()), made(&two, config()));
    fail(&first, 4);
    eventually("the count is known", || second.failure_count() > 0);
    second.record_success();
    assert_eq!(second.failure_count(), 0);
    eventually("the first has heard of it", || first.failure_count() == 0);
    fail(&first, 4);
    assert!(one.flush(Duration::from_secs(5)));
    assert_eq!(first.state(), CircuitState::Closed);
}

#[test]
fn a_process_that_ends_after_one_call_has_told_of_it() {
    let server = server();
    for _ in 0..5 {
        // A process of its own: all of it is gone at the end.
        made(&fleet(&server), config()).record_failure();
    }
    let late = made(&fleet(&server), config());
    eventually("five processes with one failure each have opened it", || late.state() == CircuitState::Open);
}

#[test]
fn a_restart_of_everything_but_redis_keeps_the_state_and_the_time_that_is_left() {
    let server = server();
    {
        let fleet = fleet(&server);
        let breaker = made(&fleet, config());
        fail(&breaker, 5);
        assert!(fleet.flush(Duration::from_secs(5)));
    }
    let fleet = fleet(&server);
    let breaker = made(&fleet, config());
    eventually("it is open", || breaker.state() == CircuitState::Open);
    let left = breaker.retry_after().unwrap();
    assert!(left > Duration::from_secs(20) && left <= Duration::from_secs(30), "{left:?}");
    assert_eq!(breaker.failure_count(), 5);
    assert!(breaker.last_failure_time().is_some());
}

#[test]
fn one_probe_is_let_through_in_the_whole_fleet_and_its_success_closes_the_circuit_for_all() {
    let server = server();
    let config = config().recovery_timeout(Duration::from_millis(300));
    let fleets: Vec<_> = (0..4).map(|_| fleet(&server)).collect();
    let breakers: Vec<_> = fleets.iter().map(|fleet| made(fleet, config)).collect();
    fail(&breakers[0], 5);
    eventually("all are open", || breakers.iter().all(|breaker| breaker.state() == CircuitState::Open));
    eventually("the time is over", || breakers.iter().all(|breaker| breaker.state() == CircuitState::HalfOpen));
    let mut permits: Vec<_> = breakers.iter().filter_map(|breaker| breaker.try_acquire().ok()).collect();
    assert_eq!(permits.len(), 1);
    let probe = permits.remove(0);
    assert!(probe.is_probe());
    probe.success();
    eventually("all are closed", || breakers.iter().all(|breaker| breaker.state() == CircuitState::Closed));
    assert!(breakers.iter().all(|breaker| breaker.allow_request() && breaker.failure_count() == 0));
}

#[test]
fn a_failed_probe_opens_the_circuit_again_for_all() {
    let server = server();
    let config = config().recovery_timeout(Duration::from_millis(200));
    let (one, two) = (fleet(&server), fleet(&server));
    let (first, second) = (made(&one, config), made(&two, config));
    fail(&first, 5);
    eventually("the time is over", || second.state() == CircuitState::HalfOpen);
    second.try_acquire().unwrap().failure();
    assert_eq!(second.state(), CircuitState::Open);
    eventually("the first has heard of it", || first.failure_count() == 6);
}

#[test]
fn without_redis_a_breaker_is_made_at_once_and_decides_alone_until_redis_is_there() {
    let mut server = server();
    server.kill().unwrap();
    let begun = Instant::now();
    let fleet = fleet(&server);
    let breaker = made(&fleet, config().recovery_timeout(Duration::from_secs(5)));
    assert_eq!(breaker.call(|| Ok::<_, ()>(7)), Ok(7));
    assert!(begun.elapsed() < Duration::from_secs(1));
    eventually("it has found out", || breaker.sharing() == Sharing::Alone);
    fail(&breaker, 5);
    assert_eq!(breaker.state(), CircuitState::Open);
    server.restart().unwrap();
    eventually("it shares again", || breaker.sharing() == Sharing::Shared);
    let other = made(&self::fleet(&server), config().recovery_timeout(Duration::from_secs(5)));
    eventually("the opening is that of the fleet", || other.state() == CircuitState::Open);
}

#[test]
fn an_opening_outlives_a_server_that_forgets_everything() {
    let mut server = server();
    let (one, two) = (fleet(&server), fleet(&server));
    let (first, second) = (made(&one, config()), made(&two, config()));
    fail(&first, 5);
    eventually("both are open", || second.state() == CircuitState::Open);
    server.kill().unwrap();
    eventually("both are alone", || first.sharing() == Sharing::Alone && second.sharing() == Sharing::Alone);
    assert!(!first.allow_request() && !second.allow_request());
    server.restart().unwrap();
    eventually("both share again", || first.sharing() == Sharing::Shared && second.sharing() == Sharing::Shared);
    assert!(!first.allow_request() && !second.allow_request());
    let third = fleet(&server);
    let third = made(&third, config());
    eventually("a new one learns of it", || third.state() == CircuitState::Open);
}

#[test]
fn an_order_holds_for_the_whole_fleet_until_it_is_taken_back() {
    let server = server();
    let (one, two) = (fleet(&server), fleet(&server));
    let (first, second) = (made(&one, config()), made(&two, config()));
    first.force_open("the vendor asked for it");
    assert!(!first.allow_request());
    eventually("the second refuses", || second.mode() == Mode::Isolated && !second.allow_request());
    assert_eq!(second.retry_after(), None);
    let mut live = server.connect().unwrap();
    let said = live.command(&[b"HGET", b"circuit_breaker:s3_upload", b"forced_reason"]).unwrap();
    assert_eq!(format!("{said:?}"), "bulk-string('\"the vendor asked for it\"')");
    second.reset();
    eventually("the first lets through", || first.mode() == Mode::Normal && first.allow_request());
}

#[test]
fn what_a_person_writes_into_the_hash_counts_at_the_next_look() {
    let server = server();
    let fleet = fleet(&server);
    let breaker = made(&fleet, config());
    let mut live = server.connect().unwrap();
    live.command(&[b"HSET", b"circuit_breaker:s3_upload", b"forced", b"open"]).unwrap();
    eventually("it refuses", || {
        let _ = breaker.record_success();
        !breaker.allow_request()
    });
}

#[test]
fn where_instances_count_by_themselves_any_rule_opens_the_circuit_for_all() {
    let server = server();
    let options = FleetOptions::new().counting(Counting::Local);
    let fleets: Vec<_> = (0..2).map(|_| fleet_with(&server, options)).collect();
    let window = Config::new().sliding_window_size(10).minimum_calls(4).failure_rate_threshold(50);
    let made = |fleet: &Fleet| fleet.breaker_with::<_, CountWindow<64>>("s3_upload", window, ()).unwrap();
    let (first, second) = (made(&fleets[0]), made(&fleets[1]));
    for _ in 0..2 {
        first.record_success();
        first.record_failure();
    }
    assert_eq!(first.state(), CircuitState::Open);
    eventually("the second is open too", || second.state() == CircuitState::Open);
}

#[test]
fn with_a_quorum_one_bad_instance_refuses_its_own_requests_alone() {
    let server = server();
    let options = FleetOptions::new().counting(Counting::Quorum(2));
    let fleets: Vec<_> = (0..3).map(|_| fleet_with(&server, options)).collect();
    let made = |fleet: &Fleet| fleet.breaker_with::<_, Consecutive>("s3_upload", config(), ()).unwrap();
    let breakers: Vec<_> = fleets.iter().map(made).collect();
    for _ in 0..5 {
        breakers[0].record_failure();
    }
    assert_eq!(breakers[0].state(), CircuitState::Open);
    assert!(fleets[0].flush(Duration::from_secs(5)));
    eventually("its vote is there", || votes(&server) == 1);
    assert!(breakers[1].allow_request() && breakers[2].allow_request());
    for _ in 0..5 {
        breakers[1].record_failure();
    }
    eventually("two votes open it for the third", || breakers[2].state() == CircuitState::Open);
}

fn votes(server: &Server) -> usize {
    use rig::Redis;
    let mut live = server.connect().unwrap();
    live.hash(b"circuit_breaker:s3_upload").keys().filter(|field| field.starts_with(b"vote.")).count()
}

#[test]
fn a_thousand_good_calls_cost_no_command() {
    let server = server();
    let fleet = fleet_with(&server, FleetOptions::new().poll_interval(Duration::from_secs(3_600)));
    let breaker = made(&fleet, config());
    let mut live = server.connect().unwrap();
    let mut before = 0;
    while breaker.last_contact().is_none() || before != live.count("evalsha") {
        // It looks once at the start, and once when notices can be heard.
        before = live.count("evalsha");
        std::thread::sleep(Duration::from_millis(300));
    }
    for _ in 0..1_000 {
        assert_eq!(breaker.call(|| Ok::<_, ()>(())), Ok(()));
    }
    assert!(fleet.flush(Duration::from_secs(5)));
    assert_eq!(live.count("evalsha") - before, 0);
}

#[test]
fn a_task_that_would_be_a_probe_waits_for_its_permit_without_blocking() {
    let server = server();
    let fleet = fleet(&server);
    let breaker = made(&fleet, config().recovery_timeout(Duration::from_millis(100)));
    fail(&breaker, 5);
    assert!(fleet.flush(Duration::from_secs(5)));
    eventually("the time is over", || breaker.state() == CircuitState::HalfOpen);
    assert_eq!(pollster::block_on(breaker.call_async(async || Ok::<_, ()>(7))), Ok(7));
    eventually("it is closed", || breaker.state() == CircuitState::Closed);
}
