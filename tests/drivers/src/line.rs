//! A serial line with a device that answers requests, for a [`Flaky`](crate::Flaky) one.

use std::collections::VecDeque;

use embedded_io::{ErrorKind, ErrorType, Read, Write};

use crate::{FlakyBus, Script};

/// A device that sends its answers when it has got their requests, byte by byte.
pub struct Line {
    set_up: Exchange,
    operation: Exchange,
    /// What is still to come, and what may be read.
    requests: VecDeque<u8>,
    answers: VecDeque<u8>,
}

/// Requests and answers, one after the other, and the calls that they take.
#[derive(Default)]
struct Exchange {
    messages: Vec<(Vec<u8>, Vec<u8>)>,
    calls: usize,
}

impl Line {
    /// The requests of one operation, each with its answer, and the calls that all of them take: writes, flushes, reads.
    pub fn answering(messages: impl Into<Vec<(Vec<u8>, Vec<u8>)>>, calls: usize) -> Self {
        Self {
            set_up: Exchange::default(),
            operation: Exchange { messages: messages.into(), calls },
            requests: VecDeque::new(),
            answers: VecDeque::new(),
        }
    }

    /// What the driver wants when it is made.
    pub fn after(self, messages: impl Into<Vec<(Vec<u8>, Vec<u8>)>>, calls: usize) -> Self {
        Self { set_up: Exchange { messages: messages.into(), calls }, ..self }
    }

    fn expect(&mut self, exchange: fn(&Self) -> &Exchange) -> usize {
        let messages = exchange(self).messages.clone();
        let (requests, answers): (Vec<_>, Vec<_>) = messages.into_iter().unzip();
        self.requests = requests.concat().into();
        self.answers = answers.concat().into();
        exchange(self).calls
    }
}

impl Script for Line {
    type Error = ErrorKind;
    /// As a UART reports that nothing came.
    const ERROR: ErrorKind = ErrorKind::TimedOut;

    fn be_set_up(&mut self) -> usize {
        self.expect(|line| &line.set_up)
    }

    fn answer(&mut self) -> usize {
        self.expect(|line| &line.operation)
    }

    fn check(&mut self) {
        assert!(self.requests.is_empty() && self.answers.is_empty(), "requests to come, or answers to be read");
    }
}

impl ErrorType for FlakyBus<Line> {
    type Error = ErrorKind;
}

impl Read for FlakyBus<Line> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, ErrorKind> {
        self.call(|line| {
            let count = buffer.len().min(line.answers.len());
            assert!(count > 0, "the driver waits for more than the device has to say");
            buffer.iter_mut().zip(line.answers.drain(..count)).for_each(|(to, from)| *to = from);
            Ok(count)
        })
    }
}

impl Write for FlakyBus<Line> {
    fn write(&mut self, buffer: &[u8]) -> Result<usize, ErrorKind> {
        self.call(|line| {
            assert!(buffer.len() <= line.requests.len(), "the driver says more than it should: {buffer:x?}");
            assert_eq!(line.requests.drain(..buffer.len()).collect::<Vec<_>>(), buffer, "the driver's request");
            Ok(buffer.len())
        })
    }

    fn flush(&mut self) -> Result<(), ErrorKind> {
        self.call(|_| Ok(()))
    }
}

impl embedded_io_async::Read for FlakyBus<Line> {
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, ErrorKind> {
        Read::read(self, buffer)
    }
}

impl embedded_io_async::Write for FlakyBus<Line> {
    async fn write(&mut self, buffer: &[u8]) -> Result<usize, ErrorKind> {
        Write::write(self, buffer)
    }

    async fn flush(&mut self) -> Result<(), ErrorKind> {
        Write::flush(self)
    }
}
