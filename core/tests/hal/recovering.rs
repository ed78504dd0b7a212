//! What is done before a probe, and when.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use embedded_hal::i2c::{ErrorKind, I2c, NoAcknowledgeSource};
use halfopen::hal::{Guarded, PerAddress};
use halfopen::rules::ConsecutiveSlow;
use halfopen::{BreakerTable, CircuitBreaker, CircuitState, Config, ManualClock};

use crate::bus::{Fake, ready};

const NACK: ErrorKind = ErrorKind::NoAcknowledge(NoAcknowledgeSource::Address);
const TIMEOUT: Duration = Duration::from_secs(30);
const RESET: &str = "reset";

/// Writes to a bus whose answers are given, the last one first, on a circuit that has just become ready for a probe.
fn asked_after_an_opening(config: Config, errors: &[Option<ErrorKind>], writes: usize) -> Vec<&'static str> {
    let clock = ManualClock::new();
    let breaker = CircuitBreaker::with_clock("sensor", config, &clock);
    let mut fake = Fake::new();
    fake.errors = errors.to_vec();
    let mut bus = Guarded::new(fake, &breaker).recover_by(|bus: &mut Fake<ErrorKind>| bus.asked.push(RESET));
    breaker.trip();
    assert!(bus.write(0x48_u8, &[]).is_err());
    clock.advance(TIMEOUT);
    for _ in 0..writes {
        let _ = bus.write(0x48_u8, &[]);
    }
    bus.release().asked
}

#[test]
fn it_comes_before_the_probe_and_neither_while_closed_nor_while_open() {
    let clock = ManualClock::new();
    let breaker = CircuitBreaker::with_clock("sensor", Config::new().failure_threshold(1), &clock);
    let mut bus = Guarded::new(Fake::failing(1, NACK), &breaker);
    bus.inner_mut().errors.push(None);
    let mut bus = bus.recover_by(|bus: &mut Fake<ErrorKind>| bus.asked.push(RESET));
    assert_eq!(bus.write(0x48_u8, &[]), Ok(()));
    assert!(bus.write(0x48_u8, &[]).is_err());
    assert!(bus.write(0x48_u8, &[]).is_err()); // refused
    assert_eq!(bus.inner().asked, ["write", "write"]);
    clock.advance(TIMEOUT);
    assert_eq!(bus.write(0x48_u8, &[]), Ok(()));
    assert_eq!(bus.write(0x48_u8, &[]), Ok(()));
    assert_eq!(bus.inner().asked, ["write", "write", RESET, "write", "write"]);
    assert_eq!(breaker.state(), CircuitState::Closed);
}

#[test]
fn it_comes_once_for_all_probes_of_an_opening() {
    let config = Config::new().success_threshold(3);
    assert_eq!(asked_after_an_opening(config, &[], 4), [RESET, "write", "write", "write", "write"]);
    let ignored = Some(ErrorKind::ArbitrationLoss);
    assert_eq!(asked_after_an_opening(config, &[ignored, ignored], 3), [RESET, "write", "write", "write"]);
}

#[test]
fn it_comes_again_after_the_next_opening() {
    let clock = ManualClock::new();
    let breaker = CircuitBreaker::with_clock("sensor", Config::new(), &clock);
    let mut bus =
        Guarded::new(Fake::failing(2, NACK), &breaker).recover_by(|bus: &mut Fake<ErrorKind>| bus.asked.push(RESET));
    breaker.trip();
    for _ in 0..3 {
        clock.advance(TIMEOUT);
        let _ = bus.write(0x48_u8, &[]);
    }
    assert_eq!(bus.inner().asked, [RESET, "write", RESET, "write", RESET, "write"]);
    assert_eq!(breaker.state(), CircuitState::Closed);
}

#[test]
fn two_circuits_of_one_bus_have_it_each() {
    let clock = ManualClock::new();
    let table: BreakerTable<&ManualClock, 2> = BreakerTable::new(Config::new().success_threshold(2), &clock);
    let name = |address: u8| Some(if address == 0x48 { "inlet" } else { "outlet" });
    let mut bus = Guarded::new(Fake::new(), PerAddress::new(&table, name))
        .recover_by(|bus: &mut Fake<ErrorKind>| bus.asked.push(RESET));
    for name in ["inlet", "outlet"] {
        table.register(name).unwrap().trip();
    }
    clock.advance(TIMEOUT);
    for address in [0x48_u8, 0x49, 0x48, 0x49] {
        assert_eq!(bus.write(address, &[]), Ok(()));
    }
    assert_eq!(bus.inner().asked, [RESET, "write", RESET, "write", "write", "write"]);
}

