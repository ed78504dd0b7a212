//! The slots of a registry by their names, in parts that are locked apart.

use core::array;
use std::collections::HashSet;
use std::hash::{BuildHasher, DefaultHasher, Hasher, RandomState};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::vec::Vec;

use super::entry::{Named, Slot};
use crate::contract::Breaker;

/// A power of two. With more of them, what a look-up reads first would no longer be in the nearest cache.
const SHARDS: usize = 16;

/// Apart from others, so that readers of two do not share a line of the cache, nor the one beside it.
#[repr(align(128))]
struct Shard<B>(RwLock<HashSet<Named<B>, OfBytes>>);

// Nothing in here panics under a lock but a breaker's own methods and drops; what these leave is as good as before.
impl<B> Shard<B> {
    #[inline]
    fn read(&self) -> RwLockReadGuard<'_, HashSet<Named<B>, OfBytes>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, HashSet<Named<B>, OfBytes>> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Hashes the bytes of one text, without their number before them: that is for texts in a row.
#[derive(Clone)]
struct OfBytes(RandomState);

struct BytesHasher(DefaultHasher);

impl BuildHasher for OfBytes {
    type Hasher = BytesHasher;

    #[inline]
    fn build_hasher(&self) -> BytesHasher {
        BytesHasher(self.0.build_hasher())
    }
}

impl Hasher for BytesHasher {
    #[inline]
    fn write(&mut self, bytes: &[u8]) {
        self.0.write(bytes);
    }

    #[inline]
    fn write_usize(&mut self, _: usize) {}

    #[inline]
    fn finish(&self) -> u64 {
        self.0.finish()
    }
}

pub(super) struct Shards<B> {
    shards: [Shard<B>; SHARDS],
    /// Where the next search for a place begins.
    hand: AtomicUsize,
}

impl<B: Breaker> Shards<B> {
    pub(super) fn new() -> Self {
        // Names come from requests: a hash that strangers cannot foresee.
        let state = OfBytes(RandomState::new());
        let shard = |_| Shard(RwLock::new(HashSet::with_hasher(state.clone())));
        Self { shards: array::from_fn(shard), hand: AtomicUsize::new(0) }
    }

    #[inline]
    pub(super) fn get(&self, name: &str) -> Option<Arc<Slot<B>>> {
        self.of(name).read().get(name.as_bytes()).map(|named| Arc::clone(&named.0))
    }

    /// The slot of that name, and whether it is this one.
    pub(super) fn insert(&self, slot: Slot<B>) -> (Arc<Slot<B>>, bool) {
        let slot = Arc::new(slot);
        let mut shard = self.of(slot.name()).write();
        match shard.get(slot.name().as_bytes()) {
            Some(other) => (Arc::clone(&other.0), false),
            None => {
                shard.insert(Named(Arc::clone(&slot)));
                (slot, true)
            }
        }
    }

    pub(super) fn remove(&self, name: &str) -> Option<Arc<Slot<B>>> {
        self.of(name).write().take(name.as_bytes()).map(|named| named.0)
    }

    /// What there is, a part after the other: under no lock when it is looked at.
    pub(super) fn iter(&self) -> impl Iterator<Item = Arc<Slot<B>>> {
        self.shards.iter().flat_map(|shard| {
            let slots: Vec<_> = shard.read().iter().map(|named| Arc::clone(&named.0)).collect();
            slots
        })
    }

    /// Takes out the idle ones of which `which` says so.
    pub(super) fn retire(&self, which: impl Fn(&Slot<B>) -> bool) -> usize {
        self.shards.iter().map(|shard| take_out(shard, usize::MAX, &which)).sum()
    }

    /// Takes out idle ones of one part: all that were not used since the last search, or a single other one.
    pub(super) fn make_room(&self, now: u64) -> usize {
        let unused = |slot: &Slot<B>| {
            let unused = !slot.is_used();
            slot.rested(now);
            unused
        };
        match self.search(usize::MAX, unused) {
            0 => self.search(1, |_| true),
            taken => taken,
        }
    }

    /// Takes out at most so many of the first part that has some, from the hand on.
    fn search(&self, most: usize, which: impl Fn(&Slot<B>) -> bool) -> usize {
        let from = self.hand.load(Relaxed);
        for at in 0..SHARDS {
            let at = from.wrapping_add(at) % SHARDS;
            let taken = take_out(&self.shards[at], most, &which);
            if taken > 0 {
                self.hand.store(at + 1, Relaxed);
                return taken;
            }
        }
        0
    }

    #[inline]
    fn of(&self, name: &str) -> &Shard<B> {
        &self.shards[part(name)]
    }
}

/// Takes out at most so many. They are dropped under no lock: a breaker's drop may be long.
fn take_out<B: Breaker>(shard: &Shard<B>, most: usize, which: impl Fn(&Slot<B>) -> bool) -> usize {
    let mut out = Vec::new();
    shard.write().retain(|named| {
        let goes = out.len() < most && which(&named.0) && named.may_retire();
        if goes {
            out.push(Arc::clone(&named.0));
        }
        !goes
    });
    out.len()
}

/// Which part a name belongs to. Foreseeable: who chooses names can fill one part, and so make others wait, no more.
#[inline]
fn part(name: &str) -> usize {
    const ODD: u64 = 0x9e37_79b9_7f4a_7c15;
    let mix = |hash: u64, word: u64| (hash.rotate_left(5) ^ word).wrapping_mul(ODD);
    let bytes = name.as_bytes();
    let words = bytes.chunks_exact(8).filter_map(|word| word.first_chunk());
    // The end, some of it for the second time; a name that is shorter than a word byte by byte.
    let end = bytes.last_chunk().map_or_else(
        || bytes.iter().fold(0, |word, byte| word << 8 | u64::from(*byte)),
        |end| u64::from_le_bytes(*end),
    );
    let hash = words.fold(bytes.len() as u64, |hash, word| mix(hash, u64::from_le_bytes(*word)));
    (mix(hash, end) >> (u64::BITS - SHARDS.ilog2())) as usize
}
