//! A guarded stream of bytes that is waited for.

use core::fmt;

use super::blocking::{received, written};
use super::io::ErrorKind;
use super::io_async::{BufRead, Read, Write};
use crate::error::CallError;
use crate::hal::{AsyncRecovery, CircuitFor, Circuits, Classifier, Guarded};

impl<B, S, K, W> Read for Guarded<B, S, K, W>
where
    B: Read<Error: 'static>,
    S: CircuitFor<()> + Circuits<Name: fmt::Debug>,
    K: Classifier<ErrorKind>,
    W: AsyncRecovery<B>,
{
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Self::Error> {
        self.sorted_async(&(), received, async |stream: &mut B| stream.read(buffer).await).await
    }
}

impl<B, S, K, W> BufRead for Guarded<B, S, K, W>
where
    B: BufRead<Error: 'static>,
    S: CircuitFor<()> + Circuits<Name: fmt::Debug>,
    K: Classifier<ErrorKind>,
    W: AsyncRecovery<B>,
{
    async fn fill_buf(&mut self) -> Result<&[u8], Self::Error> {
        self.sorted_async(&(), received, async |stream: &mut B| stream.fill_buf().await.map(<[u8]>::len)).await?;
        // What is in the buffer now: no more than a look.
        self.inner_mut().fill_buf().await.map_err(CallError::Inner)
    }

    fn consume(&mut self, amount: usize) {
        self.inner_mut().consume(amount);
    }
}

impl<B, S, K, W> Write for Guarded<B, S, K, W>
where
    B: Write<Error: 'static>,
    S: CircuitFor<()> + Circuits<Name: fmt::Debug>,
    K: Classifier<ErrorKind>,
    W: AsyncRecovery<B>,
{
    async fn write(&mut self, buffer: &[u8]) -> Result<usize, Self::Error> {
        self.sorted_async(&(), written, async |stream: &mut B| stream.write(buffer).await).await
    }

    async fn flush(&mut self) -> Result<(), Self::Error> {
        self.sorted_async(&(), written, async |stream: &mut B| stream.flush().await).await
    }
}
