//! Guards for devices: wrap the bus once, and keep the driver.
//!
//! A [`Guarded`] bus is a bus: it implements the traits of `embedded-hal` and `embedded-io` that the one inside does, so
//! that every driver crate goes on as before. While the device works it passes everything on. When it is broken the
//! circuit opens, and a transaction ends at once with [`CallError::Open`], without touching the bus.
//!
//! ```
//! # #[cfg(feature = "embedded-hal")] {
//! use embedded_hal::i2c::{ErrorKind, ErrorType, I2c, NoAcknowledgeSource, Operation};
//! use halfopen::hal::Guarded;
//! use halfopen::{CallError, CircuitBreaker, Config, ManualClock};
//! # struct Bus;
//! # impl ErrorType for Bus { type Error = ErrorKind; }
//! # impl I2c for Bus {
//! #     fn transaction(&mut self, _: u8, _: &mut [Operation<'_>]) -> Result<(), ErrorKind> {
//! #         Err(ErrorKind::NoAcknowledge(NoAcknowledgeSource::Address))
//! #     }
//! # }
//!
//! static CLOCK: ManualClock = ManualClock::new(); // in firmware, the board's
//! static SENSOR: CircuitBreaker<&ManualClock> =
//!     CircuitBreaker::with_clock("sensor", Config::new().failure_threshold(3), &CLOCK);
//!
//! let mut bus = Guarded::new(Bus, &SENSOR); // this line is new; the driver takes `bus` as it took `Bus`
//! for _ in 0..3 {
//!     assert!(matches!(bus.write(0x48, &[0]), Err(CallError::Inner(ErrorKind::NoAcknowledge(_)))));
//! }
//! assert!(matches!(bus.write(0x48, &[0]), Err(CallError::Open(_)))); // the bus is not touched
//! # }
//! ```
//!
//! | feature | traits |
//! | --- | --- |
//! | `embedded-hal` | `I2c`, `SpiDevice`, `SpiBus`, `DelayNs` |
//! | `embedded-hal-async` | the same, async |
//! | `embedded-io-v0_7`, `embedded-io-v0_6` | `Read`, `BufRead`, `Write`, `ReadReady`, `WriteReady` |
//! | `embedded-io-async-v0_7`, `embedded-io-async-v0_6` | `Read`, `BufRead`, `Write` |
//!
//! # What counts
//!
//! A transaction that ends well is a success, one that ends with an error is sorted by its kind: see [`ByErrorKind`], and
//! [`classify_by`](Guarded::classify_by) for another choice. A guard counts what goes over the bus: a driver that makes one
//! reading out of two transactions makes two calls. Where the breaker's rule asks about slow calls, such as
//! [`ConsecutiveSlow`](crate::rules::ConsecutiveSlow), each transaction is timed by the breaker's clock.
//!
//! On a stream, such as a UART, a write that goes well counts as nothing: the bytes have left, and nobody knows whether
//! anybody listens. Nor does a read that brings nothing: its buffer was empty, or the stream has ended. What is read decides,
//! and what fails. [`WritesToo`] counts the other writes as well.
//!
//! Where the first of two transactions goes well though the device is dead, failures *in a row* do not come about. Then guard
//! the driver and not the bus, so that an operation of the driver is one call:
//!
//! ```
//! use halfopen::hal::Guarded;
//! use halfopen::{CallError, CircuitBreaker, Config, ManualClock};
//!
//! # struct Modem;
//! # impl Modem { fn signal_quality(&mut self) -> Result<u8, &'static str> { Err("no answer") } }
//! let clock = ManualClock::new();
//! let breaker = CircuitBreaker::with_clock("modem", Config::new().failure_threshold(1), &clock);
//! let mut modem = Guarded::new(Modem, &breaker);
//! let mut ask = || modem.call(|modem| modem.signal_quality());
//! assert!(matches!(ask(), Err(CallError::Inner("no answer"))));
//! assert!(matches!(ask(), Err(CallError::Open(_))));
//! ```
//!
//! A delay is neither refused nor counted; nor is `read_ready` or `write_ready`, which ask the peripheral and not the device.
//!
//! # Which circuit
//!
//! A reference to a [`CircuitBreaker`](crate::CircuitBreaker), a handle of a [`BreakerTable`](crate::BreakerTable), or, for
//! an I2C bus that is wrapped once for all its devices, [`PerAddress`]: a dead sensor does not shed its neighbours.
//!
//! # Recovery
//!
//! [`recover_by`](Guarded::recover_by) takes what may bring the device back, such as a pulse on its reset pin. The guard does
//! it just before the first probe, in the context of whoever asked; never in an interrupt, unless the guard itself is used
//! in one.
//!
//! # Cancellation
//!
//! An async transaction that is dropped before it ends counts as nothing, and a probe gives its place back. Put a timeout
//! inside the guard, where its error is seen, and not around it.

mod circuits;
mod classify;
mod guarded;
mod recovery;
mod transaction;

#[cfg(feature = "embedded-hal")]
mod delay;
#[cfg(feature = "embedded-hal")]
mod i2c;
#[cfg(feature = "embedded-hal-async")]
mod nonblocking;
#[cfg(feature = "embedded-hal")]
mod spi;
#[cfg(any(feature = "embedded-io-v0_6", feature = "embedded-io-v0_7"))]
mod streams;

pub use circuits::{CircuitFor, Circuits, PerAddress};
pub use classify::{ByErrorKind, Classifier, EveryError, WritesToo};
pub use guarded::Guarded;
pub use recovery::{AsyncRecovery, NoRecovery, Recover, Recovery};

#[cfg(doc)]
use crate::error::CallError;
