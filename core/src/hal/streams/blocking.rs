//! A guarded stream of bytes, such as a UART.

use core::fmt;

use super::io::{BufRead, Error, ErrorKind, ErrorType, Read, ReadReady, Write, WriteReady};

use crate::error::CallError;
use crate::event::Outcome;
use crate::hal::transaction::outcome;
use crate::hal::{ByErrorKind, CircuitFor, Circuits, Classifier, Guarded, Recovery};

impl Classifier<ErrorKind> for ByErrorKind {
    fn classify(&self, kind: ErrorKind) -> Outcome {
        use ErrorKind as Kind;
        match kind {
            Kind::InvalidInput | Kind::Unsupported | Kind::PermissionDenied | Kind::AlreadyExists => Outcome::Ignored,
            Kind::Interrupted | Kind::OutOfMemory | Kind::AddrInUse => Outcome::Ignored,
            _ => Outcome::Failure,
        }
    }
}

/// What a write counts as.
pub(super) fn written<T, E: Error, K: Classifier<ErrorKind>>(classifier: &K, result: &Result<T, E>) -> Outcome {
    outcome(classifier, classifier.written(), result, Error::kind)
}

/// What a read counts as. One that brings nothing says nothing: the buffer was empty, or the stream has ended.
pub(super) fn received<E: Error, K: Classifier<ErrorKind>>(classifier: &K, result: &Result<usize, E>) -> Outcome {
    let well = if matches!(result, Ok(0)) { Outcome::Ignored } else { Outcome::Success };
    outcome(classifier, well, result, Error::kind)
}

/// A refusal is of kind [`ErrorKind::Other`].
impl<E: Error + 'static, N: AsRef<str> + fmt::Debug> Error for CallError<E, N> {
    #[inline]
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Open(_) => ErrorKind::Other,
            Self::Inner(error) => error.kind(),
        }
    }
}

impl<B, S, K, W> ErrorType for Guarded<B, S, K, W>
where
    B: ErrorType<Error: 'static>,
    S: Circuits<Name: fmt::Debug>,
{
    type Error = CallError<B::Error, S::Name>;
}

impl<B, S, K, W> Read for Guarded<B, S, K, W>
where
    B: Read<Error: 'static>,
    S: CircuitFor<()> + Circuits<Name: fmt::Debug>,
    K: Classifier<ErrorKind>,
    W: Recovery<B>,
{
    #[inline]
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Self::Error> {
        self.sorted(&(), received, |stream| stream.read(buffer))
    }
}

impl<B, S, K, W> BufRead for Guarded<B, S, K, W>
where
    B: BufRead<Error: 'static>,
    S: CircuitFor<()> + Circuits<Name: fmt::Debug>,
    K: Classifier<ErrorKind>,
    W: Recovery<B>,
{
    #[inline]
    fn fill_buf(&mut self) -> Result<&[u8], Self::Error> {
        self.sorted(&(), received, |stream| stream.fill_buf().map(<[u8]>::len))?;
        // What is in the buffer now: no more than a look.
        self.inner_mut().fill_buf().map_err(CallError::Inner)
    }

    #[inline]
    fn consume(&mut self, amount: usize) {
        self.inner_mut().consume(amount);
    }
}

impl<B, S, K, W> Write for Guarded<B, S, K, W>
where
    B: Write<Error: 'static>,
    S: CircuitFor<()> + Circuits<Name: fmt::Debug>,
    K: Classifier<ErrorKind>,
    W: Recovery<B>,
{
    #[inline]
    fn write(&mut self, buffer: &[u8]) -> Result<usize, Self::Error> {
        self.sorted(&(), written, |stream| stream.write(buffer))
    }

    #[inline]
    fn flush(&mut self) -> Result<(), Self::Error> {
        self.sorted(&(), written, |stream| stream.flush())
    }
}

/// Asks the peripheral: neither refused nor counted.
impl<B, S, K, W> ReadReady for Guarded<B, S, K, W>
where
    B: ReadReady<Error: 'static>,
    S: Circuits<Name: fmt::Debug>,
{
    #[inline]
    fn read_ready(&mut self) -> Result<bool, Self::Error> {
        self.inner_mut().read_ready().map_err(CallError::Inner)
    }
}

/// Asks the peripheral: neither refused nor counted.
impl<B, S, K, W> WriteReady for Guarded<B, S, K, W>
where
    B: WriteReady<Error: 'static>,
    S: Circuits<Name: fmt::Debug>,
{
    #[inline]
    fn write_ready(&mut self) -> Result<bool, Self::Error> {
        self.inner_mut().write_ready().map_err(CallError::Inner)
    }
}
