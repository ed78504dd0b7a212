//! The other end of the wires, a device that is told in advance whether it works.

use std::fmt::Debug;

/// A device that is told before each operation of its driver what will become of it, and afterwards whether it was so.
pub trait Device {
    /// What the guard is put around: a handle, so that the device can still be told.
    type Bus;
    /// The error of the bus.
    type Error: Debug + PartialEq;

    /// A handle of the wires.
    fn bus(&self) -> Self::Bus;
    /// Next the driver is made: what it wants from the device then is answered.
    fn be_set_up(&mut self);
    /// Next is one operation, and all its calls are answered.
    fn answer(&mut self);
    /// Next is one call, and it fails with this error.
    fn fail(&mut self) -> Self::Error;
    /// Nothing may come.
    fn expect_nothing(&mut self);
    /// Panics unless just what was announced has come.
    fn check(&mut self);
}
