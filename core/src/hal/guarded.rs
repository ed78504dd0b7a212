//! The guard itself, for whatever bus.

use core::fmt;

use super::circuits::{CircuitFor, Circuits};
use super::classify::{ByErrorKind, Classifier};
use super::recovery::{AsyncRecovery, NoRecovery, Recover, Recovery};
use super::transaction::outcome;
use crate::error::CallError;
use crate::event::Outcome;

/// A bus or device behind a circuit: see [`hal`](crate::hal).
///
/// `B` is the bus, `S` finds the circuit, `K` sorts errors, `W` may bring the device back.
pub struct Guarded<B, S, K = ByErrorKind, W = NoRecovery> {
    pub(super) inner: B,
    pub(super) circuits: S,
    pub(super) classifier: K,
    pub(super) recovery: W,
}

impl<B, S> Guarded<B, S> {
    /// Puts `circuits` before `inner`: a `&CircuitBreaker`, a table's handle, or a [`PerAddress`](super::PerAddress).
    pub const fn new(inner: B, circuits: S) -> Self {
        Self { inner, circuits, classifier: ByErrorKind, recovery: NoRecovery }
    }
}

impl<B, S, K, W> Guarded<B, S, K, W> {
    /// Sorts errors by `classifier`: a function from an `ErrorKind` to an [`Outcome`], or
    /// [`EveryError`](super::EveryError).
    ///
    /// ```
    /// # #[cfg(feature = "embedded-hal")] {
    /// use embedded_hal::i2c::ErrorKind;
    /// use halfopen::hal::Guarded;
    /// use halfopen::{CircuitBreaker, Config, ManualClock, Outcome};
    ///
    /// # let i2c = ();
    /// let clock = ManualClock::new();
    /// let breaker = CircuitBreaker::with_clock("eeprom", Config::new(), &clock);
    /// // While it writes a page, an EEPROM does not acknowledge: that is no failure.
    /// let bus = Guarded::new(i2c, &breaker).classify_by(|kind| match kind {
    ///     ErrorKind::NoAcknowledge(_) => Outcome::Ignored,
    ///     _ => Outcome::Failure,
    /// });
    /// # }
    /// ```
    pub fn classify_by<L>(self, classifier: L) -> Guarded<B, S, L, W> {
        let Self { inner, circuits, recovery, .. } = self;
        Guarded { inner, circuits, classifier, recovery }
    }

    /// Does `recovery` before the first probe after an opening: a function of `&mut B`, for the async traits an async one.
    ///
    /// It is done by the task whose transaction becomes the probe, once after each opening; an async one that is dropped
    /// before it ends is done again before the next probe. Its time does not make the probe a slow call, but belongs to the
    /// probe's lease: keep it shorter than `probe_timeout`.
    ///
    /// ```
    /// # #[cfg(feature = "embedded-hal")] {
    /// use halfopen::hal::Guarded;
    /// use halfopen::{CircuitBreaker, Config, ManualClock};
    ///
    /// # struct Radio;
    /// # impl Radio { fn pulse_reset(&mut self) {} }
    /// # let radio = Radio;
    /// let clock = ManualClock::new();
    /// let breaker = CircuitBreaker::with_clock("radio", Config::new(), &clock);
    /// let radio = Guarded::new(radio, &breaker).recover_by(|radio: &mut Radio| radio.pulse_reset());
    /// # }
    /// ```
    pub fn recover_by<V>(self, recovery: V) -> Guarded<B, S, K, Recover<V>> {
        let Self { inner, circuits, classifier, .. } = self;
        Guarded { inner, circuits, classifier, recovery: Recover::new(recovery) }
    }

    /// The bus inside.
    pub const fn inner(&self) -> &B {
        &self.inner
    }

    /// The bus inside, past the guard: for what is not a transaction, such as a change of its speed.
    pub const fn inner_mut(&mut self) -> &mut B {
        &mut self.inner
    }

    /// What finds the circuit.
    pub const fn circuits(&self) -> &S {
        &self.circuits
    }

    /// Gives the bus back.
    pub fn release(self) -> B {
        self.inner
    }

