//! Driver crates of others over halfopen's guarded buses, with one trial for all of them.
//!
//! A driver is four lines: how it is made, what it is asked, what it must answer, and where in its own error the bus's
//! error is. [`Device`] plays the other end of the wires.
//!
//! ```
//! use drivers::{Cause, I2cDevice, Trial};
//! use embedded_hal::i2c::I2c;
//! use embedded_hal_mock::eh1::i2c::Transaction;
//!
//! Trial::prove(|trial| {
//!     let register = Transaction::write_read(0x48, vec![0], vec![25]);
//!     trial.run(
//!         I2cDevice::answering([vec![register]]),
//!         |bus| bus, // in the place of a driver: the guarded bus itself
//!         |bus| {
//!             let mut value = [0];
//!             bus.write_read(0x48, &[0], &mut value).map(|()| value[0])
//!         },
//!         25,
//!         Cause::Told,
//!     );
//! });
//! ```

mod card;
mod device;
mod flaky;
mod i2c;
mod line;
mod spi;
mod trial;
mod wrong;

pub use card::SdCard;
pub use device::Device;
pub use flaky::{Flaky, FlakyBus, Script};
pub use i2c::I2cDevice;
pub use line::Line;
pub use spi::SpiScript;
pub use trial::{Breaker, Cause, Guard, NAME, RECOVERY, THRESHOLD, Trial};
