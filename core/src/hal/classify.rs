//! What an error of a bus says about the device.
//!
//! ```
//! # #[cfg(feature = "embedded-hal")] {
//! use embedded_hal::i2c::ErrorKind;
//! use halfopen::Outcome;
//! use halfopen::hal::{ByErrorKind, Classifier};
//!
//! assert_eq!(ByErrorKind.classify(ErrorKind::Bus), Outcome::Failure);
//! assert_eq!(ByErrorKind.classify(ErrorKind::ArbitrationLoss), Outcome::Ignored);
//! # }
//! ```

use crate::event::Outcome;

/// Says what an error means by its kind, `K`: an `ErrorKind` of `embedded_hal::i2c`, of `embedded_hal::spi`, or of
/// `embedded_io`. A function from the kind to an [`Outcome`] is one.
pub trait Classifier<K> {
    /// What an error of this kind counts as.
    fn classify(&self, kind: K) -> Outcome;

    /// What a write to a stream counts as that went well. It says that the bytes have left, and not that anybody got them.
    fn written(&self) -> Outcome {
        Outcome::Ignored
    }
}

impl<K, F: Fn(K) -> Outcome> Classifier<K> for F {
    #[inline]
    fn classify(&self, kind: K) -> Outcome {
        self(kind)
    }
}

/// Every error is a failure: for a bus with one master, whose controller reports a line that is stuck as a lost
/// arbitration.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct EveryError;

impl<K> Classifier<K> for EveryError {
    #[inline]
    fn classify(&self, _: K) -> Outcome {
        Outcome::Failure
    }
}

/// Sorts errors as `C` does, and counts a write to a stream that went well as a success: for a stream that is only written
/// to, or that tells by its writes whether anybody listens, such as a TCP socket.
///
/// ```
/// # #[cfg(feature = "embedded-io-v0_7")] {
/// # extern crate embedded_io_v0_7 as embedded_io;
/// use embedded_io::Write;
/// use halfopen::hal::{ByErrorKind, Guarded, WritesToo};
/// use halfopen::{CircuitBreaker, Config, ManualClock};
///
/// let clock = ManualClock::new();
/// let breaker = CircuitBreaker::with_clock("printer", Config::new(), &clock);
/// let mut paper = [0; 8];
/// breaker.record_failure();
/// Guarded::new(&mut paper[..], &breaker).classify_by(WritesToo(ByErrorKind)).write(b"hello").unwrap();
/// assert_eq!(breaker.failure_count(), 0);
/// # }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct WritesToo<C>(pub C);

impl<K, C: Classifier<K>> Classifier<K> for WritesToo<C> {
    #[inline]
    fn classify(&self, kind: K) -> Outcome {
        self.0.classify(kind)
    }

    #[inline]
    fn written(&self) -> Outcome {
        Outcome::Success
    }
}

/// What says nothing about the device is ignored, every other error is a failure; those that are added later, too.
///
/// | | ignored | because |
/// | --- | --- | --- |
/// | I2C | `ArbitrationLoss` | another master had the bus |
/// | | `Overrun` | this side read its own peripheral too late |
/// | SPI | `ModeFault` | another master had the bus |
/// | | `Overrun` | this side read its own peripheral too late |
/// | stream | `InvalidInput`, `Unsupported`, `PermissionDenied`, `AlreadyExists` | the caller asked for what cannot be |
/// | | `Interrupted` | to be tried again at once |
/// | | `OutOfMemory`, `AddrInUse` | this side has run out of something |
///
/// So an address or a byte that is not acknowledged is a failure, and so is a timeout, which most implementations report
/// as `Other`. An error without a kind, as [`Guarded::call`](super::Guarded::call) has it, is a failure.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct ByErrorKind;

impl Classifier<()> for ByErrorKind {
    #[inline]
    fn classify(&self, (): ()) -> Outcome {
        Outcome::Failure
    }
}

#[cfg(feature = "embedded-hal")]
impl Classifier<embedded_hal::i2c::ErrorKind> for ByErrorKind {
    fn classify(&self, kind: embedded_hal::i2c::ErrorKind) -> Outcome {
        use embedded_hal::i2c::ErrorKind::{ArbitrationLoss, Overrun};
        if matches!(kind, ArbitrationLoss | Overrun) { Outcome::Ignored } else { Outcome::Failure }
    }
}

#[cfg(feature = "embedded-hal")]
impl Classifier<embedded_hal::spi::ErrorKind> for ByErrorKind {
    fn classify(&self, kind: embedded_hal::spi::ErrorKind) -> Outcome {
        use embedded_hal::spi::ErrorKind::{ModeFault, Overrun};
        if matches!(kind, ModeFault | Overrun) { Outcome::Ignored } else { Outcome::Failure }
    }
}
