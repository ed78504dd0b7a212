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

    /// At no word: the window begins with the next call.
    pub(super) const fn cleared(self) -> Self {
        Self(self.0 | NOWHERE).soiled()
    }

    /// The same window, of another generation.
    pub(super) const fn carried(self, generation: u16) -> Self {
        Self(self.0 & !(0x1ff << GENERATION) | (generation as u32) << GENERATION)
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
}
