//! Guarded streams: what is read decides, and what asks the peripheral is neither refused nor counted.

use std::time::Duration;

use super::io::{BufRead, ErrorKind, ErrorType, Read, ReadReady, Write, WriteReady};
use halfopen::hal::{ByErrorKind, EveryError, Guarded, WritesToo};
use halfopen::{CallError, CircuitBreaker, CircuitState, Config, ManualClock};

use super::io_async;
use crate::bus::ready;

/// A line that always takes what is written, unless it is broken, and from which `to_read` comes.
#[derive(Default)]
struct Line {
    to_read: Vec<u8>,
    broken: bool,
    /// Closed by the other side: what is not there to read will not come.
    ended: bool,
    asked: Vec<&'static str>,
}

impl Line {
    fn asked(&mut self, method: &'static str) -> Result<(), ErrorKind> {
        self.asked.push(method);
        if self.broken { Err(ErrorKind::BrokenPipe) } else { Ok(()) }
    }
}

impl ErrorType for Line {
    type Error = ErrorKind;
}

impl Read for Line {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, ErrorKind> {
        self.asked("read")?;
        if self.to_read.is_empty() && !self.ended {
            return Err(ErrorKind::TimedOut);
        }
        let length = buffer.len().min(self.to_read.len());
        buffer[..length].copy_from_slice(&self.to_read[..length]);
        self.to_read.drain(..length);
        Ok(length)
    }
}

impl BufRead for Line {
    fn fill_buf(&mut self) -> Result<&[u8], ErrorKind> {
        self.asked("fill_buf")?;
        if self.to_read.is_empty() && !self.ended { Err(ErrorKind::TimedOut) } else { Ok(&self.to_read) }
    }

    fn consume(&mut self, amount: usize) {
        self.to_read.drain(..amount);
    }
}

impl Write for Line {
    fn write(&mut self, buffer: &[u8]) -> Result<usize, ErrorKind> {
        self.asked("write").map(|()| buffer.len())
    }

    fn flush(&mut self) -> Result<(), ErrorKind> {
        self.asked("flush")
    }
}

impl ReadReady for Line {
    fn read_ready(&mut self) -> Result<bool, ErrorKind> {
        self.asked("read_ready").map(|()| !self.to_read.is_empty())
    }
}

impl WriteReady for Line {
    fn write_ready(&mut self) -> Result<bool, ErrorKind> {
        self.asked("write_ready").map(|()| true)
    }
}

impl io_async::Read for Line {
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, ErrorKind> {
        Read::read(self, buffer)
    }
}

impl io_async::BufRead for Line {
    async fn fill_buf(&mut self) -> Result<&[u8], ErrorKind> {
        BufRead::fill_buf(self)
    }

    fn consume(&mut self, amount: usize) {
        BufRead::consume(self, amount);
    }
}

impl io_async::Write for Line {
    async fn write(&mut self, buffer: &[u8]) -> Result<usize, ErrorKind> {
        Write::write(self, buffer)
    }

    async fn flush(&mut self) -> Result<(), ErrorKind> {
        Write::flush(self)
    }
}

fn config() -> Config {
    Config::new().failure_threshold(2)
}

#[test]
fn a_line_that_takes_requests_and_gives_no_answer_opens_the_circuit() {
    let clock = ManualClock::new();
    let breaker = CircuitBreaker::with_clock("modem", config(), &clock);
    let mut modem = Guarded::new(Line::default(), &breaker);
    for _ in 0..2 {
        assert_eq!(modem.write(b"AT\r"), Ok(3));
        assert_eq!(modem.flush(), Ok(()));
        assert_eq!(modem.read(&mut [0; 4]), Err(CallError::Inner(ErrorKind::TimedOut)));
    }
    assert_eq!(breaker.state(), CircuitState::Open);
    modem.inner_mut().asked.clear();
    assert!(matches!(modem.write(b"AT\r"), Err(CallError::Open(_))));
    assert!(matches!(modem.flush(), Err(CallError::Open(_))));
    assert!(matches!(modem.read(&mut [0; 4]), Err(CallError::Open(_))));
    assert!(matches!(modem.fill_buf(), Err(CallError::Open(_))));
    assert!(matches!(ready(io_async::Write::write(&mut modem, b"AT\r")), Err(CallError::Open(_))));
    assert!(matches!(ready(io_async::Write::flush(&mut modem)), Err(CallError::Open(_))));
    assert!(matches!(ready(io_async::Read::read(&mut modem, &mut [0; 4])), Err(CallError::Open(_))));
    assert!(matches!(ready(io_async::BufRead::fill_buf(&mut modem)), Err(CallError::Open(_))));
    assert_eq!(modem.inner().asked, [""; 0], "a refusal must not touch the line");
}

#[test]
fn the_answer_to_a_probe_closes_the_circuit_and_the_request_alone_does_not() {
    let clock = ManualClock::new();
    let breaker = CircuitBreaker::with_clock("modem", config(), &clock);
    let recover = |line: &mut Line| line.asked.push("reset");
    let mut modem = Guarded::new(Line { to_read: b"OK\r".to_vec(), ..Line::default() }, &breaker).recover_by(recover);
    breaker.trip();
    clock.advance(Duration::from_secs(30));
    assert_eq!(modem.write(b"AT\r"), Ok(3));
    assert_eq!(breaker.state(), CircuitState::HalfOpen);
    let mut answer = [0; 4];
    assert_eq!(modem.read(&mut answer), Ok(3));
    assert_eq!(&answer[..3], b"OK\r");
    assert_eq!(breaker.state(), CircuitState::Closed);
    assert_eq!(modem.inner().asked, ["reset", "write", "read"], "nothing between the request and its answer");
}

