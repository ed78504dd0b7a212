//! A bus that does as it is told and remembers what it was asked.

use core::future::Future;
use core::pin::pin;
use core::task::{Context, Poll, Waker};
use core::time::Duration;

use embedded_hal::i2c::ErrorKind as I2cError;
use embedded_hal::spi::ErrorKind as SpiError;
use embedded_hal::{delay, i2c, spi};
use halfopen::ManualClock;

/// `E` is its error; `Fake<I2cError>` is an I2C bus, `Fake<SpiError>` an SPI device and an SPI bus.
pub(crate) struct Fake<E> {
    pub(crate) asked: Vec<&'static str>,
    /// What the next calls end with, the last one first; `Ok` when there is none left.
    pub(crate) errors: Vec<Option<E>>,
    /// Each call takes so long.
    pub(crate) takes: Option<(&'static ManualClock, Duration)>,
}

impl<E: Copy> Fake<E> {
    pub(crate) fn new() -> Self {
        Self { asked: Vec::new(), errors: Vec::new(), takes: None }
    }

    /// Fails `times` times from now on.
    pub(crate) fn failing(times: usize, error: E) -> Self {
        Self { errors: vec![Some(error); times], ..Self::new() }
    }

    fn answer(&mut self, method: &'static str) -> Result<(), E> {
        self.asked.push(method);
        if let Some((clock, time)) = self.takes {
            clock.advance(time);
        }
        self.errors.pop().flatten().map_or(Ok(()), Err)
    }
}

/// The result of a future that never has to wait.
pub(crate) fn ready<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("it waits"),
    }
}

impl i2c::ErrorType for Fake<I2cError> {
    type Error = I2cError;
}

impl<A: i2c::AddressMode> i2c::I2c<A> for Fake<I2cError> {
    fn read(&mut self, _: A, _: &mut [u8]) -> Result<(), I2cError> {
        self.answer("read")
    }

    fn write(&mut self, _: A, _: &[u8]) -> Result<(), I2cError> {
        self.answer("write")
    }

    fn write_read(&mut self, _: A, _: &[u8], _: &mut [u8]) -> Result<(), I2cError> {
        self.answer("write_read")
    }

    fn transaction(&mut self, _: A, _: &mut [i2c::Operation<'_>]) -> Result<(), I2cError> {
        self.answer("transaction")
    }
}

impl<A: i2c::AddressMode> embedded_hal_async::i2c::I2c<A> for Fake<I2cError> {
    async fn read(&mut self, _: A, _: &mut [u8]) -> Result<(), I2cError> {
        self.answer("read")
    }

    async fn write(&mut self, _: A, _: &[u8]) -> Result<(), I2cError> {
        self.answer("write")
    }

    async fn write_read(&mut self, _: A, _: &[u8], _: &mut [u8]) -> Result<(), I2cError> {
        self.answer("write_read")
    }

    async fn transaction(&mut self, _: A, _: &mut [i2c::Operation<'_>]) -> Result<(), I2cError> {
        self.answer("transaction")
    }
}

impl spi::ErrorType for Fake<SpiError> {
    type Error = SpiError;
}

impl spi::SpiDevice for Fake<SpiError> {
    fn transaction(&mut self, _: &mut [spi::Operation<'_, u8>]) -> Result<(), SpiError> {
        self.answer("transaction")
    }

    fn read(&mut self, _: &mut [u8]) -> Result<(), SpiError> {
        self.answer("read")
    }

    fn write(&mut self, _: &[u8]) -> Result<(), SpiError> {
        self.answer("write")
    }

    fn transfer(&mut self, _: &mut [u8], _: &[u8]) -> Result<(), SpiError> {
        self.answer("transfer")
    }

    fn transfer_in_place(&mut self, _: &mut [u8]) -> Result<(), SpiError> {
        self.answer("transfer_in_place")
    }
}

impl spi::SpiBus<u16> for Fake<SpiError> {
    fn read(&mut self, _: &mut [u16]) -> Result<(), SpiError> {
        self.answer("read")
    }

    fn write(&mut self, _: &[u16]) -> Result<(), SpiError> {
        self.answer("write")
    }

    fn transfer(&mut self, _: &mut [u16], _: &[u16]) -> Result<(), SpiError> {
        self.answer("transfer")
    }

    fn transfer_in_place(&mut self, _: &mut [u16]) -> Result<(), SpiError> {
        self.answer("transfer_in_place")
    }

    fn flush(&mut self) -> Result<(), SpiError> {
        self.answer("flush")
    }
}

impl embedded_hal_async::spi::SpiDevice for Fake<SpiError> {
    async fn transaction(&mut self, _: &mut [spi::Operation<'_, u8>]) -> Result<(), SpiError> {
        self.answer("transaction")
    }

    async fn read(&mut self, _: &mut [u8]) -> Result<(), SpiError> {
        self.answer("read")
    }

    async fn write(&mut self, _: &[u8]) -> Result<(), SpiError> {
        self.answer("write")
    }

    async fn transfer(&mut self, _: &mut [u8], _: &[u8]) -> Result<(), SpiError> {
        self.answer("transfer")
    }

    async fn transfer_in_place(&mut self, _: &mut [u8]) -> Result<(), SpiError> {
        self.answer("transfer_in_place")
    }
}

impl embedded_hal_async::spi::SpiBus<u16> for Fake<SpiError> {
    async fn read(&mut self, _: &mut [u16]) -> Result<(), SpiError> {
        self.answer("read")
    }

    async fn write(&mut self, _: &[u16]) -> Result<(), SpiError> {
        self.answer("write")
    }

    async fn transfer(&mut self, _: &mut [u16], _: &[u16]) -> Result<(), SpiError> {
        self.answer("transfer")
    }

    async fn transfer_in_place(&mut self, _: &mut [u16]) -> Result<(), SpiError> {
        self.answer("transfer_in_place")
    }

    async fn flush(&mut self) -> Result<(), SpiError> {
        self.answer("flush")
    }
}

impl<E: Copy> delay::DelayNs for Fake<E> {
    fn delay_ns(&mut self, _: u32) {
        self.asked.push("delay_ns");
    }

    fn delay_us(&mut self, _: u32) {
        self.asked.push("delay_us");
    }

    fn delay_ms(&mut self, _: u32) {
        self.asked.push("delay_ms");
    }
}

impl<E: Copy> embedded_hal_async::delay::DelayNs for Fake<E> {
    async fn delay_ns(&mut self, _: u32) {
        self.asked.push("delay_ns");
    }

    async fn delay_us(&mut self, _: u32) {
        self.asked.push("delay_us");
    }

    async fn delay_ms(&mut self, _: u32) {
        self.asked.push("delay_ms");
    }
}
