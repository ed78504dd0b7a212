//! A snapshot in RAM that keeps its content over a reset, safe against one in the middle of a save.
//!
//! There are two copies and a word that says which is the latest. A save writes the other copy and then the word, so a
//! reset at any moment leaves the old snapshot or the new one. With a single copy it could leave a mixture: the check
//! value would tell, but the old snapshot would be gone. The second copy and the word cost 32 bytes of RAM.

use core::array::from_fn;
use core::fmt;
use core::hint::black_box;

// Not loom's: whatever two contexts do here at once, the check value has to tell it anyway.
use portable_atomic::AtomicU32;
use portable_atomic::Ordering::{Acquire, Release};

use crate::snapshot::{Snapshot, SnapshotError};

const WORDS: usize = Snapshot::BYTES / 4;

/// In `latest`: which copy it is. Each bit differs, and RAM is like neither when power comes.
const FIRST: u32 = 0x5ca1_ab1e;
const SECOND: u32 = !FIRST;
const NONE: u32 = 0;

/// Keeps a [`Snapshot`] over a reset, in a `static` that the start of the program does not initialise. 60 bytes.
///
/// ```
/// use halfopen::storage::RetainedSnapshot;
///
/// # #[cfg(target_os = "none")]
/// #[unsafe(link_section = ".uninit.SENSOR_KEPT")] // of `cortex-m-rt` and `riscv-rt`
/// static SENSOR_KEPT: RetainedSnapshot = RetainedSnapshot::new();
/// ```
///
/// - After a reset it holds the latest snapshot whose [`save`](Self::save) had ended, or the one that was being saved.
///   When power comes, RAM holds anything, and [`load`](Self::load) says that it is empty or damaged.
/// - The linker's script and the start of the program must leave the section alone, as those of `cortex-m-rt` do with
///   `.uninit`; so must a boot loader. Whether the RAM keeps its content is the chip's affair.
/// - RAM with a check of its own (ECC) may have to be written before it is read: [`clear`](Self::clear) it there when power
///   has come, and [`load`](Self::load) reads nothing else. A data cache must be written back before the reset.
/// - One context saves, a task or an interrupt. Two that save at once leave one of both snapshots or a damaged one.
pub struct RetainedSnapshot {
    copies: [[AtomicU32; WORDS]; 2],
    latest: AtomicU32,
}

impl RetainedSnapshot {
    /// One that is empty, where its section is initialised after all.
    #[must_use]
    pub const fn new() -> Self {
        Self { copies: [const { [const { AtomicU32::new(0) }; WORDS] }; 2], latest: AtomicU32::new(NONE) }
    }

    /// Stores `snapshot` in the place of the one that is there. A reset meanwhile leaves that one or this one.
    pub fn save(&self, snapshot: &Snapshot) {
        for (word, value) in self.stores(&snapshot.to_bytes()) {
            // Each after the one before: the order is what a reset must find.
            word.store(value, Release);
        }
    }

    /// The snapshot that was saved last.
    ///
    /// # Errors
    ///
    /// [`SnapshotError::Empty`] if there is none, else one of [`Snapshot::from_bytes`].
    pub fn load(&self) -> Result<Snapshot, SnapshotError> {
        let kept = self.kept();
        let copy = match kept.latest.load(Acquire) {
            FIRST => &kept.copies[0],
            SECOND => &kept.copies[1],
            _ => return Err(SnapshotError::Empty),
        };
        let bytes: [u8; Snapshot::BYTES] = from_fn(|at| (copy[at / 4].load(Acquire) >> (8 * (at % 4))) as u8);
        Snapshot::from_bytes(&bytes)
    }

    /// Forgets what was saved.
    pub fn clear(&self) {
        self.kept().latest.store(NONE, Release);
    }

    /// What a save stores, in this order.
    fn stores<'a>(&'a self, bytes: &'a [u8; Snapshot::BYTES]) -> impl Iterator<Item = (&'a AtomicU32, u32)> {
        let kept = self.kept();
        let [first, second] = &kept.copies;
        let (copy, latest) = if kept.latest.load(Acquire) == FIRST { (second, SECOND) } else { (first, FIRST) };
        let words =
            bytes.chunks_exact(4).map(|word| word.iter().rev().fold(0, |all, &byte| all << 8 | u32::from(byte)));
        copy.iter().zip(words).chain([(&kept.latest, latest)])
    }

    /// Itself, of which the compiler must not think that it knows the content: it is older than the program.
    fn kept(&self) -> &Self {
        black_box(self)
    }
}

