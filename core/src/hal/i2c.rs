//! A guarded I2C bus.

use core::fmt;

use embedded_hal::i2c::{AddressMode, Error, ErrorKind, ErrorType, I2c, Operation};

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

impl<A, B, S, K, W> I2c<A> for Guarded<B, S, K, W>
where
    A: AddressMode + Copy,
    B: I2c<A>,
    S: CircuitFor<A> + Circuits<Name: fmt::Debug>,
    K: Classifier<ErrorKind>,
    W: Recovery<B>,
{
    #[inline]
    fn read(&mut self, address: A, read: &mut [u8]) -> Result<(), Self::Error> {
        self.guard(&address, Error::kind, |bus| bus.read(address, read))
    }

    #[inline]
    fn write(&mut self, address: A, write: &[u8]) -> Result<(), Self::Error> {
        self.guard(&address, Error::kind, |bus| bus.write(address, write))
    }

    #[inline]
    fn write_read(&mut self, address: A, write: &[u8], read: &mut [u8]) -> Result<(), Self::Error> {
        self.guard(&address, Error::kind, |bus| bus.write_read(address, write, read))
    }

    #[inline]
    fn transaction(&mut self, address: A, operations: &mut [Operation<'_>]) -> Result<(), Self::Error> {
        self.guard(&address, Error::kind, |bus| bus.transaction(address, operations))
    }
}