#[test]
fn the_same_by_the_async_traits() {
    use super::io_async as io;
    let clock = ManualClock::new();
    let breaker = CircuitBreaker::with_clock("modem", config(), &clock);
    let mut modem = Guarded::new(Line { to_read: b"OK\r".to_vec(), ..Line::default() }, &breaker);
    breaker.record_failure();
    assert_eq!(ready(io::Write::write(&mut modem, b"AT\r")), Ok(3));
    assert_eq!(ready(io::Write::flush(&mut modem)), Ok(()));
    assert_eq!(breaker.failure_count(), 1);
    assert_eq!(ready(io::BufRead::fill_buf(&mut modem)), Ok(b"OK\r".as_slice()));
    assert_eq!(breaker.failure_count(), 0);
    io::BufRead::consume(&mut modem, 1);
    assert_eq!(ready(io::Read::read(&mut modem, &mut [0; 4])), Ok(2));
    for failures in 1..=2 {
        assert_eq!(ready(io::Read::read(&mut modem, &mut [0; 4])), Err(CallError::Inner(ErrorKind::TimedOut)));
        assert_eq!(breaker.failure_count(), failures);
    }
    assert_eq!(breaker.state(), CircuitState::Open);
}

#[test]
fn a_buffer_is_filled_through_the_circuit_and_consumed_past_it() {
    let clock = ManualClock::new();
    let breaker = CircuitBreaker::with_clock("modem", config(), &clock);
    let mut modem = Guarded::new(Line { to_read: b"OK\r".to_vec(), ..Line::default() }, &breaker);
    assert_eq!(modem.fill_buf(), Ok(b"OK\r".as_slice()));
    modem.consume(3);
    for _ in 0..2 {
        assert_eq!(modem.fill_buf(), Err(CallError::Inner(ErrorKind::TimedOut)));
    }
    assert_eq!(breaker.state(), CircuitState::Open);
    assert!(modem.inner().to_read.is_empty());
}

#[test]
fn a_read_that_brings_nothing_counts_as_nothing() {
    let clock = ManualClock::new();
    let breaker = CircuitBreaker::with_clock("socket", config(), &clock);
    let mut socket = Guarded::new(Line { ended: true, ..Line::default() }, &breaker);
    breaker.record_failure();
    assert_eq!(socket.read(&mut [0; 4]), Ok(0));
    assert_eq!(socket.fill_buf(), Ok([].as_slice()));
    assert_eq!(ready(io_async::Read::read(&mut socket, &mut [0; 4])), Ok(0));
    assert_eq!(ready(io_async::BufRead::fill_buf(&mut socket)), Ok([].as_slice()));
    assert_eq!(breaker.failure_count(), 1);

    breaker.trip();
    clock.advance(Duration::from_secs(30));
    assert_eq!(socket.read(&mut [0; 4]), Ok(0));
    assert_eq!(breaker.state(), CircuitState::HalfOpen);
    assert!(breaker.would_allow(), "the probe gives its place back");
}

#[test]
fn a_write_that_fails_counts_and_one_that_goes_well_does_where_it_is_asked_for() {
    let clock = ManualClock::new();
    let breaker = CircuitBreaker::with_clock("printer", config(), &clock);
    let mut printer = Guarded::new(Line { broken: true, ..Line::default() }, &breaker);
    assert_eq!(printer.write(b"x"), Err(CallError::Inner(ErrorKind::BrokenPipe)));
    assert_eq!(breaker.failure_count(), 1);
    printer.inner_mut().broken = false;
    assert_eq!(printer.write(b"x"), Ok(1));
    assert_eq!(breaker.failure_count(), 1);

    let mut printer = Guarded::new(printer.release(), &breaker).classify_by(WritesToo(ByErrorKind));
    assert_eq!(printer.flush(), Ok(()));
    assert_eq!(breaker.failure_count(), 0);
    let mut printer = Guarded::new(printer.release(), &breaker).classify_by(WritesToo(EveryError));
    breaker.trip();
    clock.advance(Duration::from_secs(30));
    assert_eq!(printer.write(b"x"), Ok(1));
    assert_eq!(breaker.state(), CircuitState::Closed);
}

#[test]
fn what_asks_the_peripheral_is_neither_refused_nor_counted() {
    let clock = ManualClock::new();
    let breaker = CircuitBreaker::with_clock("modem", config(), &clock);
    let mut modem = Guarded::new(Line { broken: true, ..Line::default() }, &breaker);
    assert_eq!(modem.read_ready(), Err(CallError::Inner(ErrorKind::BrokenPipe)));
    assert_eq!(modem.write_ready(), Err(CallError::Inner(ErrorKind::BrokenPipe)));
    assert_eq!(breaker.failure_count(), 0);
    modem.inner_mut().broken = false;
    breaker.trip();
    assert_eq!((modem.read_ready(), modem.write_ready()), (Ok(false), Ok(true)));
    assert_eq!(breaker.state(), CircuitState::Open);
}
