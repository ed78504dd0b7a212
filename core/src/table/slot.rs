//! A place for one value that appears and disappears while others look: the only `unsafe` of this crate.
//!
//! Who reads pins the slot first; a slot is emptied only while nobody has it pinned. Filling and emptying are for the
//! holder of the table's lock alone; pinning needs no lock and never waits.

#![allow(unsafe_code)]

use core::mem::MaybeUninit;
use core::panic::RefUnwindSafe;

use crate::atomics::{AcqRel, Acquire, AtomicU32, Relaxed, Release, UnsafeCell};

/// Pins held now: the lowest 20 bits.
const PINS: u32 = READY - 1;
/// The slot holds a value.
const READY: u32 = 1 << 20;
/// Counts the pins ever taken, in the bits that are left, so that a slot that was used meanwhile does not look untouched.
const EPOCH: u32 = READY << 1;

pub(crate) struct Slot<T> {
    /// `READY`, epoch and pins; 0 while the slot is empty.
    state: AtomicU32,
    /// Of the value's name, so that a look-up need not pin what it does not look for.
    hash: AtomicU32,
    /// Low half of the time of the latest use.
    used: AtomicU32,
    value: UnsafeCell<MaybeUninit<T>>,
}

// SAFETY: a shared slot hands out `&T` to several threads (`T: Sync`), and `put` and `remove` move a `T` into it and
// drop it on whatever thread calls them (`T: Send`). Access to the cell is ordered by `state`: `put` writes it before
// the Release store of `READY`, `pin` reads `READY` with Acquire, `unpin` is a Release, and `remove` takes `READY` away
// by an Acquire exchange that succeeds only while no pin is held.
unsafe impl<T: Send + Sync> Sync for Slot<T> {}

/// A slot as it was seen without a pin; still so if the slot has not been touched since.
#[derive(Clone, Copy)]
pub(crate) struct Seen(u32);

impl<T> Slot<T> {
    crate::atomics::const_unless_loom! {
        pub(crate) fn new() -> Self {
            Self {
                state: AtomicU32::new(0),
                hash: AtomicU32::new(0),
                used: AtomicU32::new(0),
                value: UnsafeCell::new(MaybeUninit::uninit()),
            }
        }
    }

    pub(crate) fn is_ready(&self) -> bool {
        self.state.load(Acquire) & READY != 0
    }

    /// Ready, with all the pins that there can be.
    pub(crate) fn is_exhausted(&self) -> bool {
        self.state.load(Acquire) & (READY | PINS) == READY | PINS
    }

    pub(crate) fn hash(&self) -> u32 {
        self.hash.load(Relaxed)
    }

    pub(crate) fn used(&self) -> u32 {
        self.used.load(Relaxed)
    }

    pub(crate) fn touch(&self, now: u32) {
        self.used.store(now, Relaxed);
    }

    /// Keeps the value where it is until the pin is dropped; `None` if there is none, or with 2^20 - 1 pins held.
    pub(crate) fn pin(&self) -> Option<Pin<'_, T>> {
        let mut state = self.state.load(Relaxed);
        while state & READY != 0 && state & PINS != PINS {
            // The epoch wraps off the top of the word.
            let pinned = state.wrapping_add(EPOCH + 1);
            match self.state.compare_exchange(state, pinned, Acquire, Relaxed) {
                Ok(_) => return Some(Pin { slot: self }),
                Err(other) => state = other,
            }
        }
        None
    }

    /// Fills an empty slot.
    ///
    /// # Safety
    ///
    /// The caller holds the table's lock, and the slot is not ready.
    pub(crate) unsafe fn put(&self, hash: u32, value: T) {
        self.hash.store(hash, Relaxed);
        // SAFETY: nobody reads a slot that is not ready, and the lock keeps other writers out.
        self.value.with_mut(|cell| unsafe { (*cell).write(value) });
        self.state.store(READY, Release);
    }

    /// The slot, if it is ready and nobody has it pinned.
    pub(crate) fn seen_unpinned(&self) -> Option<Seen> {
        let state = self.state.load(Acquire);
        (state & READY != 0 && state & PINS == 0).then_some(Seen(state))
    }

    /// What `read` says of the value, without pinning it. `None` if the slot was touched since it was seen.
    ///
    /// # Safety
    ///
    /// The caller holds the table's lock, and has held it since the slot was seen.
    pub(crate) unsafe fn peek<R>(&self, seen: Seen, read: impl FnOnce(&T) -> R) -> Option<R> {
        // SAFETY: the slot was ready when it was seen, and only the holder of the lock, who is here, empties it.
        let answer = self.value.with(|cell| read(unsafe { (*cell).assume_init_ref() }));
        (self.state.load(Acquire) == seen.0).then_some(answer)
    }

    /// Empties the slot if it has not been touched since it was seen, and `still` says that its value may go.
    ///
    /// # Safety
    ///
    /// The caller holds the table's lock, and has held it since the slot was seen.
    pub(crate) unsafe fn remove(&self, seen: Seen, still: impl FnOnce(&T) -> bool) -> bool {
        if self.state.compare_exchange(seen.0, 0, AcqRel, Relaxed).is_err() {
            return false;
        }
        // SAFETY: it was ready and unpinned, nobody pins what is not ready, and the lock keeps other writers out.
        if !self.value.with(|cell| still(unsafe { (*cell).assume_init_ref() })) {
            // Touched after all: the epoch went all the way round.
            self.state.store(seen.0, Release);
            return false;
        }
        // SAFETY: as above.
        self.value.with_mut(|cell| unsafe { (*cell).assume_init_drop() });
        true
    }
}

// A value is whole at every moment: nothing of the user's runs while a slot is filled or emptied, but for the drop of one
// that nobody can reach any more.
impl<T: RefUnwindSafe> RefUnwindSafe for Slot<T> {}

impl<T> Drop for Slot<T> {
    fn drop(&mut self) {
        if self.is_ready() {
            // SAFETY: ready, and `&mut self` says that nobody else is here.
            self.value.with_mut(|cell| unsafe { (*cell).assume_init_drop() });
        }
    }
}

/// A value that stays where it is.
pub(crate) struct Pin<'a, T> {
    slot: &'a Slot<T>,
}

impl<'a, T> Pin<'a, T> {
    pub(crate) fn slot(&self) -> &'a Slot<T> {
        self.slot
    }

    pub(crate) fn get(&self) -> &T {
        // SAFETY: the slot was ready when it was pinned, and is not emptied before this pin is dropped.
        self.slot.value.with(|cell| unsafe { (*cell).assume_init_ref() })
    }
}

impl<T> Drop for Pin<'_, T> {
    fn drop(&mut self) {
        self.slot.state.fetch_sub(1, Release);
    }
}
