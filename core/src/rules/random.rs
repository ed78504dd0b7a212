//! Where chance comes from: one atomic word, seedable, for whatever only has to differ from caller to caller.
//!
//! ```
//! use halfopen::rules::{Random, Weyl};
//!
//! let (one, same, other) = (Weyl::NEW, Weyl::NEW, Weyl::NEW);
//! one.seed(7);
//! same.seed(7);
//! other.seed(8);
//! let numbers = one.next();
//! assert_eq!(numbers, same.next());
//! assert_ne!(numbers, other.next());
//! ```

use portable_atomic::{AtomicU32, Ordering::Relaxed};

/// A source of random numbers that threads and interrupts share, by which openings are jittered and requests are let
/// through in a ramp-up. It need not be hard to guess.
///
/// An implementation MUST NOT block or panic, and SHOULD give every number of 32 bits as often as any other.
pub trait Random {
    /// What a breaker begins with.
    #[allow(clippy::declare_interior_mutable_const)] // each use is to be one of its own
    const NEW: Self;

    /// The next number.
    fn next(&self) -> u32;
}

/// The default [`Random`]: a Weyl sequence whose numbers are mixed, 4 bytes, one atomic addition a number.
///
/// With `std` it seeds itself at its first use. Without, every device that runs the same program makes the same numbers
/// until it is told its own: call [`seed`](Self::seed) with the chip's serial number or the like, through
/// [`CircuitBreaker::random`](crate::CircuitBreaker::random).
#[derive(Debug)]
pub struct Weyl(AtomicU32);

/// 2^32 divided by the golden ratio, made odd: successive sums spread evenly.
const STRIDE: u32 = 0x9e37_79b9;

impl Weyl {
    /// Begins the sequence anew at a place that `seed` chooses.
    pub fn seed(&self, seed: u32) {
        // 0 stands for "not seeded".
        self.0.store(mix(seed) | 1, Relaxed);
    }
}

impl Random for Weyl {
    #[allow(clippy::declare_interior_mutable_const)] // each use is to be one of its own
    const NEW: Self = Self(AtomicU32::new(0));

    fn next(&self) -> u32 {
        #[cfg(feature = "std")]
        if self.0.load(Relaxed) == 0 {
            // Whoever comes second has been overtaken, which is as good a seed.
            let _ = self.0.compare_exchange(0, entropy(), Relaxed, Relaxed);
        }
        mix(self.0.fetch_add(STRIDE, Relaxed))
    }
}

/// A number that differs from process to process: the standard library's own seed for hash maps.
#[cfg(feature = "std")]
fn entropy() -> u32 {
    use std::hash::{BuildHasher, Hasher, RandomState};
    RandomState::new().build_hasher().finish() as u32 | 1
}

/// A bijection in which every bit of the input changes about half of the output's (MurmurHash3's finalizer).
const fn mix(mut x: u32) -> u32 {
    x = (x ^ (x >> 16)).wrapping_mul(0x85eb_ca6b);
    x = (x ^ (x >> 13)).wrapping_mul(0xc2b2_ae35);
    x ^ (x >> 16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_are_mixed_as_the_finalizer_of_murmur_hash_does() {
        let known = [(0, 0), (1, 0x514e_28b7), (2, 0x30f4_c306), (0xdead_beef, 0x0de5_c6a9), (u32::MAX, 0x81f1_6f39)];
        for (number, mixed) in known {
            assert_eq!(mix(number), mixed);
        }
    }

    #[test]
    fn a_seed_gives_the_same_numbers_again_and_another_seed_others() {
        let of = |seed| {
            let random = Weyl::NEW;
            random.seed(seed);
            [(); 8].map(|()| random.next())
        };
        assert_eq!(of(1), of(1));
        assert_ne!(of(1), of(2));
        assert_ne!(of(0), [(); 8].map(|()| 0));
    }

    #[test]
    fn a_seed_is_mixed_and_made_odd_so_that_none_is_taken_for_no_seed() {
        let place = |seed| {
            let random = Weyl::NEW;
            random.seed(seed);
            random.0.load(Relaxed)
        };
        assert_eq!([0, 1, 2].map(place), [1, 0x514e_28b7, 0x30f4_c307]);
    }

    #[test]
    fn the_numbers_are_spread_evenly() {
        let random = Weyl::NEW;
        random.seed(42);
        let mut sixteenths = [0u32; 16];
        for _ in 0..16_000 {
            sixteenths[(random.next() >> 28) as usize] += 1;
        }
        // Four standard deviations of a fair die thrown 16,000 times.
        assert!(sixteenths.iter().all(|hits| (877..1_123).contains(hits)), "{sixteenths:?}");
    }

    #[cfg(feature = "std")]
    #[test]
    fn those_that_nobody_seeded_all_differ() {
        let mut numbers = [(); 8].map(|()| {
            let random = Weyl::NEW;
            random.next()
        });
        numbers.sort_unstable();
        assert!(numbers.windows(2).all(|two| two[0] != two[1]), "{numbers:?}");
    }
}
