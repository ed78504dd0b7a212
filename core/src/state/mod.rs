//! The state of a circuit as one small `Copy` value.
//!
//! Everything that decides stands in one 32-bit word, because no wider word can be exchanged safely between an
//! interrupt and a task on every 32-bit target. The second word is a time; a shell that stores the two one after the
//! other may see a newer time beside an older word, which at worst keeps the circuit as it is for one more timeout.
//!
//! ```
//! use halfopen::machine::State;
//! use halfopen::{CircuitState, Mode};
//!
//! assert_eq!(State::NEW.circuit(), CircuitState::Closed);
//! assert_eq!(State::NEW.mode(), Mode::Normal);
//! assert_eq!(State::NEW.failure_count(), 0);
//! ```

mod answer;
mod next;
mod word;

use core::fmt;

use crate::circuit::{CircuitState, Mode};

pub(crate) use word::{GENERATIONS, MAX_COUNT, MAX_IN_FLIGHT, MAX_SUCCESSES, MAX_TRIALS};

use word::{
    CIRCUITS, CLOSED, COUNT, DISABLED, FIXED, GENERATION, HALF_OPEN, IN_FLIGHT, ISOLATED, OPEN, PHASE, SHADOW,
    SUCCESSES,
};

/// What a breaker is, at one moment. 8 bytes; made and changed by [`step`](crate::machine::step) alone.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct State {
    pub(crate) word: u32,
    /// Low half of the time of the opening (OPEN) or of the latest admission of a probe (HALF_OPEN).
    pub(crate) since: u32,
}

impl State {
    /// A new circuit: CLOSED, nothing counted, rules in force.
    pub const NEW: Self = Self { word: 0, since: 0 };

    /// The state that is stored, which may be OPEN although its timeout has passed: see [`in_force`](Self::in_force).
    #[inline]
    #[must_use]
    pub const fn circuit(self) -> CircuitState {
        if cfg!(target_family = "wasm") {
            return self.circuit_by_table();
        }
        match PHASE.get(self.word) & FIXED {
            CLOSED => CircuitState::Closed,
            OPEN => CircuitState::Open,
            HALF_OPEN => CircuitState::HalfOpen,
            _ if self.is_disabled() => CircuitState::Closed,
            _ => CircuitState::Open,
        }
    }

    /// [`circuit`](Self::circuit) from two bits for each phase: no branch, where every one of them has to be downloaded.
    #[inline]
    const fn circuit_by_table(self) -> CircuitState {
        match CIRCUITS >> (2 * PHASE.get(self.word)) & 3 {
            CLOSED => CircuitState::Closed,
            OPEN => CircuitState::Open,
            _ => CircuitState::HalfOpen,
        }
    }

    /// Whether the rules are in force.
    #[inline]
    #[must_use]
    pub const fn mode(self) -> Mode {
        match PHASE.get(self.word) {
            ISOLATED => Mode::Isolated,
            DISABLED => Mode::Disabled,
            SHADOW.. => Mode::Shadow,
            _ => Mode::Normal,
        }
    }

    /// Consecutive failures: kept while OPEN, 0 after closing. Stays at 1,023 when more come.
    #[must_use]
    pub const fn failure_count(self) -> u16 {
        COUNT.get(self.word) as u16
    }

    /// Probes that were let through in HALF_OPEN and have not reported.
    #[must_use]
    pub const fn in_flight(self) -> u8 {
        IN_FLIGHT.get(self.word) as u8
    }

    /// Probes that succeeded in this HALF_OPEN. Where some may fail, those are in here too: see
    /// [`Recovery`](crate::machine::Recovery).
    #[must_use]
    pub const fn successes(self) -> u8 {
        SUCCESSES.get(self.word) as u8
    }

    /// Counts the transitions, the rounds of probes that were given up, and the restores, modulo 512.
    #[must_use]
    pub const fn generation(self) -> u16 {
        Self::generation_of(self.word)
    }

    /// The generation alone, where the word has it.
    #[inline]
    pub(crate) const fn generation_mark(self) -> u32 {
        self.word & GENERATION.mask()
    }

    /// The generation in a word, or in a mark.
    #[inline]
    pub(crate) const fn generation_of(word: u32) -> u16 {
        GENERATION.get(word) as u16
    }

    /// The generation that the next transition begins.
    pub(crate) const fn next_generation(self) -> u16 {
        (self.generation() + 1) % GENERATIONS
    }

    pub(crate) const fn is_disabled(self) -> bool {
        PHASE.get(self.word) == DISABLED
    }

    pub(crate) const fn is_shadow(self) -> bool {
        let phase = PHASE.get(self.word);
        phase >= SHADOW && phase != DISABLED
    }

    /// CLOSED with the rules in force: a request is let through, and the time does not matter.
    #[inline]
    pub(crate) const fn admits_freely(self) -> bool {
        self.word & PHASE.mask() == 0
    }

    /// CLOSED with the rules in force and nothing counted: a success changes nothing.
    #[inline]
    pub(crate) const fn nothing_to_forget(self) -> bool {
        self.word & (PHASE.mask() | COUNT.mask()) == 0
    }

    /// What [`generation_mark`](Self::generation_mark) is of the same state with [`nothing_to_forget`](Self::nothing_to_forget);
    /// of any other state it is no mark.
    #[inline]
    pub(crate) const fn healthy_mark(self) -> u32 {
        self.word & (GENERATION.mask() | PHASE.mask() | COUNT.mask())
    }

    /// CLOSED, and only a share of the requests is let through: marked by the successes, which only HALF_OPEN counts.
    #[inline]
    pub(crate) const fn is_ramping(self) -> bool {
        PHASE.get(self.word) & FIXED == CLOSED && SUCCESSES.get(self.word) != 0
    }

    /// CLOSED from now on, with a ramp that begins.
    pub(crate) const fn ramping(self) -> Self {
        self.with_successes(1)
    }
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("State")
            .field("circuit", &self.circuit())
            .field("mode", &self.mode())
            .field("failure_count", &self.failure_count())
            .field("in_flight", &self.in_flight())
            .field("successes", &self.successes())
            .field("generation", &self.generation())
            .field("since", &self.since)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use std::format;

    use super::*;
    use crate::time::Timestamp;

    #[test]
    fn every_mode_and_circuit_can_be_told_apart() {
        for circuit in [CircuitState::Closed, CircuitState::Open, CircuitState::HalfOpen] {
            for mode in [Mode::Normal, Mode::Shadow] {
                let state = State::NEW.switch_to(circuit, mode);
                assert_eq!((state.circuit(), state.mode()), (circuit, mode));
            }
            assert_eq!(State::NEW.switch_to(circuit, Mode::Isolated).circuit(), CircuitState::Open);
            assert_eq!(State::NEW.switch_to(circuit, Mode::Disabled).circuit(), CircuitState::Closed);
        }
    }

    #[test]
    fn the_table_of_phases_says_what_the_phases_say() {
        for phase in 0..1 << PHASE.bits {
            let state = State { word: PHASE.put(u32::MAX, phase), since: 0 };
            assert_eq!(state.circuit_by_table(), state.circuit());
        }
    }

    #[test]
    fn a_state_is_shown_field_by_field() {
        let state =
            State::NEW.switch_to(CircuitState::HalfOpen, Mode::Shadow).with_count(5).with_successes(2).let_one_in();
        assert_eq!(
            format!("{:?}", state.with_since(Timestamp::from_millis((1 << 32) + 7))),
            "State { circuit: HalfOpen, mode: Shadow, failure_count: 5, in_flight: 1, successes: 2, generation: 1, since: 7 }"
        );
    }
}
