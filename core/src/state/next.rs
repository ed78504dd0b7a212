//! The states that can follow one: one field changed, or the next generation.

use super::State;
use super::word::{
    COUNT, DISABLED, GENERATION, IN_FLIGHT, ISOLATED, MAX_COUNT, MAX_IN_FLIGHT, MAX_SUCCESSES, PHASE, SHADOW, SUCCESSES,
};
use crate::circuit::{CircuitState, Mode};
use crate::time::Timestamp;

impl State {
    pub(crate) const fn with_since(self, now: Timestamp) -> Self {
        Self { word: self.word, since: now.low() }
    }

    pub(crate) const fn with_count(self, count: u16) -> Self {
        Self { word: COUNT.put(self.word, count as u32), since: self.since }
    }

    pub(crate) const fn with_successes(self, successes: u8) -> Self {
        Self { word: SUCCESSES.put(self.word, successes as u32), since: self.since }
    }

    // One more or less in a field: the field has room for it, or the generation wraps at the top of the word.

    pub(crate) const fn count_one_more(self) -> Self {
        let room = self.failure_count() < MAX_COUNT;
        Self { word: self.word + ((room as u32) << COUNT.shift), since: self.since }
    }

    pub(crate) const fn succeed_one_more(self) -> Self {
        let room = self.successes() < MAX_SUCCESSES;
        Self { word: self.word + ((room as u32) << SUCCESSES.shift), since: self.since }
    }

    pub(crate) const fn let_one_in(self) -> Self {
        let room = self.in_flight() < MAX_IN_FLIGHT;
        Self { word: self.word + ((room as u32) << IN_FLIGHT.shift), since: self.since }
    }

    pub(crate) const fn let_one_out(self) -> Self {
        let some = self.in_flight() > 0;
        Self { word: self.word - ((some as u32) << IN_FLIGHT.shift), since: self.since }
    }

    /// The next generation, in `circuit`, with no probe in flight or counted. The failure count and the mode stay.
    ///
    /// For a circuit whose rules run: not isolated, not disabled.
    pub(crate) const fn move_to(self, circuit: CircuitState) -> Self {
        let kept = self.word & (COUNT.mask() | GENERATION.mask() | (SHADOW << PHASE.shift));
        Self { word: kept.wrapping_add(1 << GENERATION.shift) | ((circuit as u32) << PHASE.shift), since: self.since }
    }

    /// The next generation of HALF_OPEN, without the probes that are in flight.
    pub(crate) const fn forget_probes(self) -> Self {
        let kept = self.word & !IN_FLIGHT.mask();
        Self { word: kept.wrapping_add(1 << GENERATION.shift), since: self.since }
    }

    /// As [`move_to`](Self::move_to), in `mode`.
    ///
    /// `Isolated` and `Disabled` fix the state that is read, whatever `circuit` is.
    pub(crate) const fn switch_to(self, circuit: CircuitState, mode: Mode) -> Self {
        let phase = match mode {
            Mode::Isolated => ISOLATED,
            Mode::Disabled => DISABLED,
            Mode::Normal => circuit as u32,
            Mode::Shadow => SHADOW + circuit as u32,
        };
        let next = self.move_to(CircuitState::Closed);
        Self { word: PHASE.put(next.word, phase), since: next.since }
    }
}

#[cfg(test)]
mod tests {
    use super::super::GENERATIONS;
    use super::*;

    #[test]
    fn every_field_stops_at_its_greatest_value_and_leaves_its_neighbours() {
        let mut full = State::NEW.switch_to(CircuitState::HalfOpen, Mode::Shadow);
        for _ in 0..2_000 {
            full = full.count_one_more().succeed_one_more().let_one_in();
        }
        assert_eq!(
            (full.failure_count(), full.in_flight(), full.successes(), full.generation()),
            (MAX_COUNT, MAX_IN_FLIGHT, MAX_SUCCESSES, 1)
        );
        assert_eq!((full.circuit(), full.mode()), (CircuitState::HalfOpen, Mode::Shadow));
        assert_eq!(State::NEW.let_one_out(), State::NEW);
    }

    #[test]
    fn the_generation_wraps_without_touching_anything_else() {
        let mut state = State::NEW.with_count(9);
        for _ in 0..GENERATIONS {
            let next = state.next_generation();
            state = state.forget_probes();
            assert_eq!(state.generation(), next);
        }
        assert_eq!(state, State::NEW.with_count(9));
    }
}
