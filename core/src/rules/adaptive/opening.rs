//! The latest opening and its length, each in a word that knows which opening it is of.
//!
//! The opening decides: its number and its share of chance, from which its length follows. The length is stored beside it
//! because it may be another one, longer for a server that said so or shorter after a restart, and because working it out
//! takes a chip long. A length that is of another opening says nothing.

use crate::circuit::CircuitState;
use crate::config::Recovery;
use crate::state::{GENERATIONS, State};
use crate::time::MAX_INTERVAL_MS;

/// Generation 9 bits, reopenings 8, chance 15.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Opening(pub(crate) u32);

const GENERATION: u32 = 23;
const REOPENINGS: u32 = 15;
/// How much of a random number there is room for.
const CHANCE: u32 = 32 - REOPENINGS;

impl Opening {
    /// Of no circuit that ever opened.
    pub(crate) const NONE: Self = Self(0);

    pub(crate) const fn new(generation: u16, reopenings: u8, random: u32) -> Self {
        Self((generation as u32) << GENERATION | (reopenings as u32) << REOPENINGS | random >> CHANCE)
    }

    /// One that a snapshot brings: of no generation that is to come soon, whatever the state is.
    pub(crate) const fn restored(generation: u16, reopenings: u8) -> Self {
        Self::new((generation + GENERATIONS - 1) % GENERATIONS, reopenings, 0)
    }

    /// The same with other chance.
    pub(crate) const fn with_random(self, random: u32) -> Self {
        Self::new(self.generation(), self.reopenings(), random)
    }

    const fn generation(self) -> u16 {
        (self.0 >> GENERATION) as u16
    }

    pub(crate) const fn reopenings(self) -> u8 {
        (self.0 >> REOPENINGS) as u8
    }

    /// The opening that `state` would become. It is stored before the state is, so what is stored may be it already, by
    /// another thread: then it is that one, with its chance. Or another thread may have stored one that never came to be.
    pub(crate) const fn next(self, state: State, random: u32) -> Self {
        let generation = state.next_generation();
        let stored = self.generation() == generation;
        match state.circuit() {
            CircuitState::Open => self,
            CircuitState::Closed if stored && self.reopenings() == 0 => self,
            CircuitState::Closed => Self::new(generation, 0, random),
            CircuitState::HalfOpen if stored => self,
            CircuitState::HalfOpen if self.is_not_before(state) => Self::new(generation, self.reopenings(), random),
            CircuitState::HalfOpen => Self::new(generation, self.reopenings().saturating_add(1), random),
        }
    }

    /// How often the circuit that is in `state` has opened again since it was CLOSED.
    pub(crate) const fn reopenings_in(self, state: State) -> u8 {
        match state.circuit() {
            CircuitState::Closed => 0,
            CircuitState::HalfOpen if self.is_not_before(state) => self.reopenings().saturating_sub(1),
            CircuitState::Open | CircuitState::HalfOpen => self.reopenings(),
        }
    }

    /// Whether it is not the opening from which this HALF_OPEN state came, but one that followed it or was about to.
    const fn is_not_before(self, state: State) -> bool {
        self.generation() == state.generation() || self.generation() == state.next_generation()
    }

    /// How long it lasts by itself, if the first one lasts `base_ms`.
    pub(crate) const fn open_ms(self, recovery: &Recovery, base_ms: u32) -> u32 {
        recovery.open_ms(base_ms, self.reopenings(), self.0 << CHANCE)
    }
}

/// How long an opening lasts: the lowest 6 bits of its generation, whether in steps, and 25 bits of milliseconds or steps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Length(pub(crate) u32);

const OF: u32 = 26;
const IN_STEPS: u32 = 1 << 25;
const MOST: u32 = IN_STEPS - 1;
/// Milliseconds. From 9.3 hours on a length that is not the opening's own is a multiple of it.
const STEP: u32 = 64;

impl Length {
    /// Not another one: ask the opening.
    pub(crate) const NONE: Self = Self(IN_STEPS);

    const fn of(opening: Opening, value: u32) -> Self {
        Self((opening.generation() as u32) << OF | value)
    }

    /// The opening's own, which is `ms`. One that there is no room for is worked out when it is asked for.
    pub(crate) const fn own(opening: Opening, ms: u32) -> Self {
        Self::of(opening, if ms <= MOST { ms } else { IN_STEPS })
    }

    /// Another one.
    pub(crate) const fn other(opening: Opening, ms: u32) -> Self {
        let steps = ms.div_ceil(STEP);
        Self::of(opening, if ms <= MOST { ms } else { IN_STEPS | if steps < MOST { steps } else { MOST } })
    }

