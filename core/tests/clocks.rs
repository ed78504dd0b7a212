//! The clocks of other crates, behind breakers in a `static`: circuits recover on time, through wraps and at odd rates.

#![cfg(not(halfopen_loom))]
#![cfg(any(feature = "embassy-time-v0_5", feature = "fugit-v0_3", feature = "fugit-v0_6"))]

use std::time::Duration;

use halfopen::{CircuitBreaker, Clock, Config, Receipt};

const RECOVERY: Duration = Duration::from_secs(10);
const CONFIG: Config = Config::new().failure_threshold(1).recovery_timeout(RECOVERY);

/// It stays OPEN for exactly its timeout, whatever the clock shows meanwhile. `advance` takes milliseconds.
#[track_caller]
fn assert_recovers_on_time<C: Clock>(breaker: &CircuitBreaker<C>, advance: impl Fn(u64)) {
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

#[cfg(feature = "embassy-time-v0_5")]
#[test]
fn the_clock_of_embassy_time_shows_its_driver_s_milliseconds() {
    use embassy_time_v0_5::{Duration, MockDriver};
    use halfopen::EmbassyClock;

    static BREAKER: CircuitBreaker<EmbassyClock> = CircuitBreaker::with_clock("embassy", CONFIG, EmbassyClock);
    let driver = MockDriver::get();
    // A millisecond before the low 32 bits of the milliseconds wrap, and less than one more.
    driver.advance(Duration::from_micros(u64::from(u32::MAX) * 1_000 + 999));
    assert_eq!(EmbassyClock.now().as_millis(), u64::from(u32::MAX));
    driver.advance(Duration::from_micros(1));
    assert_eq!(EmbassyClock.now().as_millis(), 1 << 32);
    assert_recovers_on_time(&BREAKER, |ms| driver.advance(Duration::from_millis(ms)));
    assert_eq!(BREAKER.last_failure_time().unwrap().as_millis(), (1 << 32) + 30_000);
}

/// The same for each version of `fugit`, whose instants differ in their parameters.
#[cfg(any(feature = "fugit-v0_3", feature = "fugit-v0_6"))]
macro_rules! fugit_tests {
    ($name:ident, $millis32:ty, $mega32:ty, $crystal64:ty) => {
        mod $name {
            use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};

            use halfopen::FugitClock;

            use super::*;

            #[test]
            fn an_instant_of_32_bits_wraps_behind_a_breaker_in_a_static_and_goes_on() {
                static TICKS: AtomicU32 = AtomicU32::new(u32::MAX - 15_000);
                fn now() -> $millis32 {
                    <$millis32>::from_ticks(TICKS.load(Relaxed))
                }
                static BREAKER: CircuitBreaker<FugitClock<$millis32>> =
                    CircuitBreaker::with_clock("mono", CONFIG, FugitClock::new(now));
                assert_recovers_on_time(&BREAKER, |ms| {
                    TICKS.fetch_add(ms as u32, Relaxed);
                });
                assert_eq!(BREAKER.last_failure_time().unwrap().as_millis(), u64::from(u32::MAX) + 15_000);
            }

            #[test]
            fn one_that_wraps_at_each_71_minutes_counts_on_through_ten_wraps() {
                let ticks = AtomicU32::new(0);
                let clock = FugitClock::new(|| <$mega32>::from_ticks(ticks.load(Relaxed)));
                for n in 0..40 {
                    assert_eq!(clock.now().as_millis(), n * 1_000_000);
                    ticks.fetch_add(1_000_000_000, Relaxed);
                }
            }

            #[test]
            fn an_instant_of_64_bits_at_the_rate_of_a_watch_crystal_is_scaled_exactly() {
                static TICKS: AtomicU64 = AtomicU64::new(0);
                let clock = FugitClock::new(|| <$crystal64>::from_ticks(TICKS.load(Relaxed)));
                let breaker = CircuitBreaker::with_clock("mono", CONFIG, &clock);
                // Each millisecond begins with the first tick that is not before it.
                let at = |ms: u64| TICKS.store((ms * 32_768).div_ceil(1_000), Relaxed);
                let passed = AtomicU64::new(0);
                at(0);
                assert_recovers_on_time(&breaker, |ms| at(passed.fetch_add(ms, Relaxed) + ms));
                assert_eq!(passed.load(Relaxed), 40_000);
                TICKS.store(32_767, Relaxed);
                assert_eq!(clock.now().as_millis(), 999);
                TICKS.store(u64::MAX, Relaxed);
                assert_eq!(clock.now().as_millis(), (u128::from(u64::MAX) * 1_000 / 32_768) as u64);
            }
        }
    };
}

#[cfg(feature = "fugit-v0_3")]
fugit_tests!(
    fugit_v0_3,
    ::fugit_v0_3::TimerInstantU32<1_000>,
    ::fugit_v0_3::TimerInstantU32<1_000_000>,
    ::fugit_v0_3::TimerInstantU64<32_768>
);
#[cfg(feature = "fugit-v0_6")]
fugit_tests!(
    fugit_v0_6,
    ::fugit_v0_6::WrappingTimerInstantU32<1_000>,
    ::fugit_v0_6::MonotonicTimerInstantU32<1_000_000>,
    ::fugit_v0_6::MonotonicTimerInstantU64<32_768>
);