impl Default for RetainedSnapshot {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for RetainedSnapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RetainedSnapshot").field(&self.load()).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use proptest::prelude::*;

    use super::*;
    use crate::breaker::CircuitBreaker;
    use crate::circuit::CircuitState;
    use crate::clock::ManualClock;
    use crate::config::CircuitBreakerConfiguration;

    /// Snapshots that differ, of one breaker that fails again and again.
    fn snapshots() -> Vec<Snapshot> {
        let clock = ManualClock::new();
        let breaker = CircuitBreaker::with_clock("radio", CircuitBreakerConfiguration::new(), &clock);
        let kept = (0..8).map(|_| {
            breaker.record_failure();
            clock.advance(core::time::Duration::from_millis(70_001));
            breaker.snapshot()
        });
        kept.collect()
    }

    /// RAM that holds these words.
    fn holding(words: [u32; 2 * WORDS], latest: u32) -> RetainedSnapshot {
        let retained = RetainedSnapshot::new();
        retained.copies.iter().flatten().zip(words).for_each(|(word, value)| word.store(value, Release));
        retained.latest.store(latest, Release);
        retained
    }

    #[test]
    fn what_is_saved_is_loaded_and_a_new_one_or_a_cleared_one_is_empty() {
        let retained = RetainedSnapshot::default();
        assert_eq!(retained.load(), Err(SnapshotError::Empty));
        for snapshot in snapshots() {
            retained.save(&snapshot);
            assert_eq!(retained.load(), Ok(snapshot));
        }
        assert_eq!(snapshots()[4].state(), CircuitState::Open);
        retained.clear();
        assert_eq!(retained.load(), Err(SnapshotError::Empty));
        assert_eq!(size_of_val(&retained), 60);
    }

    /// The RAM after a reset before the store of that number: what was there, and what the save had changed.
    fn stopped_before(stores: usize, retained: &RetainedSnapshot, snapshot: &Snapshot) {
        retained.stores(&snapshot.to_bytes()).take(stores).for_each(|(word, value)| word.store(value, Release));
    }

    #[test]
    fn a_save_that_is_stopped_after_any_word_leaves_the_old_snapshot_and_a_whole_one_the_new() {
        const STORES: usize = WORDS + 1;
        let snapshots = snapshots();
        for ended in 0..3 {
            for stores in 0..=STORES {
                let retained = RetainedSnapshot::new();
                snapshots[..=ended].iter().for_each(|snapshot| retained.save(snapshot));
                let (old, new) = (snapshots[ended], snapshots[ended + 1]);
                assert_ne!(old, new);
                stopped_before(stores, &retained, &new);
                assert_eq!(retained.load(), Ok(if stores < STORES { old } else { new }), "{ended} {stores}");
                // And it goes on from there.
                retained.save(&snapshots[7]);
                assert_eq!(retained.load(), Ok(snapshots[7]));
            }
        }
    }

    #[test]
    fn a_first_save_that_is_stopped_leaves_it_empty() {
        for stores in 0..=WORDS {
            let retained = RetainedSnapshot::new();
            stopped_before(stores, &retained, &snapshots()[0]);
            assert_eq!(retained.load(), Err(SnapshotError::Empty));
        }
    }

    #[test]
    fn each_bit_that_changes_is_noticed_or_is_of_the_older_copy() {
        let (old, new) = (snapshots()[0], snapshots()[5]);
        let mut noticed = 0;
        for word in 0..=2 * WORDS {
            for bit in 0..32 {
                let retained = RetainedSnapshot::new();
                retained.save(&old);
                retained.save(&new);
                let word = retained.copies.iter().flatten().chain([&retained.latest]).nth(word).unwrap();
                word.store(word.load(Acquire) ^ 1 << bit, Release);
                match retained.load() {
                    Ok(kept) => assert_eq!(kept, new),
                    Err(SnapshotError::Empty | SnapshotError::CheckValue) => noticed += 1,
                    Err(other) => panic!("{other}"),
                }
            }
        }
        assert_eq!(noticed, (WORDS + 1) * 32);
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2_000) })]

        #[test]
        fn what_ram_holds_when_power_comes_is_an_error_and_does_no_harm(
            words in any::<[u32; 2 * WORDS]>(),
            latest in prop_oneof![Just(FIRST), Just(SECOND), Just(NONE), any::<u32>()],
        ) {
            let retained = holding(words, latest);
            prop_assert!(retained.load().is_err());
            retained.save(&snapshots()[6]);
            prop_assert_eq!(retained.load(), Ok(snapshots()[6]));
        }
    }
}
