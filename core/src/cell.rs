//! A [`State`] that threads and interrupts share: two 32-bit atomics, no lock.
//!
//! The word decides and is exchanged whole. The time beside it changes by compare-and-swap too, and always *before*
//! the word, so that whoever sees the new word sees its time. A writer that is stopped between the two, for however
//! long, leaves the old word beside a newer time; that keeps an OPEN circuit, or the lease of a probe, as it is for at
//! most one more timeout from that time, and the writer's own exchange of the word then fails if anybody has gone on.
//! As long as the clock does not go back, no time is replaced by an older one: who has read a time replaces only that one,
//! and reads the clock after it.

use crate::atomics::{AcqRel, Acquire, AtomicU32, Relaxed, const_unless_loom};
use crate::state::State;

pub(crate) struct StateCell {
    word: AtomicU32,
    since: AtomicU32,
}

impl StateCell {
    const_unless_loom! {
        pub(crate) fn new() -> Self {
            Self { word: AtomicU32::new(State::NEW.word), since: AtomicU32::new(State::NEW.since) }
        }
    }

    /// The word with whatever time: enough for what does not depend on the time.
    #[inline]
    pub(crate) fn glance(&self) -> State {
        State { word: self.word.load(Acquire), since: 0 }
    }

    /// Whether nobody has changed the word since `state` was loaded.
    #[inline]
    pub(crate) fn is_at(&self, state: State) -> bool {
        self.word.load(Acquire) == state.word
    }

    /// The word and a time that was there while the word was.
    #[inline]
    pub(crate) fn load(&self) -> State {
        let mut word = self.word.load(Acquire);
        loop {
            let since = self.since.load(Acquire);
            let again = self.word.load(Acquire);
            if again == word {
                return State { word, since };
            }
            word = again;
        }
    }

    /// Stores `next` if nobody has changed `state` meanwhile.
    #[inline]
    pub(crate) fn exchange(&self, state: State, next: State) -> bool {
        let timed =
            next.since == state.since || self.since.compare_exchange(state.since, next.since, AcqRel, Relaxed).is_ok();
        timed && (next.word == state.word || self.word.compare_exchange(state.word, next.word, AcqRel, Relaxed).is_ok())
    }
}
