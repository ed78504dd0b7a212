//! What an instance brings back from a time without Redis.

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use common::alone_again;
use halfopen::redis::{Fleet, FleetOptions, Sharing};
use halfopen::rules::{Adaptive, Consecutive};
use halfopen::{CircuitState, Config, ManualClock, Outcome, Receipt, Timestamp};
use shells::{Interpreter, Perhaps, SERVER_EPOCH_US, with_interpreter};

/// An outage during which the instance opens its own circuit, asks in vain whether Redis is back, and closes it again.
fn after_an_outage(forgets: bool) -> CircuitState {
    with_interpreter(|redis| {
        redis.wipe();
        redis.set_time_us(SERVER_EPOCH_US);
    });
    let (away, clock) = (Arc::new(AtomicBool::new(false)), Arc::new(ManualClock::new()));
    let options = FleetOptions::new().poll_interval(Duration::from_millis(500));
    let fleet = Fleet::inline(Perhaps(Arc::clone(&away)), options, Arc::clone(&clock)).unwrap();
    let config = Config::new().failure_threshold(3).success_threshold(1).recovery_timeout(Duration::from_secs(2));
    let breaker = fleet.breaker("s3", config).unwrap();
    let show = |ms: u64| {
        clock.set(Timestamp::from_millis(ms));
        with_interpreter(|redis| redis.set_time_us(SERVER_EPOCH_US + ms * 1_000));
        fleet.pump();
    };
    show(0);
    assert_eq!(breaker.sharing(), Sharing::Shared);
    away.store(true, Ordering::Relaxed);
    for ms in 1..19 {
        breaker.try_acquire().unwrap().success();
        show(ms * 50);
    }
    assert_eq!(breaker.sharing(), Sharing::Alone);
    for ms in [1_000, 1_010, 1_020] {
        show(ms);
        breaker.try_acquire().unwrap().failure();
    }
    // Whenever it asks whether Redis is back, it tells what there is to tell.
    for ms in 1..40 {
        show(1_020 + ms * 50);
    }
    show(3_100);
    breaker.try_acquire().expect("a probe of its own").success();
    assert_eq!(breaker.state(), CircuitState::Closed);
    for ms in 1..20 {
        show(3_100 + ms * 50);
        breaker.try_acquire().unwrap().success();
    }
    if forgets {
        with_interpreter(|redis| redis.wipe());
    }
    away.store(false, Ordering::Relaxed);
    for ms in 1..40 {
        show(4_100 + ms * 50);
    }
    assert_eq!(breaker.sharing(), Sharing::Shared);
    breaker.state()
}

#[test]
fn failures_that_a_later_success_has_refuted_open_nothing_when_redis_is_back() {
    assert_eq!(after_an_outage(false), CircuitState::Closed);
    assert_eq!(after_an_outage(true), CircuitState::Closed);
}

#[test]
fn a_probe_of_an_earlier_time_alone_takes_a_place_in_the_next() {
    let clock = Arc::new(ManualClock::new());
    let instance = alone_again(Arc::clone(&clock), |ms| clock.set(Timestamp::from_millis(ms)), 1);
    let breaker = &instance.breaker;
    assert_eq!(breaker.try_acquire().unwrap_err().state, CircuitState::HalfOpen);
    breaker.settle_ticket(instance.earlier, Outcome::Ignored);
    assert!(breaker.try_acquire().is_ok_and(|permit| permit.is_probe()));
}

