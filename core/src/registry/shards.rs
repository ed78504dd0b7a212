//! The slots of a registry by their names, in parts that are locked apart.

use core::array;
use std::collections::HashSet;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::vec::Vec;

use super::entry::{Named, Slot};
use crate::contract::Breaker;

/// A power of two. With more of them, what a look-up reads first would no longer be in the nearest cache.
const SHARDS: usize = 16;

/// Apart from others, so that readers of two do not share a line of the cache, nor the one beside it.
#[repr(align(128))]
struct Shard<B>(RwLock<HashSet<Named<B>, Seeds>>);

// Nothing in here panics under a lock but a breaker's own methods and drops; what these leave is as good as before.
impl<B> Shard<B> {
    #[inline]
    fn read(&self) -> RwLockReadGuard<'_, HashSet<Named<B>, Seeds>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, HashSet<Named<B>, Seeds>> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Hashes the bytes of one name by multiplications folded to a word, as wyhash and foldhash do, which hashbrown has for its own
/// maps: the standard library's hash is made for longer texts. Who does not know the seeds cannot foresee it.
#[derive(Clone, Copy)]
struct Seeds([u64; 3]);

impl Seeds {
    fn new() -> Self {
        Self(array::from_fn(|at| RandomState::new().hash_one(at)))
    }

    #[inline]
    fn hash(self, name: &[u8]) -> u64 {
        let Self([first, each, last]) = self;
        let fold = |one: u64, other: u64| {
            let product = u128::from(one) * u128::from(other);
            product as u64 ^ (product >> u64::BITS) as u64
        };
        let words = name.chunks_exact(8).filter_map(|word| word.first_chunk());
        // The end, some of it for the second time; a name that is shorter than a word byte by byte.
        let end = name.last_chunk().map_or_else(
            || name.iter().fold(0, |word, byte| word << 8 | u64::from(*byte)),
            |end| u64::from_le_bytes(*end),
        );
        let hash = words.fold(first ^ name.len() as u64, |hash, word| fold(hash ^ u64::from_le_bytes(*word), each));
        fold(fold(hash ^ end, each), last)
    }
}

impl BuildHasher for Seeds {
    type Hasher = OfOneName;

    #[inline]
    fn build_hasher(&self) -> OfOneName {
        OfOneName { seeds: *self, hash: 0 }
    }
}

struct OfOneName {
    seeds: Seeds,
    hash: u64,
}

impl Hasher for OfOneName {
    #[inline]
    fn write(&mut self, bytes: &[u8]) {
        self.hash = self.seeds.hash(bytes);
    }

    /// The number of bytes, which comes before them: the hash of a name knows it.
    #[inline]
    fn write_usize(&mut self, _: usize) {}

    #[inline]
    fn finish(&self) -> u64 {
        self.hash
    }
}

pub(super) struct Shards<B> {
    shards: [Shard<B>; SHARDS],
    seeds: Seeds,
    /// Where the next search for a place begins.
    hand: AtomicUsize,
}

impl<B: Breaker> Shards<B> {
    pub(super) fn new() -> Self {
        // Names come from requests: a hash that strangers cannot foresee.
        let seeds = Seeds::new();
        let shard = |_| Shard(RwLock::new(HashSet::with_hasher(seeds)));
        Self { shards: array::from_fn(shard), seeds, hand: AtomicUsize::new(0) }
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
        &self.shards[(self.seeds.hash(name.as_bytes()) >> 32) as usize % SHARDS]
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_differ_little_are_spread_over_parts_and_over_each_of_them() {
        let seeds = Seeds::new();
        let hashes: Vec<u64> =
            (0..16_000).map(|number| seeds.hash(std::format!("host-{number}.example").as_bytes())).collect();
        let distinct: HashSet<_> = hashes.iter().collect();
        assert_eq!(distinct.len(), hashes.len());
        // A map goes by the lowest and by the highest bits, parts by those in between.
        for shift in [0, 32, 60] {
            let mut counts = [0_u32; 16];
            hashes.iter().for_each(|hash| counts[(hash >> shift) as usize % 16] += 1);
            // A thousand in each, with a deviation of 31.
            assert!(counts.iter().all(|count| (800..1_200).contains(count)), "{counts:?}");
        }
    }

    #[test]
    fn names_of_every_length_and_those_with_zeros_differ_and_other_seeds_give_other_hashes() {
        let (seeds, others) = (Seeds::new(), Seeds::new());
        let zeros = [0_u8; 64];
        let hashes: HashSet<u64> = (0..=64).map(|length| seeds.hash(&zeros[..length])).collect();
        assert_eq!(hashes.len(), 65);
        assert_ne!(seeds.hash(b"mail"), others.hash(b"mail"));
    }
}
