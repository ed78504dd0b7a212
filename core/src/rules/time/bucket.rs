//! One bucket of a time window: when it began, and three counts that each know the turn that they belong to.
//!
//! A count can so be added to only in its own turn, by whoever it may be and however late.

use crate::atomics::{AtomicU32, SeqCst, const_unless_loom};

/// Below the turn in a count.
const TURN: u32 = 24;
const MOST: u32 = (1 << TURN) - 1;

pub(super) struct Bucket {
    /// Low half of the time at which it began.
    pub(super) start: AtomicU32,
    pub(super) calls: Count,
    pub(super) failures: Count,
    pub(super) slow_calls: Count,
}

impl Bucket {
    const_unless_loom! {
        pub(super) fn new() -> Self {
            Self { start: AtomicU32::new(0), calls: Count::new(), failures: Count::new(), slow_calls: Count::new() }
        }
    }

    /// Empties it for `turn`, to begin now, unless `still` says that this is over. `false`: somebody else is at it.
    ///
    /// The calls come first, so that who finds them there has seen all of the turn before, and the time last, so that an
    /// old count never looks young.
    pub(super) fn begin(&self, turn: u32, mut now: impl FnMut() -> u32, still: impl Fn() -> bool) -> bool {
        let emptied = |word: &AtomicU32, empty: &mut dyn FnMut() -> u32| {
            let seen = word.load(SeqCst);
            // Asked after it was loaded: a time is replaced by no older one.
            let empty = empty();
            // Loaded before it was seen to be nobody's, so nothing is in it that counts.
            still() && (seen == empty || word.compare_exchange(seen, empty, SeqCst, SeqCst).is_ok())
        };
        [&self.calls, &self.failures, &self.slow_calls].iter().all(|count| emptied(&count.0, &mut || turn << TURN))
            && emptied(&self.start, &mut now)
    }
}

/// A number of calls, beside the turn of its bucket.
pub(super) struct Count(AtomicU32);

impl Count {
    const_unless_loom! {
        fn new() -> Self {
            Self(AtomicU32::new(0))
        }
    }

    /// One more, in this turn. `false`: the turn is over.
    #[inline]
    pub(super) fn add(&self, turn: u32) -> bool {
        let mut seen = self.0.load(SeqCst);
        loop {
            if seen >> TURN != turn {
                return false;
            }
            let next = if seen & MOST == MOST { seen } else { seen + 1 };
            match self.0.compare_exchange(seen, next, SeqCst, SeqCst) {
                Ok(_) => return true,
                Err(now) => seen = now,
            }
        }
    }

    /// What was counted in this turn; `None` if that is over.
    pub(super) fn of(&self, turn: u32) -> Option<u32> {
        let seen = self.0.load(SeqCst);
        (seen >> TURN == turn).then_some(seen & MOST)
    }
}

#[cfg(all(test, not(halfopen_loom)))]
mod tests {
    use super::*;

    #[test]
    fn a_count_goes_up_in_its_own_turn_alone() {
        for turn in [0, 1, 0x80, 0xff] {
            let count = Count(AtomicU32::new(turn << TURN));
            assert!(count.add(turn) && count.add(turn) && !count.add(turn ^ 1));
            assert_eq!((count.of(turn), count.of(turn ^ 1)), (Some(2), None));
        }
    }

    #[test]
    fn a_count_that_has_no_room_for_more_stays_where_it_is() {
        let count = Count(AtomicU32::new(0xfe << TURN | (MOST - 1)));
        assert!(count.add(0xfe) && count.add(0xfe));
        assert_eq!(count.of(0xfe), Some(MOST));
    }

    #[test]
    fn a_bucket_begins_empty_in_its_turn_unless_that_is_over() {
        let bucket = Bucket::new();
        assert!(bucket.begin(7, || 1_000, || true));
        assert!(bucket.calls.add(7) && bucket.failures.add(7) && bucket.slow_calls.add(7));
        assert!(!bucket.begin(8, || 2_000, || false));
        let counts = |turn| [&bucket.calls, &bucket.failures, &bucket.slow_calls].map(|count| count.of(turn));
        assert_eq!((counts(7), bucket.start.load(SeqCst)), ([Some(1); 3], 1_000));
        assert!(bucket.begin(8, || 2_000, || true));
        assert_eq!((counts(8), counts(7), bucket.start.load(SeqCst)), ([Some(0); 3], [None; 3], 2_000));
        // Whoever comes second with the same has nothing to do.
        assert!(bucket.begin(8, || 2_000, || true));
    }
}
