//! A circuit in a registry, and the handle to it.
//!
//! ```
//! use halfopen::{CircuitBreakerRegistry, RegistryConfig};
//!
//! let circuits = CircuitBreakerRegistry::try_new(RegistryConfig::new())?;
//! let mail = circuits.register("mail")?;
//! std::thread::spawn(move || assert!(mail.allow_request())).join().unwrap();
//! # Ok::<(), halfopen::RegistryError>(())
//! ```

use core::borrow::Borrow;
use core::fmt;
use core::hash::{Hash, Hasher};
use core::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};

use crate::contract::Breaker;

/// A circuit with what the registry knows of its use.
///
/// Among many, what a look-up costs is how many lines of the cache it waits for. So what it needs comes first, in this order:
/// right after the counts of the `Arc`, and a short name as a copy.
#[repr(C)]
pub(super) struct Slot<B> {
    /// Since somebody last looked.
    used: AtomicBool,
    /// The length of the name, 255 at most.
    length: u8,
    /// The name, as far as it fits.
    short: [u8; SHORT],
    breaker: B,
    /// The latest time at which it was seen to be used, in milliseconds of the registry's clock.
    since: AtomicU64,
    name: Arc<str>,
}

/// With the counts of an `Arc`, the flag and the length it fills 40 bytes.
const SHORT: usize = 22;

impl<B> Slot<B> {
    pub(super) fn new(name: Arc<str>, breaker: B, now: u64) -> Self {
        let mut short = [0; SHORT];
        short.iter_mut().zip(name.bytes()).for_each(|(to, byte)| *to = byte);
        let length = u8::try_from(name.len()).unwrap_or(u8::MAX);
        Self { used: AtomicBool::new(false), length, short, breaker, since: AtomicU64::new(now), name }
    }

    pub(super) fn name(&self) -> &Arc<str> {
        &self.name
    }

    #[inline]
    fn key(&self) -> &[u8] {
        self.short.get(..self.length.into()).unwrap_or_else(|| self.name.as_bytes())
    }

    pub(super) fn breaker(&self) -> &B {
        &self.breaker
    }

    /// Writes once between two looks: many threads may share its line of the cache.
    #[inline]
    fn touch(&self) {
        if !self.used.load(Relaxed) {
            self.used.store(true, Relaxed);
        }
    }

    /// Milliseconds since it was last seen to be used; 0 if it was used since then, or the clock has gone back.
    pub(super) fn rested(&self, now: u64) -> u64 {
        if self.used.swap(false, Relaxed) || self.since.load(Relaxed) > now {
            self.since.store(now, Relaxed);
        }
        now - self.since.load(Relaxed).min(now)
    }

    pub(super) fn is_used(&self) -> bool {
        self.used.load(Relaxed)
    }
}

/// A slot that is found by its name.
pub(super) struct Named<B>(pub(super) Arc<Slot<B>>);

impl<B: Breaker> Named<B> {
    /// Nobody holds it but the registry, whose part is locked, and nothing would be forgotten with it.
    pub(super) fn may_retire(&self) -> bool {
        Arc::strong_count(&self.0) == 1 && self.0.breaker.is_idle()
    }
}

impl<B> Borrow<[u8]> for Named<B> {
    #[inline]
    fn borrow(&self) -> &[u8] {
        self.0.key()
    }
}

impl<B> Hash for Named<B> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.key().hash(state);
    }
}

impl<B> PartialEq for Named<B> {
    fn eq(&self, other: &Self) -> bool {
        self.0.key() == other.0.key()
    }
}

impl<B> Eq for Named<B> {}

/// A circuit of a [`CircuitBreakerRegistry`](crate::CircuitBreakerRegistry): used like its breaker, found without a search.
///
/// It borrows nothing, so a thread or a task can take it along. Its circuit does not retire as long as it lives.
pub struct RegistryEntry<B> {
    slot: Arc<Slot<B>>,
    used: bool,
}

impl<B> RegistryEntry<B> {
    #[inline]
    pub(super) fn used(slot: Arc<Slot<B>>) -> Self {
        slot.touch();
        Self { slot, used: true }
    }

    pub(super) fn unused(slot: Arc<Slot<B>>) -> Self {
        Self { slot, used: false }
    }
}

impl<B> Deref for RegistryEntry<B> {
    type Target = B;

    #[inline]
    fn deref(&self) -> &B {
        &self.slot.breaker
    }
}

impl<B> Clone for RegistryEntry<B> {
    fn clone(&self) -> Self {
        Self { slot: Arc::clone(&self.slot), used: self.used }
    }
}

impl<B> Drop for RegistryEntry<B> {
    #[inline]
    fn drop(&mut self) {
        if self.used {
            self.slot.touch();
        }
    }
}

impl<B: Breaker> fmt::Debug for RegistryEntry<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RegistryEntry")
            .field("operation_name", &self.slot.name)
            .field("state", &self.slot.breaker.state())
            .finish_non_exhaustive()
    }
}
