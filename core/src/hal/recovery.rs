//! What may bring a device back, done just before it is tried again.

/// Done before the first probe of a HALF_OPEN circuit. A function of the inner bus is one.
pub trait Recovery<B> {
    /// Whether there is nothing to do, so that a guard need not ask when.
    #[doc(hidden)]
    const NOTHING: bool = false;

    /// Tries to bring the device back. Whether it worked, the probe tells.
    fn recover(&mut self, inner: &mut B);
}

impl<B, F: FnMut(&mut B)> Recovery<B> for F {
    fn recover(&mut self, inner: &mut B) {
        self(inner);
    }
}

/// The same for the async traits. An async function of the inner bus is one.
pub trait AsyncRecovery<B> {
    /// Whether there is nothing to do, so that a guard need not ask when.
    #[doc(hidden)]
    const NOTHING: bool = false;

    /// Tries to bring the device back. Whether it worked, the probe tells.
    #[allow(
        async_fn_in_trait,
        reason = "whether the future is `Send` is seen through the guard, which names no bounds"
    )]
    async fn recover(&mut self, inner: &mut B);
}

impl<B, F: AsyncFnMut(&mut B)> AsyncRecovery<B> for F {
    async fn recover(&mut self, inner: &mut B) {
        self(inner).await;
    }
}

/// Nothing is done: the device is just tried again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct NoRecovery;

impl<B> Recovery<B> for NoRecovery {
    const NOTHING: bool = true;

    fn recover(&mut self, _: &mut B) {}
}

impl<B> AsyncRecovery<B> for NoRecovery {
    const NOTHING: bool = true;

    async fn recover(&mut self, _: &mut B) {}
}
