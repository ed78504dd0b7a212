//! One bucket of a time window: when it began, and three counts that each know the turn that they belong to.
//!
//! A count can so be added to only in its own turn, by whoever it may be and however late.

use crate::atomics::{AcqRel, Acquire, AtomicU32, const_unless_loom};

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

    /// Empties it for `turn`, to begin at `now`, unless `still` says that this is over. `false`: somebody else is at it.
    pub(super) fn begin(&self, turn: u32, now: u32, still: impl Fn() -> bool) -> bool {
        let emptied = |word: &AtomicU32, empty: u32| {
            let seen = word.load(Acquire);
            // Loaded before it was seen to be nobody's, so nothing is in it that counts.
            still() && (seen == empty || word.compare_exchange(seen, empty, AcqRel, Acquire).is_ok())
        };
        emptied(&self.start, now)
            && [&self.calls, &self.failures, &self.slow_calls].iter().all(|count| emptied(&count.0, turn << TURN))
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
        let mut seen = self.0.load(Acquire);
        loop {
            if seen >> TURN != turn {
                return false;
            }
            let next = if seen & MOST == MOST { seen } else { seen + 1 };
            match self.0.compare_exchange(seen, next, AcqRel, Acquire) {
                Ok(_) => return true,
                Err(now) => seen = now,
            }
        }
    }

    /// What was counted in this turn.
    pub(super) fn of(&self, turn: u32) -> u32 {
        let seen = self.0.load(Acquire);
        if seen >> TURN == turn { seen & MOST } else { 0 }
    }
}
