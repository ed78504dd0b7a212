//! The ways to make a breaker: what they check, where they fit, and the clocks behind them.

#![cfg(not(halfopen_loom))]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use halfopen::machine::Policy;
use halfopen::{
    BreakerTable, CircuitBreaker, CircuitState, Clock, Config, ConfigError, FnClock, ManualClock, Receipt,
    StatePersistence, TableError, TickClock, Timestamp,
};

const RECOVERY: Duration = Duration::from_secs(10);
const CONFIG: Config = Config::new().failure_threshold(1).recovery_timeout(RECOVERY);

/// A configuration for each way to be invalid, with the field that is wrong.
fn invalid() -> [(&'static str, Config); 9] {
    [
        ("failure_threshold", CONFIG.failure_threshold(0)),
        ("failure_threshold", CONFIG.failure_threshold(u32::MAX)),
        ("recovery_timeout", CONFIG.recovery_timeout(Duration::ZERO)),
        ("recovery_timeout", CONFIG.recovery_timeout(Duration::MAX)),
        ("success_threshold", CONFIG.success_threshold(64)),
        ("half_open_max_calls", CONFIG.half_open_max_calls(0)),
        ("probe_timeout", CONFIG.probe_timeout(Duration::MAX)),
        ("redis_key_prefix", CONFIG.redis_key_prefix("")),
        ("state_persistence", CONFIG.state_persistence(StatePersistence::Redis)),
    ]
}

#[track_caller]
fn assert_panics_with<T>(error: ConfigError, make: impl FnOnce() -> T) {
    let payload = catch_unwind(AssertUnwindSafe(|| drop(make()))).expect_err("it was made");
    let text = payload.downcast_ref::<String>().map(String::as_str).or(payload.downcast_ref::<&str>().copied());
    assert_eq!(text, Some(error.to_string().as_str()));
}

#[test]
fn every_constructor_refuses_an_invalid_configuration_with_the_same_error() {
    static CLOCK: ManualClock = ManualClock::new();
    for (field, config) in invalid() {
        let error = CircuitBreaker::try_with_clock("x", config, &CLOCK).unwrap_err();
        assert!(error.field().starts_with(field), "{error}");
        assert!(error.to_string().starts_with(&format!("{} is ", error.field())), "{error}");
        assert_eq!(
            (error.text().as_str(), format!("{:?}", error.text())),
            (&*error.to_string(), format!("{:?}", error.to_string()))
        );
        assert_eq!(CircuitBreaker::try_with_observer("x", config, &CLOCK, ()).unwrap_err(), error);
        assert_panics_with(error, || CircuitBreaker::with_clock("x", config, &CLOCK));
        assert_panics_with(error, || CircuitBreaker::with_observer("x", config, &CLOCK, ()));
        assert_panics_with(error, || BreakerTable::<_, 1>::new(config, &CLOCK));
        assert_panics_with(error, || BreakerTable::<_, 1, &str, _>::with_observer(config, &CLOCK, ()));
        let table: BreakerTable<_, 1> = BreakerTable::new(CONFIG, &CLOCK);
        assert_eq!(table.register_with("x", config).map(drop), Err(TableError::Config(error)));
        #[cfg(feature = "std")]
        {
            assert_eq!(CircuitBreaker::try_new("x", config).map(drop), Err(error));
            assert_panics_with(error, || CircuitBreaker::new("x", config));
        }
        // Only in memory, which shares nothing, is Redis refused.
        assert_eq!(config.validate().err(), Some(error).filter(|_| field != "state_persistence"));
    }
}

#[test]
fn every_constructor_makes_the_same_of_a_valid_configuration() {
    let clock = ManualClock::new();
    let policy = CONFIG.validate().unwrap();
    let table: BreakerTable<_, 1> = BreakerTable::new(CONFIG, &clock);
    let policies = [
        *CircuitBreaker::with_clock("x", CONFIG, &clock).policy(),
        *CircuitBreaker::try_with_clock("x", CONFIG, &clock).unwrap().policy(),
        *CircuitBreaker::with_observer("x", CONFIG, &clock, ()).policy(),
        *CircuitBreaker::try_with_observer("x", CONFIG, &clock, ()).unwrap().policy(),
        *CircuitBreaker::with_policy("x", policy, &clock, ()).policy(),
        *table.register("x").unwrap().policy(),
        #[cfg(feature = "std")]
        *CircuitBreaker::new("x", CONFIG).policy(),
        #[cfg(feature = "std")]
        *CircuitBreaker::try_new("x", CONFIG).unwrap().policy(),
    ];
    assert!(policies.iter().all(|made| *made == policy), "{policies:?}");
    assert_eq!(Config::default(), Config::new());
}

#[test]
fn a_configuration_a_policy_and_an_error_are_made_at_compile_time() {
    const POLICY: Policy = match CONFIG.validate() {
        Ok(policy) => policy,
        Err(_) => panic!(),
    };
    const ERROR: ConfigError = match CONFIG.success_threshold(64).validate() {
        Ok(_) => panic!(),
        Err(error) => error,
    };
    static CLOCK: ManualClock = ManualClock::new();
    static BREAKER: CircuitBreaker<&ManualClock> = CircuitBreaker::with_policy("x", POLICY, &CLOCK, ());
    assert_eq!((POLICY.recovery_timeout_ms(), BREAKER.policy().failure_threshold()), (10_000, 1));
    assert_eq!(ERROR.field(), "success_threshold");
}

#[test]
fn breakers_fit_a_static_and_an_array_of_them_too() {
    static CLOCK: ManualClock = ManualClock::new();
    static ONE: CircuitBreaker<&ManualClock> = CircuitBreaker::with_clock("one", CONFIG, &CLOCK);
    static MANY: [CircuitBreaker<&ManualClock>; 3] = [const { CircuitBreaker::with_clock("many", CONFIG, &CLOCK) }; 3];
    assert_eq!((ONE.record_failure(), MANY[1].record_failure()), (Receipt::Recorded, Receipt::Recorded));
    let states = MANY.each_ref().map(CircuitBreaker::state);
    assert_eq!(ONE.state(), CircuitState::Open);
    assert_eq!(states, [CircuitState::Closed, CircuitState::Open, CircuitState::Closed]);
}

/// It stays OPEN for exactly its timeout, whatever the clock shows meanwhile.
#[track_caller]
fn assert_recovers_on_time<C: Clock>(breaker: &CircuitBreaker<C>, advance: impl Fn(u32)) {
    for round in 0..4 {
        assert_eq!(breaker.record_failure(), Receipt::Recorded);
        assert_eq!(breaker.retry_after(), Some(RECOVERY), "round {round}");
        advance(4_000);
        assert_eq!(breaker.retry_after(), Some(RECOVERY - Duration::from_secs(4)), "round {round}");
        advance(5_999);
        assert!(!breaker.allow_request(), "round {round}");
        advance(1);
        assert_eq!(breaker.call(|| Ok::<_, ()>(())), Ok(()), "round {round}");
    }
}

#[test]
fn a_function_that_gives_milliseconds_is_a_clock_for_a_static() {
    static MILLIS: AtomicU64 = AtomicU64::new(u32::MAX as u64 - 15_000);
    static BREAKER: CircuitBreaker<FnClock> =
        CircuitBreaker::with_clock("fn", CONFIG, FnClock::new(|| MILLIS.load(Relaxed)));
    assert_recovers_on_time(&BREAKER, |ms| {
        MILLIS.fetch_add(ms.into(), Relaxed);
    });
    assert_eq!(BREAKER.last_failure_time(), Some(Timestamp::from_millis(u64::from(u32::MAX) + 15_000)));
    let captured = 7;
    assert_eq!(FnClock::new(|| captured).now(), Timestamp::from_millis(7));
}

#[test]
fn a_bare_32_bit_count_of_milliseconds_may_wrap_behind_a_breaker() {
    let millis = AtomicU32::new(u32::MAX - 15_000);
    let clock = FnClock::new(|| millis.load(Relaxed).into());
    let breaker = CircuitBreaker::with_clock("fn", CONFIG, &clock);
    assert_recovers_on_time(&breaker, |ms| {
        millis.fetch_add(ms, Relaxed);
    });
}

#[test]
fn a_tick_counter_wraps_behind_a_breaker_and_the_time_of_the_latest_failure_goes_on() {
    static TICKS: AtomicU32 = AtomicU32::new(u32::MAX - 15_000);
    static BREAKER: CircuitBreaker<TickClock> =
        CircuitBreaker::with_clock("ticks", CONFIG, TickClock::new(|| TICKS.load(Relaxed), 1_000));
    assert_recovers_on_time(&BREAKER, |ms| {
        TICKS.fetch_add(ms, Relaxed);
    });
    assert_eq!(BREAKER.last_failure_time(), Some(Timestamp::from_millis(u64::from(u32::MAX) + 15_000)));
}

#[test]
fn a_fast_tick_counter_wraps_behind_a_breaker_again_and_again() {
    // 400 kHz wraps each 10.7 s, and is read at least every 4 s.
    let ticks = AtomicU32::new(u32::MAX - 2_000_000);
    let clock = TickClock::new(|| ticks.load(Relaxed), 400_000);
    let breaker = CircuitBreaker::with_clock("ticks", CONFIG, &clock);
    let advance = |ms: u32| {
        for part in [ms / 2, ms - ms / 2] {
            ticks.fetch_add(part * 400, Relaxed);
            let _ = clock.now();
        }
    };
    for _ in 0..5 {
        assert_recovers_on_time(&breaker, advance);
    }
    let first = u64::from(u32::MAX - 2_000_000) / 400;
    assert!(breaker.last_failure_time().unwrap() >= Timestamp::from_millis(first + 190_000));
}

#[test]
fn a_tick_counter_that_never_ticks_is_refused() {
    let payload = catch_unwind(|| TickClock::new(|| 0, 0)).map(drop).unwrap_err();
    assert_eq!(payload.downcast_ref::<&str>(), Some(&"ticks_per_second is 0, must be 1 to 4294967295"));
}

#[test]
fn a_clock_is_given_back_and_may_be_shared_owned_or_dynamic() {
    let clock = ManualClock::new();
    let (own, shared) = (
        CircuitBreaker::with_clock("own", CONFIG, ManualClock::new()),
        CircuitBreaker::with_clock("ref", CONFIG, &clock),
    );
    let dynamic: CircuitBreaker<&dyn Clock> = CircuitBreaker::with_clock("dyn", CONFIG, &clock);
    own.clock().advance(RECOVERY);
    assert_eq!((own.clock().now(), shared.clock().now()), (Timestamp::from_millis(10_000), Timestamp::ZERO));
    dynamic.trip();
    clock.advance(RECOVERY);
    assert_eq!((dynamic.state(), own.state()), (CircuitState::HalfOpen, CircuitState::Closed));
}

#[cfg(feature = "std")]
mod with_std {
    use std::sync::Arc;
    use std::time::SystemTime;

    use halfopen::SystemClock;

    use super::*;

    #[test]
    fn a_breaker_by_the_system_s_clock_needs_no_type_to_be_named() {
        let breaker = CircuitBreaker::new(String::from("upload"), CONFIG);
        let before = SystemClock.now();
        breaker.record_failure();
        let failed = breaker.last_failure_time().unwrap();
        assert!((before..=SystemClock.now()).contains(&failed));
        assert_eq!(breaker.operation_name(), "upload");
        assert!(breaker.retry_after().unwrap() <= RECOVERY);
        assert!(SystemClock.wall_time(failed) <= SystemTime::now() + Duration::from_secs(1));
    }

    #[test]
    fn a_clock_in_an_arc_is_shared() {
        let clock = Arc::new(ManualClock::new());
        let breaker = CircuitBreaker::with_clock("arc", CONFIG, clock.clone());
        breaker.trip();
        clock.advance(RECOVERY);
        assert_eq!(breaker.state(), CircuitState::HalfOpen);
        let dynamic: CircuitBreaker<Arc<dyn Clock>> = CircuitBreaker::with_clock("arc", CONFIG, clock);
        assert_eq!(dynamic.clock().now(), Timestamp::from_millis(10_000));
    }
}
