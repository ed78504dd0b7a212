//! What a guard around a bus cannot see, because it counts transactions, and how a guard around the driver sees it.

use std::cell::Cell;
use std::time::Duration;

use drivers::{Device, Flaky, SdCard, THRESHOLD, Trial};
use embedded_hal::i2c::{ErrorKind, NoAcknowledgeSource};
use embedded_hal_mock::eh1::delay::NoopDelay;
use embedded_hal_mock::eh1::i2c::{Mock, Transaction};
use embedded_io::{ErrorType, Read, Write};
use halfopen::hal::{ByErrorKind, Guarded, WritesToo};
use halfopen::rules::CountWindow;
use halfopen::{CallError, CircuitBreaker, CircuitState, Config, ManualClock};
use shtcx::shtc3;
use tmc2209_uart::Tmc2209;

/// A UART with nobody at its other end: it sends as always, and nothing comes.
struct Silence<'a> {
    sent: &'a Cell<usize>,
}

impl ErrorType for Silence<'_> {
    type Error = embedded_io::ErrorKind;
}

impl Write for Silence<'_> {
    fn write(&mut self, buffer: &[u8]) -> Result<usize, Self::Error> {
        self.sent.set(self.sent.get() + 1);
        Ok(buffer.len())
    }

    fn flush(&mut self) -> Result<(), Self::Error> {
        Ok(())
    }
}

impl Read for Silence<'_> {
    fn read(&mut self, _: &mut [u8]) -> Result<usize, Self::Error> {
        Err(embedded_io::ErrorKind::TimedOut)
    }
}

#[test]
fn a_silent_line_opens_a_guarded_stream_whose_writes_go_well() {
    let (trial, sent) = (Trial::new(), Cell::new(0));
    let mut motor = Tmc2209::new(Guarded::new(Silence { sent: &sent }, &**trial.breaker()), 0);
    for failures in 1..=THRESHOLD {
        assert_eq!(trial.breaker().state(), CircuitState::Closed, "before failure {failures}");
        assert!(motor.ifcnt().is_err());
    }
    assert_eq!(trial.breaker().state(), CircuitState::Open);
    let written = sent.get();
    assert!(motor.ifcnt().is_err());
    assert_eq!(sent.get(), written, "nothing is sent while it is OPEN");
}

#[test]
fn a_silent_line_does_not_open_a_guarded_stream_where_writes_count() {
    let (trial, sent) = (Trial::new(), Cell::new(0));
    let stream = Guarded::new(Silence { sent: &sent }, &**trial.breaker()).classify_by(WritesToo(ByErrorKind));
    let mut motor = Tmc2209::new(stream, 0);
    for _ in 0..10 * THRESHOLD {
        assert!(motor.ifcnt().is_err());
    }
    assert_eq!((trial.breaker().state(), trial.breaker().failure_count()), (CircuitState::Closed, 1));
}

#[test]
fn a_silent_line_opens_a_guard_around_its_driver() {
    let (trial, sent) = (Trial::new(), Cell::new(0));
    let mut motor = Guarded::new(Tmc2209::new(Silence { sent: &sent }, 0), &**trial.breaker());
    let mut read = || motor.call(|driver| driver.ifcnt());
    for failures in 1..=THRESHOLD {
        assert_eq!(trial.breaker().state(), CircuitState::Closed, "before failure {failures}");
        assert!(matches!(read(), Err(CallError::Inner(tmc2209_uart::Error::Uart(embedded_io::ErrorKind::TimedOut)))));
    }
    assert!(matches!(read(), Err(CallError::Open(_))));
    assert_eq!(sent.get(), THRESHOLD as usize, "nothing is sent while it is OPEN");
}

/// A sensor that takes its command and does not acknowledge when its answer is fetched; so many operations.
fn fails_in_the_second_call(operations: usize) -> Mock {
    let takes = Transaction::write(0x70, vec![0xEF, 0xC8]);
    let refuses = Transaction::read(0x70, vec![0; 3]);
    let refuses = refuses.with_error(ErrorKind::NoAcknowledge(NoAcknowledgeSource::Address));
    Mock::new(&vec![[takes, refuses]; operations].concat())
}

