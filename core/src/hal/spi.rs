//! A guarded SPI device, or a whole SPI bus.

use core::fmt;

use embedded_hal::spi::{Error, ErrorKind, ErrorType, Operation, SpiBus, SpiDevice};

use super::{CircuitFor, Circuits, Classifier, Guarded, Recovery};
use crate::error::CallError;

/// A refusal is of kind [`ErrorKind::Other`].
impl<E: Error, N: fmt::Debug> Error for CallError<E, N> {
    #[inline]
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Open(_) => ErrorKind::Other,
            Self::Inner(error) => error.kind(),
        }
    }
}

impl<B: ErrorType, S: Circuits<Name: fmt::Debug>, K, W> ErrorType for Guarded<B, S, K, W> {
    type Error = CallError<B::Error, S::Name>;
}

impl<Word, B, S, K, W> SpiDevice<Word> for Guarded<B, S, K, W>
where
    Word: Copy + 'static,
    B: SpiDevice<Word>,
    S: CircuitFor<()> + Circuits<Name: fmt::Debug>,
    K: Classifier<ErrorKind>,
    W: Recovery<B>,
{
    #[inline]
    fn transaction(&mut self, operations: &mut [Operation<'_, Word>]) -> Result<(), Self::Error> {
        self.guard(&(), Error::kind, |device| device.transaction(operations))
    }

    #[inline]
    fn read(&mut self, buffer: &mut [Word]) -> Result<(), Self::Error> {
        self.guard(&(), Error::kind, |device| device.read(buffer))
    }

    #[inline]
    fn write(&mut self, buffer: &[Word]) -> Result<(), Self::Error> {
        self.guard(&(), Error::kind, |device| device.write(buffer))
    }

    #[inline]
    fn transfer(&mut self, read: &mut [Word], write: &[Word]) -> Result<(), Self::Error> {
        self.guard(&(), Error::kind, |device| device.transfer(read, write))
    }

    #[inline]
    fn transfer_in_place(&mut self, buffer: &mut [Word]) -> Result<(), Self::Error> {
        self.guard(&(), Error::kind, |device| device.transfer_in_place(buffer))
    }
}

impl<Word, B, S, K, W> SpiBus<Word> for Guarded<B, S, K, W>
where
    Word: Copy + 'static,
    B: SpiBus<Word>,
    S: CircuitFor<()> + Circuits<Name: fmt::Debug>,
    K: Classifier<ErrorKind>,
    W: Recovery<B>,
{
    #[inline]
    fn read(&mut self, words: &mut [Word]) -> Result<(), Self::Error> {
        self.guard(&(), Error::kind, |bus| bus.read(words))
    }

    #[inline]
    fn write(&mut self, words: &[Word]) -> Result<(), Self::Error> {
        self.guard(&(), Error::kind, |bus| bus.write(words))
    }

    #[inline]
    fn transfer(&mut self, read: &mut [Word], write: &[Word]) -> Result<(), Self::Error> {
        self.guard(&(), Error::kind, |bus| bus.transfer(read, write))
    }

    #[inline]
    fn transfer_in_place(&mut self, words: &mut [Word]) -> Result<(), Self::Error> {
        self.guard(&(), Error::kind, |bus| bus.transfer_in_place(words))
    }

    #[inline]
    fn flush(&mut self) -> Result<(), Self::Error> {
        self.guard(&(), Error::kind, |bus| bus.flush())
    }
}
