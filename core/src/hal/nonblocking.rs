//! Guarded buses and devices that are waited for, and their delays.

use core::fmt;

use embedded_hal::{i2c, spi};
use embedded_hal_async::delay::DelayNs;
use embedded_hal_async::i2c::I2c;
use embedded_hal_async::spi::{SpiBus, SpiDevice};

use super::{AsyncRecovery, CircuitFor, Circuits, Classifier, Guarded};

impl<B: DelayNs, S, K, W> DelayNs for Guarded<B, S, K, W> {
    async fn delay_ns(&mut self, ns: u32) {
        self.inner_mut().delay_ns(ns).await;
    }

    async fn delay_us(&mut self, us: u32) {
        self.inner_mut().delay_us(us).await;
    }

    async fn delay_ms(&mut self, ms: u32) {
        self.inner_mut().delay_ms(ms).await;
    }
}

impl<A, B, S, K, W> I2c<A> for Guarded<B, S, K, W>
where
    A: i2c::AddressMode + Copy,
    B: I2c<A>,
    S: CircuitFor<A> + Circuits<Name: fmt::Debug>,
    K: Classifier<i2c::ErrorKind>,
    W: AsyncRecovery<B>,
{
    async fn read(&mut self, address: A, read: &mut [u8]) -> Result<(), Self::Error> {
        self.guard_async(&address, i2c::Error::kind, async |bus: &mut B| bus.read(address, read).await).await
    }

    async fn write(&mut self, address: A, write: &[u8]) -> Result<(), Self::Error> {
        self.guard_async(&address, i2c::Error::kind, async |bus: &mut B| bus.write(address, write).await).await
    }

    async fn write_read(&mut self, address: A, write: &[u8], read: &mut [u8]) -> Result<(), Self::Error> {
        let operation = async |bus: &mut B| bus.write_read(address, write, read).await;
        self.guard_async(&address, i2c::Error::kind, operation).await
    }

    async fn transaction(&mut self, address: A, operations: &mut [i2c::Operation<'_>]) -> Result<(), Self::Error> {
        let operation = async |bus: &mut B| bus.transaction(address, operations).await;
        self.guard_async(&address, i2c::Error::kind, operation).await
    }
}

impl<Word, B, S, K, W> SpiDevice<Word> for Guarded<B, S, K, W>
where
    Word: Copy + 'static,
    B: SpiDevice<Word>,
    S: CircuitFor<()> + Circuits<Name: fmt::Debug>,
    K: Classifier<spi::ErrorKind>,
    W: AsyncRecovery<B>,
{
    async fn transaction(&mut self, operations: &mut [spi::Operation<'_, Word>]) -> Result<(), Self::Error> {
        let operation = async |device: &mut B| device.transaction(operations).await;
        self.guard_async(&(), spi::Error::kind, operation).await
    }

    async fn read(&mut self, buffer: &mut [Word]) -> Result<(), Self::Error> {
        self.guard_async(&(), spi::Error::kind, async |device: &mut B| device.read(buffer).await).await
    }

    async fn write(&mut self, buffer: &[Word]) -> Result<(), Self::Error> {
        self.guard_async(&(), spi::Error::kind, async |device: &mut B| device.write(buffer).await).await
    }

    async fn transfer(&mut self, read: &mut [Word], write: &[Word]) -> Result<(), Self::Error> {
        self.guard_async(&(), spi::Error::kind, async |device: &mut B| device.transfer(read, write).await).await
    }

    async fn transfer_in_place(&mut self, buffer: &mut [Word]) -> Result<(), Self::Error> {
        let operation = async |device: &mut B| device.transfer_in_place(buffer).await;
        self.guard_async(&(), spi::Error::kind, operation).await
    }
}

impl<Word, B, S, K, W> SpiBus<Word> for Guarded<B, S, K, W>
where
    Word: Copy + 'static,
    B: SpiBus<Word>,
    S: CircuitFor<()> + Circuits<Name: fmt::Debug>,
    K: Classifier<spi::ErrorKind>,
    W: AsyncRecovery<B>,
{
    async fn read(&mut self, words: &mut [Word]) -> Result<(), Self::Error> {
        self.guard_async(&(), spi::Error::kind, async |bus: &mut B| bus.read(words).await).await
    }

    async fn write(&mut self, words: &[Word]) -> Result<(), Self::Error> {
        self.guard_async(&(), spi::Error::kind, async |bus: &mut B| bus.write(words).await).await
    }

    async fn transfer(&mut self, read: &mut [Word], write: &[Word]) -> Result<(), Self::Error> {
        self.guard_async(&(), spi::Error::kind, async |bus: &mut B| bus.transfer(read, write).await).await
    }

    async fn transfer_in_place(&mut self, words: &mut [Word]) -> Result<(), Self::Error> {
        self.guard_async(&(), spi::Error::kind, async |bus: &mut B| bus.transfer_in_place(words).await).await
    }

    async fn flush(&mut self) -> Result<(), Self::Error> {
        self.guard_async(&(), spi::Error::kind, async |bus: &mut B| bus.flush().await).await
    }
}
