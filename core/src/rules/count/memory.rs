//! The calls of a count window, recorded by threads and interrupts at once without a lock.
//!
//! The window is a ring of words. A call is appended to the word that the head points to, by one compare-and-swap of
//! that word, which holds its own place in it; so each call has exactly one place, and a thread that was stopped appends
//! nothing to a word that has gone on. (A word knows its lap by two bits: one that has come round to the same bits, four
//! laps or fresh windows later, takes the call as if it had ended now.) When a word has its calls, whoever comes next
//! prepares the word after it and then moves the head. A word of the first lap begins empty; one of a later lap keeps the
//! calls of the lap before until they are replaced one by one, so the window slides by single calls.
//!
//! A window full of good calls is marked clean, and then a good call is as good as recorded. Whoever appends a bad one
//! changes the head afterwards: that takes the mark away, and makes the exchange fail by which another would have set it.

use super::super::{Call, Recorded};
use super::head::{Change, Head};
use super::word::{CALLS, Word};
use crate::atomics::{AcqRel, Acquire, AtomicU32, const_unless_loom};
use crate::rule::Counts;

/// A ring of words and its head.
#[doc(hidden)]
pub struct CountMemory<W> {
    head: AtomicU32,
    words: W,
}

impl<W> CountMemory<W> {
    const_unless_loom! {
        pub(crate) fn new(words: W) -> Self {
            Self { head: AtomicU32::new(0), words }
        }
    }
}

/// How the calls of a window are spread over its words.
#[derive(Clone, Copy)]
struct Ring {
    size: u32,
    words: usize,
}

impl Ring {
    const fn new(size: u16) -> Self {
        let size = size as u32;
        Self { size, words: size.div_ceil(CALLS) as usize }
    }

    /// How many calls this word takes.
    const fn calls_in(self, word: usize) -> u32 {
        let left = self.size - word as u32 * CALLS;
        if left < CALLS { left } else { CALLS }
    }
}

impl<W: AsRef<[AtomicU32]>> CountMemory<W> {
    /// Whether a good call of this generation would change nothing.
    #[inline]
    pub(super) fn is_clean(&self, generation: u16) -> bool {
        self.head().is_clean_of(generation)
    }

    #[inline]
    fn head(&self) -> Head {
        Head(self.head.load(Acquire))
    }

    #[inline]
    fn words(&self) -> &[AtomicU32] {
        self.words.as_ref()
    }

    #[inline]
    fn move_head(&self, from: Head, to: Head) -> bool {
        self.head.compare_exchange(from.0, to.0, AcqRel, Acquire).is_ok()
    }

    /// Puts `call` into the window of its generation, which begins with the first call of it.
    #[inline]
    pub(super) fn record(&self, size: u16, call: Call<'_>, slow: bool) -> Recorded {
        let ring = Ring::new(size);
        loop {
            let head = self.head();
            if !head.is_of(call.generation) {
                if !(call.still)() {
                    return Recorded::Over;
                }
                self.turn(head, head.fresh(call.generation));
                continue;
            }
            let Some(slot) = self.words().get(head.word()) else { return Recorded::Over };
            let word = Word(slot.load(Acquire));
            if word.lap() != head.lap() {
                // Always prepared before the head has come to it, so the head has gone on; if not, it is prepared now.
                if self.head() == head {
                    let begun = word.begin(head.lap(), head.is_full());
                    let _ = slot.compare_exchange(word.0, begun.0, AcqRel, Acquire);
                }
                continue;
            }
            let mut cursor = word.cursor();
            if cursor >= ring.calls_in(head.word()) {
                if ring.words > 1 {
                    self.advance(ring, head);
                    continue;
                }
                // A ring of one word has no other to go to: it goes round in itself.
                if !head.is_full() {
                    self.move_head(head, head.filled());
                    continue;
                }
                cursor = 0;
            }
            let next = word.put(cursor, call.failed, slow);
            if slot.compare_exchange(word.0, next.0, AcqRel, Acquire).is_err() {
                continue;
            }
            if call.failed || slow {
                self.soil(call.generation);
                return Recorded::Tellingly;
            }
            return self.recorded(ring, head, next);
        }
    }

    /// After a good call has been appended to `head`'s word, which is now `word`.
    #[inline]
    fn recorded(&self, ring: Ring, head: Head, word: Word) -> Recorded {
        if !head.is_full() {
            // A good call can tip a rule only by being the last of the minimum.
            return Recorded::Tellingly;
        }
        if ring.words == 1 && word.is_good() && !head.is_clean() {
            self.move_head(head, head.cleaned(true));
        }
        Recorded::Quietly
    }

    fn soil(&self, generation: u16) {
        self.change(generation, Change::SOILED);
    }

    /// Moves on to the next word; marks the window clean if it is.
    #[cold]
    #[inline(never)]
    fn advance(&self, ring: Ring, head: Head) {
        let next = head.advanced(ring.words);
        let clean =
            next.is_full() && self.words().iter().take(ring.words).all(|word| Word(word.load(Acquire)).is_good());
        self.turn(head, next.cleaned(clean));
    }

    /// Prepares the word of `next` and moves the head there; does nothing if it is not at `head` any more.
    fn turn(&self, head: Head, next: Head) {
        let Some(slot) = self.words().get(next.word()) else { return };
        let word = Word(slot.load(Acquire));
        // Loaded before the head was seen in its place, so nothing has been appended under `next` yet.
        if self.head() != head {
            return;
        }
        let begun = word.begin(next.lap(), next.is_full());
        if begun == word || slot.compare_exchange(word.0, begun.0, AcqRel, Acquire).is_ok() {
            self.move_head(head, next);
        }
    }

    /// Empties the window of a generation.
    pub(super) fn clear(&self, generation: u16) {
        self.change(generation, Change::CLEARED);
    }

    /// Lets the window of a generation go on in another one.
    pub(super) fn carry(&self, from: u16, to: u16) {
        self.change(from, Change::carried(from, to));
    }

    /// Changes the head, if it is still that of a window of this generation.
    // One copy for all, which takes half as much flash.
    #[inline(never)]
    fn change(&self, generation: u16, change: Change) {
        loop {
            let head = self.head();
            if !head.is_of(generation) || self.move_head(head, head.changed(change)) {
                return;
            }
        }
    }

    /// What the window of this generation holds.
    pub(super) fn counts(&self, size: u16, generation: u16) -> Counts {
        let ring = Ring::new(size);
        loop {
            let head = self.head();
            if !head.is_of(generation) {
                return Counts::default();
            }
            let counts = self.counts_at(ring, head);
            // One word takes calls as long as the head stays. If it has gone on, the words were read at different times,
            // and together they may be what the window never was.
            if self.head() == head {
                return counts;
            }
        }
    }

    fn counts_at(&self, ring: Ring, head: Head) -> Counts {
        let seen = if head.is_full() { ring.words } else { head.word() + 1 };
        let mut counts = Counts::default();
        for (i, slot) in self.words().iter().take(seen).enumerate() {
            let word = Word(slot.load(Acquire));
            counts.failures += word.failures();
            counts.slow_calls += word.slow_calls();
            counts.calls += if head.is_full() || i < head.word() { ring.calls_in(i) } else { word.cursor() };
        }
        counts
    }
}
