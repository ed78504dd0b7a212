//! An SPI device or a stream that fails when it is told to and counts its calls, which embedded-hal-mock does not have.

use std::fmt::Debug;
use std::sync::{Arc, Mutex, MutexGuard};

use embedded_hal::spi;

use crate::Device;

/// What answers while the device works.
pub trait Script {
    /// The error by which it fails.
    type Error: Clone + Debug + PartialEq;
    /// The error by which it fails.
    const ERROR: Self::Error;

    /// Next the driver is made; this many calls will come.
    fn be_set_up(&mut self) -> usize;
    /// Next is one operation; this many calls will come.
    fn answer(&mut self) -> usize;
    /// Panics unless all that was announced has come.
    fn check(&mut self);
}

/// A [`Script`] that fails when it is told to.
pub struct Flaky<S>(FlakyBus<S>);

/// The wires to it.
pub struct FlakyBus<S>(Arc<Mutex<State<S>>>);

struct State<S> {
    script: S,
    next: Next,
    /// Calls that came, and that were announced.
    calls: usize,
    announced: usize,
}

#[derive(Clone, Copy, PartialEq)]
enum Next {
    Answer,
    Fail,
    Nothing,
}

impl<S: Script> Flaky<S> {
    /// Answers as `script` does.
    pub fn new(script: S) -> Self {
        Self(FlakyBus(Arc::new(Mutex::new(State { script, next: Next::Nothing, calls: 0, announced: 0 }))))
    }

    fn announce(&self, next: Next, calls: impl FnOnce(&mut S) -> usize) {
        let mut state = self.0.state();
        state.next = next;
        state.calls = 0;
        state.announced = calls(&mut state.script);
    }
}

impl<S: Script> Device for Flaky<S> {
    type Bus = FlakyBus<S>;
    type Error = S::Error;

    fn bus(&self) -> FlakyBus<S> {
        FlakyBus(self.0.0.clone())
    }

    fn be_set_up(&mut self) {
        self.announce(Next::Answer, S::be_set_up);
    }

    fn answer(&mut self) {
        self.announce(Next::Answer, S::answer);
    }

    fn fail(&mut self) -> S::Error {
        self.announce(Next::Fail, |_| 1);
        S::ERROR
    }

    fn expect_nothing(&mut self) {
        self.announce(Next::Nothing, |_| 0);
    }

    fn check(&mut self) {
        let mut state = self.0.state();
        assert_eq!(state.calls, state.announced, "calls that reached the device");
        if state.next == Next::Answer {
            state.script.check();
        }
    }
}

impl<S: Script> FlakyBus<S> {
    fn state(&self) -> MutexGuard<'_, State<S>> {
        self.0.lock().expect("the device did not panic")
    }

    /// One call: answered by the script, or not.
    pub(crate) fn call<T>(&self, answer: impl FnOnce(&mut S) -> Result<T, S::Error>) -> Result<T, S::Error> {
        let mut state = self.state();
        state.calls += 1;
        match state.next {
            Next::Answer => answer(&mut state.script),
            Next::Fail => Err(S::ERROR),
            Next::Nothing => panic!("a call reached the device, and none may"),
        }
    }
}

impl<S: Script<Error = spi::ErrorKind>> spi::ErrorType for FlakyBus<S> {
    type Error = spi::ErrorKind;
}

impl<S: Script<Error = spi::ErrorKind> + spi::SpiDevice> spi::SpiDevice for FlakyBus<S> {
    fn transaction(&mut self, operations: &mut [spi::Operation<'_, u8>]) -> Result<(), spi::ErrorKind> {
        self.call(|device| device.transaction(operations).map_err(|error| spi::Error::kind(&error)))
    }
}

impl<S: Script<Error = spi::ErrorKind> + spi::SpiDevice> embedded_hal_async::spi::SpiDevice for FlakyBus<S> {
    async fn transaction(&mut self, operations: &mut [spi::Operation<'_, u8>]) -> Result<(), spi::ErrorKind> {
        spi::SpiDevice::transaction(self, operations)
    }
}