    /// Milliseconds; `None`: ask the opening.
    pub(crate) const fn ms(self, opening: Opening) -> Option<u32> {
        if self.0 >> OF != opening.generation() as u32 & 0x3f || self.0 & (IN_STEPS | MOST) == IN_STEPS {
            return None;
        }
        let value = self.0 & MOST;
        Some(match self.0 & IN_STEPS {
            0 => value,
            _ if value == MOST => MAX_INTERVAL_MS,
            _ => value * STEP,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::circuit::Mode;

    /// A state of this generation.
    fn state(circuit: CircuitState, generation: u16) -> State {
        let before = (0..generation).fold(State::NEW, |state, _| state.forget_probes());
        let state =
            (0..GENERATIONS - 1).fold(before, |state, _| state.forget_probes()).switch_to(circuit, Mode::Normal);
        assert_eq!((state.circuit(), state.generation()), (circuit, generation));
        state
    }

    #[test]
    fn the_parts_of_an_opening_come_back() {
        for (generation, reopenings) in [(0, 0), (511, 255), (256, 1), (1, 128)] {
            let opening = Opening::new(generation, reopenings, u32::MAX);
            assert_eq!((opening.generation(), opening.reopenings()), (generation, reopenings));
            assert_eq!(opening.0 & 0x7fff, 0x7fff);
        }
        assert_eq!(Opening::restored(0, 3).generation(), 511);
        assert_eq!(Opening::restored(7, 3).generation(), 6);
    }

    #[test]
    fn the_first_opening_after_closed_counts_from_zero_and_one_after_half_open_goes_on() {
        let closed = state(CircuitState::Closed, 4);
        assert_eq!(Opening::new(2, 9, 0).next(closed, u32::MAX), Opening::new(5, 0, u32::MAX));
        let half_open = state(CircuitState::HalfOpen, 6);
        assert_eq!(Opening::new(5, 9, 0).next(half_open, u32::MAX), Opening::new(7, 10, u32::MAX));
        assert_eq!(Opening::new(5, 255, 0).next(half_open, 0), Opening::new(7, 255, 0));
        let open = state(CircuitState::Open, 5);
        assert_eq!(Opening::new(5, 9, 8 << 17).next(open, 0), Opening::new(5, 9, 8 << 17));
    }

    #[test]
    fn two_threads_that_make_the_same_opening_make_it_with_the_same_chance() {
        for (state, reopenings) in [(state(CircuitState::Closed, 511), 0), (state(CircuitState::HalfOpen, 511), 9)] {
            let stored = Opening::new(0, reopenings, 5 << 17);
            assert_eq!(stored.next(state, u32::MAX), stored);
        }
        // Of a round that ended in CLOSED: not the same.
        assert_eq!(Opening::new(5, 1, 0).next(state(CircuitState::Closed, 4), 0), Opening::new(5, 0, 0));
    }

    #[test]
    fn an_opening_that_never_came_to_be_is_not_counted() {
        let half_open = state(CircuitState::HalfOpen, 6);
        let stored = [4, 5, 6, 7].map(|generation| Opening::new(generation, 2, 0));
        assert_eq!(stored.map(|it| it.reopenings_in(half_open)), [2, 2, 1, 1]);
        assert_eq!(stored.map(|it| it.next(half_open, 0).reopenings()), [3, 3, 2, 2]);
        assert_eq!(stored.map(|it| it.reopenings_in(state(CircuitState::Closed, 6))), [0; 4]);
        assert_eq!(stored.map(|it| it.reopenings_in(state(CircuitState::Open, 4))), [2; 4]);
    }

    #[test]
    fn a_length_is_that_of_its_opening_alone() {
        let opening = Opening::new(65, 3, 0);
        for ms in [0, 1, 1_000, MOST] {
            assert_eq!(Length::own(opening, ms), Length::other(opening, ms));
            assert_eq!(Length::own(opening, ms).ms(opening), Some(ms));
            assert_eq!(Length::own(opening, ms).ms(Opening::new(66, 3, 0)), None);
            // No more than that is known of it.
            assert_eq!(Length::own(opening, ms).ms(Opening::new(1, 3, 0)), Some(ms));
        }
        for ms in [MOST + 1, MAX_INTERVAL_MS] {
            assert_eq!(Length::own(opening, ms).ms(opening), None);
        }
    }

    #[test]
    fn a_length_that_is_not_the_openings_own_is_never_shorter_and_at_most_a_step_longer() {
        let opening = Opening::new(511, 3, 0);
        let kept = |ms| Length::other(opening, ms).ms(opening);
        assert_eq!(kept(MOST + 1), Some(MOST + 1));
        assert_eq!(kept(MOST + 2), Some(MOST + 1 + STEP));
        assert_eq!(kept(MOST + 1 + STEP), Some(MOST + 1 + STEP));
        assert_eq!(kept(2_000_000_000), Some(2_000_000_000));
        assert_eq!(kept(2_000_000_001), Some(2_000_000_064));
        // A whole step more would be too long for an interval.
        assert_eq!(kept(MAX_INTERVAL_MS - 2 * STEP), Some(MAX_INTERVAL_MS + 1 - 2 * STEP));
        assert_eq!([0, 1, STEP].map(|less| kept(MAX_INTERVAL_MS - less)), [Some(MAX_INTERVAL_MS); 3]);
    }
}
