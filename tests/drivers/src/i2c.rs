//! An I2C device by embedded-hal-mock, which fails by not acknowledging its address.

use embedded_hal::i2c::{ErrorKind, NoAcknowledgeSource};
use embedded_hal_mock::eh1::i2c::{Mock, Transaction};

use crate::Device;

/// A device on an I2C bus, compared byte by byte.
pub struct I2cDevice {
    mock: Mock,
    set_up: Vec<Transaction>,
    calls: Vec<Vec<Transaction>>,
}

impl I2cDevice {
    /// The calls of one operation with their answers. A call is one [`Transaction`], or several where the driver
    /// itself calls `transaction`.
    pub fn answering(calls: impl Into<Vec<Vec<Transaction>>>) -> Self {
        Self { mock: Mock::new(&[]), set_up: Vec::new(), calls: calls.into() }
    }

    /// What the driver wants when it is made.
    pub fn after(self, set_up: impl Into<Vec<Transaction>>) -> Self {
        Self { set_up: set_up.into(), ..self }
    }
}

impl Device for I2cDevice {
    type Bus = Mock;
    type Error = ErrorKind;

    fn bus(&self) -> Mock {
        self.mock.clone()
    }

    fn be_set_up(&mut self) {
        self.mock.update_expectations(&self.set_up);
    }

    fn answer(&mut self) {
        self.mock.update_expectations(self.calls.iter().flatten());
    }

    fn fail(&mut self) -> ErrorKind {
        let error = ErrorKind::NoAcknowledge(NoAcknowledgeSource::Address);
        self.mock.update_expectations(&[self.calls[0][0].clone().with_error(error)]);
        error
    }

    fn expect_nothing(&mut self) {
        self.mock.update_expectations(&[]);
    }

    fn check(&mut self) {
        self.mock.done();
    }
}