    /// Calls `operation` if the circuit lets it: to guard a driver rather than its bus, so that one operation of the driver is
    /// one call. Every error counts as a failure, unless a classifier of `()` says otherwise.
    ///
    /// # Errors
    ///
    /// [`CallError::Open`] if the circuit refused, and so did not call it; [`CallError::Inner`] with its own error.
    #[inline]
    pub fn call<T, E>(&mut self, operation: impl FnOnce(&mut B) -> Result<T, E>) -> Result<T, CallError<E, S::Name>>
    where
        S: CircuitFor<()>,
        K: Classifier<()>,
        W: Recovery<B>,
    {
        self.guard(&(), |_| (), operation)
    }

    /// As [`call`](Self::call), for an operation that is waited for. Dropped before it ends, it counts as nothing.
    ///
    /// # Errors
    ///
    /// As [`call`](Self::call).
    pub async fn call_async<T, E>(
        &mut self,
        operation: impl AsyncFnOnce(&mut B) -> Result<T, E>,
    ) -> Result<T, CallError<E, S::Name>>
    where
        S: CircuitFor<()>,
        K: Classifier<()>,
        W: AsyncRecovery<B>,
    {
        self.guard_async(&(), |_| (), operation).await
    }

    /// Uses the bus if the circuit for `address` lets it, which is `()` where there are none: for a trait that this crate does
    /// not know. `kind` tells what an error is, for the classifier.
    ///
    /// ```
    /// use halfopen::hal::{ByErrorKind, Guarded};
    /// use halfopen::{CallError, CircuitBreaker, Config, ManualClock};
    ///
    /// /// A trait of your own, or of another crate.
    /// trait OneWire {
    ///     type Error;
    ///     fn reset(&mut self) -> Result<(), Self::Error>;
    /// }
    /// struct Probe<B>(Guarded<B, &'static CircuitBreaker<&'static ManualClock>>);
    ///
    /// impl<B: OneWire> OneWire for Probe<B> {
    ///     type Error = CallError<B::Error>;
    ///     fn reset(&mut self) -> Result<(), Self::Error> {
    ///         self.0.guard(&(), |_| (), |bus| bus.reset())
    ///     }
    /// }
    ///
    /// # struct Broken;
    /// # impl OneWire for Broken {
    /// #     type Error = ();
    /// #     fn reset(&mut self) -> Result<(), ()> { Err(()) }
    /// # }
    /// static CLOCK: ManualClock = ManualClock::new();
    /// static BOILER: CircuitBreaker<&ManualClock> =
    ///     CircuitBreaker::with_clock("boiler", Config::new().failure_threshold(1), &CLOCK);
    ///
    /// let mut probe = Probe(Guarded::new(Broken, &BOILER));
    /// assert!(matches!(probe.reset(), Err(CallError::Inner(()))));
    /// assert!(matches!(probe.reset(), Err(CallError::Open(_))));
    /// ```
    ///
    /// # Errors
    ///
    /// [`CallError::Open`] if the circuit refused, and the bus was not touched; [`CallError::Inner`] with the bus's own
    /// error.
    #[inline]
    pub fn guard<A, T, E, Kind>(
        &mut self,
        address: &A,
        kind: impl FnOnce(&E) -> Kind,
        operation: impl FnOnce(&mut B) -> Result<T, E>,
    ) -> Result<T, CallError<E, S::Name>>
    where
        S: CircuitFor<A>,
        K: Classifier<Kind>,
        W: Recovery<B>,
    {
        self.sorted(address, |classifier, result| outcome(classifier, Outcome::Success, result, kind), operation)
    }

    /// As [`guard`](Self::guard), for a bus that is waited for. Dropped before it ends, it counts as nothing.
    ///
    /// # Errors
    ///
    /// As [`guard`](Self::guard).
    pub async fn guard_async<A, T, E, Kind>(
        &mut self,
        address: &A,
        kind: impl FnOnce(&E) -> Kind,
        operation: impl AsyncFnOnce(&mut B) -> Result<T, E>,
    ) -> Result<T, CallError<E, S::Name>>
    where
        S: CircuitFor<A>,
        K: Classifier<Kind>,
        W: AsyncRecovery<B>,
    {
        let sort = |classifier: &K, result: &_| outcome(classifier, Outcome::Success, result, kind);
        self.sorted_async(address, sort, operation).await
    }
}

impl<B: fmt::Debug, S: Circuits, K, W> fmt::Debug for Guarded<B, S, K, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guarded").field("inner", &self.inner).finish_non_exhaustive()
    }
}
