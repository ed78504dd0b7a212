//! What an instance brings back from a time without Redis.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use halfopen::redis::connect::{Connect, Connection, Subscription, Trouble, TroubleKind};
use halfopen::redis::{Fleet, FleetOptions, Sharing};
use halfopen::{CircuitState, Config, ManualClock, Timestamp};
use shells::{Interpreter, SERVER_EPOCH_US, with_interpreter};

/// The interpreter, as long as it is there.
struct Perhaps(Arc<AtomicBool>);

impl Connect for Perhaps {
    fn connect(&self) -> Result<Box<dyn Connection>, Trouble> {
        let gone = Trouble { kind: TroubleKind::Connection, text: "refused".into() };
        if self.0.load(Ordering::Relaxed) { Err(gone) } else { Ok(Box::new(OneExchange(Arc::clone(&self.0)))) }
    }

    fn subscribe(&self, _: &str) -> Result<Option<Box<dyn Subscription>>, Trouble> {
        Ok(None)
    }
}

/// Breaks when the interpreter goes away.
struct OneExchange(Arc<AtomicBool>);

impl Connection for OneExchange {
    fn exchange(
        &mut self,
        calls: &[halfopen::redis::connect::ScriptCall],
    ) -> Result<Vec<Result<Vec<String>, Trouble>>, Trouble> {
        Perhaps(Arc::clone(&self.0)).connect().map(drop)?;
        Interpreter.connect()?.exchange(calls)
    }
}

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
    with_interpreter(|redis| {
        redis.wipe();
        redis.set_time_us(SERVER_EPOCH_US);
    });
    let (away, clock) = (Arc::new(AtomicBool::new(false)), Arc::new(ManualClock::new()));
    let options = FleetOptions::new().poll_interval(Duration::from_millis(100));
    let fleet = Fleet::inline(Perhaps(Arc::clone(&away)), options, Arc::clone(&clock)).unwrap();
    let config = Config::new()
        .failure_threshold(3)
        .recovery_timeout(Duration::from_secs(2))
        .probe_timeout(Duration::from_secs(60));
    let breaker = fleet.breaker("s3", config).unwrap();
    let show = |ms: u64| {
        clock.set(Timestamp::from_millis(ms));
        with_interpreter(|redis| redis.set_time_us(SERVER_EPOCH_US + ms * 1_000));
        fleet.pump();
    };
    show(0);
    away.store(true, Ordering::Relaxed);
    for ms in [1_000, 1_010, 1_020] {
        show(ms);
        breaker.try_acquire().unwrap().failure();
    }
    show(3_100);
    assert_eq!(breaker.sharing(), Sharing::Alone);
    let probe = breaker.try_acquire().expect("a probe of its own");
    // Redis is back, hears of the failures, and is gone again before the opening is over.
    away.store(false, Ordering::Relaxed);
    (32..40).for_each(|ms| show(ms * 100));
    assert_eq!((breaker.sharing(), breaker.state()), (Sharing::Shared, CircuitState::Open));
    away.store(true, Ordering::Relaxed);
    (40..60).for_each(|ms| show(ms * 100));
    assert_eq!((breaker.sharing(), breaker.state()), (Sharing::Alone, CircuitState::HalfOpen));
    assert_eq!(breaker.try_acquire().unwrap_err().state, CircuitState::HalfOpen);
    probe.ignore();
    assert!(breaker.try_acquire().is_ok_and(|permit| permit.is_probe()));
}
