//! One word of a count window: up to thirteen calls in two bits each, how many of them are of this lap, and the lap.

/// Calls in a word.
#[cfg(not(halfopen_loom))]
pub(super) const CALLS: u32 = 13;
/// Few, so that loom sees words end.
#[cfg(halfopen_loom)]
pub(super) const CALLS: u32 = 2;

const CURSOR: u32 = 26;
const LAP: u32 = 30;
const DATA: u32 = (1 << CURSOR) - 1;
/// The lower bit of every call.
const FAILED: u32 = DATA / 3;

/// What a word holds, by value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Word(pub(super) u32);

impl Word {
    /// How many calls of this lap it holds.
    pub(super) const fn cursor(self) -> u32 {
        (self.0 >> CURSOR) & 0xf
    }

    pub(super) const fn lap(self) -> u32 {
        self.0 >> LAP
    }

    /// Nothing but good calls, or none.
    pub(super) const fn is_good(self) -> bool {
        self.0 & DATA == 0
    }

    pub(super) const fn failures(self) -> u32 {
        (self.0 & FAILED).count_ones()
    }

    pub(super) const fn slow_calls(self) -> u32 {
        (self.0 & (FAILED << 1)).count_ones()
    }

    /// At the beginning of a lap; `full`: with the calls of the lap before, which are replaced one by one.
    pub(super) const fn begin(self, lap: u32, full: bool) -> Self {
        let kept = if full { self.0 & DATA } else { 0 };
        Self(kept | lap << LAP)
    }

    /// With a call in the place at `cursor`.
    pub(super) const fn put(self, cursor: u32, failed: bool, slow: bool) -> Self {
        let bits = failed as u32 | (slow as u32) << 1;
        let kept = self.0 & DATA & !(3 << (2 * cursor));
        Self(kept | bits << (2 * cursor) | (cursor + 1) << CURSOR | self.lap() << LAP)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Full of calls of one kind, in the third lap.
    fn full(failed: bool, slow: bool) -> Word {
        (0..CALLS).fold(Word(2 << LAP), |word, cursor| word.put(cursor, failed, slow))
    }

    /// Lap, cursor, failures, slow calls, nothing but good calls.
    fn parts(word: Word) -> (u32, u32, u32, u32, bool) {
        (word.lap(), word.cursor(), word.failures(), word.slow_calls(), word.is_good())
    }

    #[test]
    fn a_call_in_any_place_is_counted_as_what_it_is() {
        assert_eq!(parts(full(false, false)), (2, CALLS, 0, 0, true));
        assert_eq!(parts(full(true, false)), (2, CALLS, CALLS, 0, false));
        assert_eq!(parts(full(false, true)), (2, CALLS, 0, CALLS, false));
        assert_eq!(parts(full(true, true)), (2, CALLS, CALLS, CALLS, false));
    }

    #[test]
    fn a_call_takes_the_place_of_one_and_leaves_the_others() {
        for cursor in 0..CALLS {
            assert_eq!(parts(full(true, true).put(cursor, false, false)), (2, cursor + 1, CALLS - 1, CALLS - 1, false));
            assert_eq!(parts(full(true, true).put(cursor, false, true)), (2, cursor + 1, CALLS - 1, CALLS, false));
            assert_eq!(parts(full(false, false).put(cursor, true, false)), (2, cursor + 1, 1, 0, false));
        }
    }

    #[test]
    fn a_lap_begins_with_the_calls_of_the_one_before_where_the_window_is_full() {
        assert_eq!(parts(full(true, true).begin(3, true)), (3, 0, CALLS, CALLS, false));
        assert_eq!(parts(full(true, true).begin(1, false)), (1, 0, 0, 0, true));
    }
}