#[test]
fn its_time_does_not_make_the_probe_a_slow_call() {
    static CLOCK: ManualClock = ManualClock::new();
    let config = Config::new().slow_call_duration(Duration::from_millis(100));
    for (takes, state) in [(100, CircuitState::Closed), (101, CircuitState::Open)] {
        let breaker = CircuitBreaker::with_rule("card", ConsecutiveSlow::with(config), &CLOCK, ());
        breaker.trip();
        CLOCK.advance(TIMEOUT);
        let mut fake = Fake::<ErrorKind>::new();
        fake.takes = Some((&CLOCK, Duration::from_millis(takes)));
        let mut bus =
            Guarded::new(fake, &breaker).recover_by(|_: &mut Fake<ErrorKind>| CLOCK.advance(Duration::from_secs(5)));
        let before = breaker.clock().now_ms();
        assert_eq!(bus.write(0x48_u8, &[]), Ok(()));
        assert_eq!(breaker.clock().now_ms() - before, 5_000 + takes);
        assert_eq!(breaker.state(), state, "{takes} ms");
    }
}

#[test]
fn an_async_one_is_waited_for() {
    use embedded_hal_async::i2c::I2c;
    let clock = ManualClock::new();
    let breaker = CircuitBreaker::with_clock("sensor", Config::new(), &clock);
    let mut bus = Guarded::new(Fake::<ErrorKind>::new(), &breaker).recover_by(async |bus: &mut Fake<ErrorKind>| {
        let mut waited = false;
        poll_fn(|_| if core::mem::replace(&mut waited, true) { Poll::Ready(()) } else { Poll::Pending }).await;
        bus.asked.push(RESET);
    });
    breaker.trip();
    clock.advance(TIMEOUT);
    {
        let mut write = pin!(bus.write(0x48_u8, &[]));
        let mut context = Context::from_waker(Waker::noop());
        assert!(write.as_mut().poll(&mut context).is_pending());
        assert!(!breaker.would_allow(), "the probe is in flight");
        assert_eq!(write.as_mut().poll(&mut context), Poll::Ready(Ok(())));
    }
    assert_eq!(ready(bus.write(0x48_u8, &[])), Ok(()));
    assert_eq!(bus.inner().asked, [RESET, "write", "write"]);
}

#[test]
fn one_that_is_dropped_before_it_ends_is_done_again_before_the_next_probe() {
    use embedded_hal_async::i2c::I2c;
    let clock = ManualClock::new();
    let breaker = CircuitBreaker::with_clock("sensor", Config::new(), &clock);
    let mut bus = Guarded::new(Fake::<ErrorKind>::new(), &breaker).recover_by(async |bus: &mut Fake<ErrorKind>| {
        bus.asked.push("pin low");
        let mut waited = false;
        poll_fn(|_| if core::mem::replace(&mut waited, true) { Poll::Ready(()) } else { Poll::Pending }).await;
        bus.asked.push("pin high");
    });
    breaker.trip();
    clock.advance(TIMEOUT);
    assert!(pin!(bus.write(0x48_u8, &[])).poll(&mut Context::from_waker(Waker::noop())).is_pending());
    assert!(breaker.would_allow(), "its place is given back");
    {
        let mut write = pin!(bus.write(0x48_u8, &[]));
        let mut context = Context::from_waker(Waker::noop());
        assert!(write.as_mut().poll(&mut context).is_pending());
        assert_eq!(write.as_mut().poll(&mut context), Poll::Ready(Ok(())));
    }
    assert_eq!(bus.inner().asked, ["pin low", "pin low", "pin high", "write"]);
}

trait Millis {
    fn now_ms(&self) -> u64;
}

impl Millis for &ManualClock {
    fn now_ms(&self) -> u64 {
        halfopen::Clock::now(*self).as_millis()
    }
}