/// How long each of so many instances still waits, once every one of them has failed three times while Redis is away; it goes
/// away before that, or when the fleet's circuit is `shared` and OPEN already.
fn waits(config: Config, shared: bool, instances: usize) -> Vec<Duration> {
    with_interpreter(|redis| {
        redis.wipe();
        redis.set_time_us(SERVER_EPOCH_US);
    });
    let (away, clock) = (Arc::new(AtomicBool::new(false)), Arc::new(ManualClock::new()));
    let fleets: Vec<_> = (0..instances)
        .map(|_| {
            let options = FleetOptions::new().settle(Duration::ZERO);
            let fleet = Fleet::inline(Perhaps(Arc::clone(&away)), options, Arc::clone(&clock)).unwrap();
            let breaker = fleet.breaker_with::<_, Adaptive<Consecutive>>("s3", config, ()).unwrap();
            (fleet, breaker)
        })
        .collect();
    let show = |ms: u64| {
        clock.set(Timestamp::from_millis(ms));
        with_interpreter(|redis| redis.set_time_us(SERVER_EPOCH_US + ms * 1_000));
        fleets.iter().for_each(|(fleet, _)| fleet.pump());
    };
    show(0);
    if shared {
        // Who is asked is polled.
        assert!(fleets.iter().all(|(_, breaker)| breaker.allow_request()));
        (0..3).for_each(|_| assert_eq!(fleets[0].1.record_failure(), Receipt::Recorded));
        show(2_000);
        assert!(
            fleets.iter().all(|(_, one)| one.retry_after() == Some(Duration::from_secs(28))),
            "the fleet has no jitter"
        );
    }
    away.store(true, Ordering::Relaxed);
    for (_, breaker) in fleets.iter().filter(|_| !shared) {
        (0..3).for_each(|_| assert_eq!(breaker.record_failure(), Receipt::Recorded));
    }
    let now = if shared { 8_000 } else { 0 };
    show(now);
    fleets
        .iter()
        .map(|(_, breaker)| {
            assert_eq!((breaker.sharing(), breaker.state()), (Sharing::Alone, CircuitState::Open));
            assert_eq!(breaker.failure_count(), 3);
            breaker.retry_after().unwrap()
        })
        .collect()
}

#[test]
fn instances_that_are_alone_probe_each_at_another_time_where_there_is_a_jitter() {
    let config = Config::new().failure_threshold(3).recovery_timeout(Duration::from_secs(30));
    // What is left of a shared opening when Redis has gone, and so all of one that was never shared.
    for (shared, left) in [(false, 30), (true, 22)] {
        let left = Duration::from_secs(left);
        assert!(waits(config, shared, 8).iter().all(|wait| *wait == left), "without a jitter nothing is shortened");
        let mut waits = waits(config.recovery_jitter_percent(20), shared, 40);
        assert!(waits.iter().all(|wait| (left.mul_f64(0.8)..=left).contains(wait)), "{waits:?}");
        waits.sort_unstable();
        waits.dedup();
        assert!(waits.len() > 30, "{waits:?}");
        // By chance all 40 are in one half of the jitter once in 5 · 10^11 times.
        assert!(waits[0] < left.mul_f64(0.9) && waits[waits.len() - 1] > left.mul_f64(0.9), "{waits:?}");
    }
}

#[test]
fn an_opening_after_a_probe_that_failed_alone_has_a_jitter_too() {
    let away = Arc::new(AtomicBool::new(true));
    let waits: std::collections::BTreeSet<_> = (0..40)
        .map(|_| {
            let clock = Arc::new(ManualClock::new());
            let fleet = Fleet::inline(Perhaps(Arc::clone(&away)), FleetOptions::new(), Arc::clone(&clock)).unwrap();
            let config = Config::new().failure_threshold(1).recovery_jitter_percent(50);
            let breaker = fleet.breaker_with::<_, Adaptive<Consecutive>>("s3", config, ()).unwrap();
            breaker.try_acquire().unwrap().failure();
            clock.set(Timestamp::from_millis(30_000));
            breaker.try_acquire().expect("a probe of its own").failure();
            assert_eq!(breaker.state(), CircuitState::Open);
            breaker.retry_after().unwrap()
        })
        .collect();
    assert!(waits.len() > 30, "{waits:?}");
    assert!(waits.iter().all(|wait| (Duration::from_secs(15)..=Duration::from_secs(30)).contains(wait)), "{waits:?}");
}

#[test]
fn of_the_way_back_a_fleet_takes_the_jitter_alone() {
    let fleet = Fleet::inline(Interpreter, FleetOptions::new(), Arc::new(ManualClock::new())).unwrap();
    let refused = |config: Config| {
        let error = fleet.breaker_with::<_, Adaptive<Consecutive>>("s3", config, ()).unwrap_err();
        error.field().to_owned()
    };
    let config = Config::new().recovery_jitter_percent(20);
    assert!(fleet.breaker_with::<_, Adaptive<Consecutive>>("s3", config, ()).is_ok());
    assert_eq!(refused(config.recovery_multiplier_percent(200)), "recovery_multiplier_percent");
    assert_eq!(refused(config.max_recovery_timeout(Duration::from_secs(60))), "max_recovery_timeout_seconds");
    assert_eq!(refused(config.half_open_trials(3)), "half_open_trials");
    assert_eq!(refused(config.ramp_up(Duration::from_secs(10))), "ramp_up_seconds");
    assert_eq!(fleet.breaker("s3", config).unwrap_err().field(), "recovery_jitter_percent");
}
