//! What may bring a device back, done just before it is tried again.

/// Which round of probes: that of a circuit, known by where it is, in one of its generations.
#[doc(hidden)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Round {
    pub(super) circuit: usize,
    pub(super) generation: u16,
}

/// Done once for each round of probes, before its first one: [`NoRecovery`], or [`Recover`] with a function of the inner
/// bus.
pub trait Recovery<B>: BeginsRound {
    /// Tries to bring the device back. Whether it worked, the probe tells.
    fn recover(&mut self, inner: &mut B);
}

/// The same for the async traits: [`NoRecovery`], or [`Recover`] with an async function of the inner bus.
pub trait AsyncRecovery<B>: BeginsRound {
    /// Tries to bring the device back. Whether it worked, the probe tells.
    #[allow(
        async_fn_in_trait,
        reason = "whether the future is `Send` is seen through the guard, which names no bounds"
    )]
    async fn recover(&mut self, inner: &mut B);
}

/// Remembers which round it has acted in.
#[doc(hidden)]
pub trait BeginsRound {
    /// Whether there is ever anything to do.
    const ACTS: bool;

    /// Whether it has not acted in this round before.
    fn is_due(&self, round: Round) -> bool;

    /// It has acted in this round, to the end: what was dropped on the way is due again.
    fn acted(&mut self, round: Round);
}

/// Nothing is done: the device is just tried again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct NoRecovery;

impl BeginsRound for NoRecovery {
    const ACTS: bool = false;

    fn is_due(&self, _: Round) -> bool {
        false
    }

    fn acted(&mut self, _: Round) {}
}

impl<B> Recovery<B> for NoRecovery {
    fn recover(&mut self, _: &mut B) {}
}

impl<B> AsyncRecovery<B> for NoRecovery {
    async fn recover(&mut self, _: &mut B) {}
}

/// A function of the inner bus, done before the first probe of a round: what
/// [`recover_by`](super::Guarded::recover_by) makes of it.
#[derive(Clone, Copy, Debug)]
pub struct Recover<F> {
    action: F,
    latest: Option<Round>,
}

impl<F> Recover<F> {
    /// Does `action`.
    pub(super) const fn new(action: F) -> Self {
        Self { action, latest: None }
    }
}

impl<F> BeginsRound for Recover<F> {
    const ACTS: bool = true;

    fn is_due(&self, round: Round) -> bool {
        self.latest != Some(round)
    }

    fn acted(&mut self, round: Round) {
        self.latest = Some(round);
    }
}

impl<B, F: FnMut(&mut B)> Recovery<B> for Recover<F> {
    fn recover(&mut self, inner: &mut B) {
        (self.action)(inner);
    }
}

impl<B, F: AsyncFnMut(&mut B)> AsyncRecovery<B> for Recover<F> {
    async fn recover(&mut self, inner: &mut B) {
        (self.action)(inner).await;
    }
}
