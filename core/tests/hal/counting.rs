//! What a transaction counts as.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use embedded_hal::i2c::ErrorKind::{self, ArbitrationLoss, Bus, NoAcknowledge, Other, Overrun};
use embedded_hal::i2c::{I2c, NoAcknowledgeSource as Source};
use embedded_hal::spi;
use halfopen::hal::{ByErrorKind, Classifier, EveryError, Guarded, WritesToo};
use halfopen::rules::ConsecutiveSlow;
use halfopen::{CallError, CircuitBreaker, CircuitState, Config, ManualClock, Outcome};

use crate::bus::{Fake, ready};

const NACK: ErrorKind = NoAcknowledge(Source::Address);

#[test]
fn the_default_ignores_what_says_nothing_about_the_device() {
    let i2c = |kind: ErrorKind| ByErrorKind.classify(kind);
    for kind in [ArbitrationLoss, Overrun] {
        assert_eq!(i2c(kind), Outcome::Ignored, "{kind:?}");
    }
    let nacks = [Source::Address, Source::Data, Source::Unknown].map(NoAcknowledge);
    for kind in nacks.into_iter().chain([Bus, Other]) {
        assert_eq!(i2c(kind), Outcome::Failure, "{kind:?}");
    }

    use spi::ErrorKind as Spi;
    for (kind, outcome) in [
        (Spi::Overrun, Outcome::Ignored),
        (Spi::ModeFault, Outcome::Ignored),
        (Spi::FrameFormat, Outcome::Failure),
        (Spi::ChipSelectFault, Outcome::Failure),
        (Spi::Other, Outcome::Failure),
    ] {
        assert_eq!(ByErrorKind.classify(kind), outcome, "{kind:?}");
    }

    assert_eq!(ByErrorKind.classify(()), Outcome::Failure);
}

#[test]
fn another_classifier_sorts_otherwise() {
    assert_eq!(EveryError.classify(ArbitrationLoss), Outcome::Failure);
    assert_eq!(WritesToo(ByErrorKind).classify(ArbitrationLoss), Outcome::Ignored);

    let clock = ManualClock::new();
    let breaker = CircuitBreaker::with_clock("eeprom", Config::new().failure_threshold(1), &clock);
    let mut bus = Guarded::new(Fake::failing(2, NACK), &breaker).classify_by(|kind| match kind {
        NoAcknowledge(_) => Outcome::Ignored,
        _ => Outcome::Failure,
    });
    assert_eq!(bus.write(0x50_u8, &[0]), Err(CallError::Inner(NACK)));
    assert_eq!(breaker.state(), CircuitState::Closed);
    let mut bus = Guarded::new(bus.release(), &breaker);
    assert_eq!(bus.write(0x50_u8, &[0]), Err(CallError::Inner(NACK)));
    assert_eq!(breaker.state(), CircuitState::Open);
}

#[test]
fn failures_in_a_row_open_and_a_success_between_them_does_not() {
    let clock = ManualClock::new();
    let breaker = CircuitBreaker::with_clock("sensor", Config::new().failure_threshold(3), &clock);
    let mut fake = Fake::new();
    // The last one is the first to come.
    fake.errors = vec![Some(NACK), Some(NACK), Some(NACK), None, Some(NACK), Some(NACK)];
    let mut bus = Guarded::new(fake, &breaker);
    for (calls, failures) in [1, 2, 0, 1, 2, 3].into_iter().enumerate() {
        assert_eq!(breaker.state(), CircuitState::Closed, "before call {calls}");
        assert_eq!(bus.read(0x48_u8, &mut [0]).is_err(), failures > 0);
        assert_eq!(breaker.failure_count(), failures);
    }
    assert_eq!(breaker.state(), CircuitState::Open);
    assert!(matches!(bus.read(0x48_u8, &mut [0]), Err(CallError::Open(_))));
    assert_eq!(bus.inner().asked.len(), 6);
}

#[test]
fn an_ignored_error_of_a_probe_gives_its_place_back() {
    let clock = ManualClock::new();
    let breaker = CircuitBreaker::with_clock("sensor", Config::new(), &clock);
    breaker.trip();
    clock.advance(Duration::from_secs(30));
    let mut bus = Guarded::new(Fake::failing(1, ArbitrationLoss), &breaker);
    assert_eq!(bus.write(0x48_u8, &[0]), Err(CallError::Inner(ArbitrationLoss)));
    assert!(breaker.would_allow());
    assert_eq!(bus.write(0x48_u8, &[0]), Ok(()));
    assert_eq!(breaker.state(), CircuitState::Closed);
}

#[test]
fn a_slow_transaction_counts_where_the_rule_asks_about_it() {
    static CLOCK: ManualClock = ManualClock::new();
    let config = Config::new().failure_threshold(2).slow_call_duration(Duration::from_millis(100));
    for (takes, state) in [(99, CircuitState::Closed), (101, CircuitState::Open)] {
        let breaker = CircuitBreaker::with_rule("card", ConsecutiveSlow::with(config), &CLOCK, ());
        let mut fake = Fake::new();
        fake.takes = Some((&CLOCK, Duration::from_millis(takes)));
        let mut bus = Guarded::new(fake, &breaker);
        assert_eq!(bus.write(0x48_u8, &[0]), Ok(()));
        assert_eq!(ready(embedded_hal_async::i2c::I2c::write(&mut bus, 0x48_u8, &[0])), Ok(()));
        assert_eq!(breaker.state(), state, "{takes} ms");
    }
}

#[test]
fn a_panic_in_the_bus_counts_as_a_failure() {
    let clock = ManualClock::new();
    let breaker = CircuitBreaker::with_clock("driver", Config::new(), &clock);
    let mut driver = Guarded::new((), &breaker);
    let panics = |(): &mut ()| -> Result<(), ()> { panic!("as it should") };
    assert!(catch_unwind(AssertUnwindSafe(|| driver.call(panics))).is_err());
    assert_eq!(breaker.failure_count(), 1);
}

#[test]
fn a_cancelled_transaction_counts_as_nothing_and_gives_its_place_back() {
    let clock = ManualClock::new();
    let breaker = CircuitBreaker::with_clock("driver", Config::new(), &clock);
    breaker.trip();
    clock.advance(Duration::from_secs(30));
    let begun = Cell::new(false);
    let mut driver = Guarded::new((), &breaker);
    {
        let forever = async |(): &mut ()| -> Result<(), ()> {
            begun.set(true);
            core::future::pending().await
        };
        let mut call = std::pin::pin!(driver.call_async(forever));
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        assert!(call.as_mut().poll(&mut context).is_pending());
        assert!(begun.get() && !breaker.would_allow(), "the probe is in flight");
    }
    assert_eq!((breaker.state(), breaker.would_allow()), (CircuitState::HalfOpen, true));
    assert_eq!(ready(driver.call_async(async |(): &mut ()| Ok::<_, ()>(7))), Ok(7));
    assert_eq!(breaker.state(), CircuitState::Closed);
}
