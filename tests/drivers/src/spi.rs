//! An SPI device by embedded-hal-mock, for a [`Flaky`](crate::Flaky) one.

use embedded_hal::spi::{ErrorKind, ErrorType, Operation, SpiDevice};
use embedded_hal_mock::eh1::spi::{Mock, Transaction};

use crate::Script;

/// A device on an SPI bus, compared byte by byte.
pub struct SpiScript {
    mock: Mock<u8>,
    set_up: Vec<Vec<Transaction<u8>>>,
    calls: Vec<Vec<Transaction<u8>>>,
}

impl SpiScript {
    /// The calls of one operation with their answers; each call is one selection of the chip.
    pub fn answering(calls: impl Into<Vec<Vec<Transaction<u8>>>>) -> Self {
        Self { mock: Mock::new(&[]), set_up: Vec::new(), calls: calls.into() }
    }

    /// What the driver wants when it is made.
    pub fn after(self, set_up: impl Into<Vec<Vec<Transaction<u8>>>>) -> Self {
        Self { set_up: set_up.into(), ..self }
    }
}

/// The calls as the mock wants them: each between a start and an end.
fn selections(calls: &[Vec<Transaction<u8>>]) -> Vec<Transaction<u8>> {
    let (start, end) = ([Transaction::transaction_start()], [Transaction::transaction_end()]);
    calls.iter().flat_map(|call| [&start[..], call, &end].concat()).collect()
}

impl Script for SpiScript {
    type Error = ErrorKind;
    const ERROR: ErrorKind = ErrorKind::Other;

    fn be_set_up(&mut self) -> usize {
        self.mock.update_expectations(&selections(&self.set_up));
        self.set_up.len()
    }

    fn answer(&mut self) -> usize {
        self.mock.update_expectations(&selections(&self.calls));
        self.calls.len()
    }

    fn check(&mut self) {
        self.mock.done();
    }
}

impl ErrorType for SpiScript {
    type Error = ErrorKind;
}

impl SpiDevice for SpiScript {
    fn transaction(&mut self, operations: &mut [Operation<'_, u8>]) -> Result<(), ErrorKind> {
        self.mock.transaction(operations)
    }
}