#[test]
fn a_failing_second_call_does_not_open_by_failures_in_a_row() {
    let trial = Trial::new();
    let mut mock = fails_in_the_second_call(10);
    let mut sensor = shtc3(Guarded::new(mock.clone(), &**trial.breaker()));
    for _ in 0..10 {
        assert!(matches!(sensor.raw_id_register(), Err(shtcx::Error::I2c(CallError::Inner(_)))));
    }
    assert_eq!((trial.breaker().state(), trial.breaker().failure_count()), (CircuitState::Closed, 1));
    mock.done();
}

#[test]
fn a_failing_second_call_opens_by_the_share_of_failures() {
    let clock = ManualClock::new();
    let config = Config::new().sliding_window_size(8).minimum_calls(8).failure_rate_threshold(50);
    let breaker = CircuitBreaker::with_rule("sensor", CountWindow::<8>::with(config), &clock, ());
    let mut mock = fails_in_the_second_call(4);
    let mut sensor = shtc3(Guarded::new(mock.clone(), &breaker));
    for _ in 0..4 {
        assert_eq!(breaker.state(), CircuitState::Closed);
        assert!(matches!(sensor.raw_id_register(), Err(shtcx::Error::I2c(CallError::Inner(_)))));
    }
    assert!(matches!(sensor.raw_id_register(), Err(shtcx::Error::I2c(CallError::Open(_)))));
    mock.done();
}

#[test]
fn a_failing_second_call_opens_a_guard_around_its_driver() {
    let trial = Trial::new();
    let mut mock = fails_in_the_second_call(THRESHOLD as usize);
    let mut sensor = Guarded::new(shtc3(mock.clone()), &**trial.breaker());
    let mut read = || sensor.call(|sensor| sensor.raw_id_register());
    for _ in 0..THRESHOLD {
        assert_eq!(trial.breaker().state(), CircuitState::Closed);
        assert!(matches!(read(), Err(CallError::Inner(shtcx::Error::I2c(_)))));
    }
    assert!(matches!(read(), Err(CallError::Open(_))));
    mock.done();
}

#[test]
fn a_driver_that_goes_on_after_an_error_counts_for_as_many() {
    // Where it cannot wake the card, it reads a byte more before it gives up.
    let clock = ManualClock::new();
    let breaker = CircuitBreaker::with_clock("card", Config::new().failure_threshold(4), &clock);
    let mut device = Flaky::new(SdCard::asked_in(0, 0));
    let card = embedded_sdmmc::SdCard::new(Guarded::new(device.bus(), &breaker), NoopDelay::new());
    for failures in [2, 4] {
        device.fail();
        assert!(card.num_bytes().is_err());
        assert_eq!(breaker.failure_count(), failures);
    }
    device.expect_nothing();
    assert_eq!(breaker.state(), CircuitState::Open);
    assert!(card.num_bytes().is_err());
    device.check();
}

#[test]
fn probes_are_transactions_too() {
    for (success_threshold, after_two_calls) in [(2, CircuitState::Closed), (3, CircuitState::HalfOpen)] {
        let clock = ManualClock::new();
        let config = Config::new().failure_threshold(1).success_threshold(success_threshold);
        let breaker = CircuitBreaker::with_clock("sensor", config, &clock);
        breaker.record_failure();
        clock.advance(Duration::from_secs(30));
        let answers = [Transaction::write(0x70, vec![0xEF, 0xC8]), Transaction::read(0x70, vec![0x08, 0x87, 0x5B])];
        let mut mock = Mock::new(&answers);
        let mut sensor = shtc3(Guarded::new(mock.clone(), &breaker));
        assert_eq!(sensor.raw_id_register().ok(), Some(0x0887));
        assert_eq!(breaker.state(), after_two_calls);
        mock.done();
    }
}
