//! The word that says where a count window is: its generation, its place, and whether there is anything bad in it.

/// What the head holds, by value: generation 9 bits, version 12, full 1, clean 1, lap 2, word 7.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head(pub(super) u32);

const GENERATION: u32 = 23;
const VERSION: u32 = 11;
const FULL: u32 = 1 << 10;
const CLEAN: u32 = 1 << 9;
const LAP: u32 = 7;
const VERSIONS: u32 = 0xfff;
/// No word has this number.
const NOWHERE: u32 = 0x7f;

/// What happens to a head: bits that are set, and bits that are turned over.
#[derive(Clone, Copy)]
pub(super) struct Change {
    set: u32,
    flip: u32,
}

impl Change {
    /// Nothing more than that something bad has come in.
    pub(super) const SOILED: Self = Self { set: 0, flip: 0 };
    /// At no word: the window begins with the next call.
    pub(super) const CLEARED: Self = Self { set: NOWHERE, flip: 0 };

    /// The same window, of another generation.
    pub(super) const fn carried(from: u16, to: u16) -> Self {
        Self { set: 0, flip: ((from ^ to) as u32) << GENERATION }
    }
}

impl Head {
    /// Whether it is that of a window of this generation, which was not cleared.
    #[inline]
    pub(super) const fn is_of(self, generation: u16) -> bool {
        self.0 >> GENERATION == generation as u32 && self.0 & NOWHERE != NOWHERE
    }

    /// Every place holds a call.
    pub(super) const fn is_full(self) -> bool {
        self.0 & FULL != 0
    }

    /// Full of good calls.
    pub(super) const fn is_clean(self) -> bool {
        self.0 & CLEAN != 0
    }

    /// Full of good calls of this generation; a window that was cleared is not.
    #[inline]
    pub(super) const fn is_clean_of(self, generation: u16) -> bool {
        self.0 & (0x1ff << GENERATION | CLEAN) == (generation as u32) << GENERATION | CLEAN
    }

    pub(super) const fn lap(self) -> u32 {
        (self.0 >> LAP) & 3
    }

    /// The word that takes the next call.
    pub(super) const fn word(self) -> usize {
        (self.0 & NOWHERE) as usize
    }

    const fn version(self) -> u32 {
        (self.0 >> VERSION) & VERSIONS
    }

    const fn with_version(self, version: u32) -> Self {
        Self(self.0 & !(VERSIONS << VERSION) | (version & VERSIONS) << VERSION)
    }

    /// An empty window for another generation.
    pub(super) const fn fresh(self, generation: u16) -> Self {
        let lap = (self.lap() + 1) & 3;
        Self((generation as u32) << GENERATION | lap << LAP).with_version(self.version() + 1)
    }

    /// At the next of `words` words.
    pub(super) const fn advanced(self, words: usize) -> Self {
        if self.word() + 1 < words {
            return Self(self.0 + 1);
        }
        let lap = (self.lap() + 1) & 3;
        Self(self.0 & !(3 << LAP) & !NOWHERE | lap << LAP | FULL)
    }

    pub(super) const fn filled(self) -> Self {
        Self(self.0 | FULL)
    }

    pub(super) const fn cleaned(self, clean: bool) -> Self {
        Self(if clean { self.0 | CLEAN } else { self.0 & !CLEAN })
    }

    /// Something bad has come in: whoever is about to call the window clean must look again.
    pub(super) const fn soiled(self) -> Self {
        self.with_version(self.version() + 1).cleaned(false)
    }

    /// Soiled, with what else happens to it.
    pub(super) const fn changed(self, change: Change) -> Self {
        Self((self.soiled().0 | change.set) ^ change.flip)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The last version but one, in the third lap.
    const HEAD: Head = Head(0x155 << GENERATION | 0xffe << VERSION | 2 << LAP | 5);

    /// Generation, version, full, clean, lap, word.
    fn parts(head: Head) -> (u32, u32, bool, bool, u32, usize) {
        (head.0 >> GENERATION, head.version(), head.is_full(), head.is_clean(), head.lap(), head.word())
    }

    #[test]
    fn each_change_leaves_the_other_parts_alone() {
        assert_eq!(parts(HEAD), (0x155, 0xffe, false, false, 2, 5));
        assert_eq!(parts(HEAD.filled().filled()), (0x155, 0xffe, true, false, 2, 5));
        assert_eq!(parts(HEAD.cleaned(true).cleaned(true)), (0x155, 0xffe, false, true, 2, 5));
        assert_eq!(HEAD.filled().cleaned(true).cleaned(false), HEAD.filled());
        assert_eq!(
            parts(HEAD.filled().cleaned(true).changed(Change::carried(0x155, 0xaa))),
            (0xaa, 0xfff, true, false, 2, 5)
        );
        assert_eq!(parts(HEAD.filled().cleaned(true).soiled()), (0x155, 0xfff, true, false, 2, 5));
        assert_eq!(parts(HEAD.soiled().soiled()), (0x155, 0, false, false, 2, 5));
    }

    #[test]
    fn after_the_last_word_comes_the_first_one_of_the_next_lap() {
        assert_eq!(parts(HEAD.advanced(7)), (0x155, 0xffe, false, false, 2, 6));
        assert_eq!(parts(HEAD.cleaned(true).advanced(6)), (0x155, 0xffe, true, true, 3, 0));
        assert_eq!(parts(HEAD.advanced(6).advanced(1)), (0x155, 0xffe, true, false, 0, 0));
    }

    #[test]
    fn another_generation_begins_empty_in_another_lap() {
        assert_eq!(parts(HEAD.filled().cleaned(true).fresh(3)), (3, 0xfff, false, false, 3, 0));
        assert_eq!(parts(HEAD.fresh(3).fresh(4)), (4, 0, false, false, 0, 0));
    }

    #[test]
    fn one_that_was_cleared_is_of_no_generation() {
        assert!(HEAD.is_of(0x155) && !HEAD.is_of(0x154));
        let cleared = HEAD.cleaned(true).changed(Change::CLEARED);
        assert!(!cleared.is_of(0x155));
        assert_eq!(parts(cleared), (0x155, 0xfff, false, false, 2, 0x7f));
    }

    #[test]
    fn a_window_is_clean_of_its_own_generation_alone_and_not_once_it_is_soiled_or_cleared() {
        for generation in [0, 1, 0x100, 0x1ff] {
            let clean = HEAD.fresh(generation).filled().cleaned(true);
            for asked in [0, 1, 0x100, 0x1ff] {
                assert_eq!(clean.is_clean_of(asked), asked == generation, "{generation} {asked}");
                assert!(!clean.cleaned(false).is_clean_of(asked));
                assert!(!clean.soiled().is_clean_of(asked));
                assert!(!clean.changed(Change::CLEARED).is_clean_of(asked));
            }
        }
    }
}
