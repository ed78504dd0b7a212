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

use core::fmt;

use crate::circuit::{CircuitState, Mode};
use crate::config::Policy;
use crate::event::Refusal;
use crate::time::{Timestamp, elapsed};

/// The greatest failure count; it stays there when more failures come.
pub(crate) const MAX_COUNT: u16 = (1 << COUNT.bits) - 1;
/// The greatest number of successes that can be asked of HALF_OPEN.
pub(crate) const MAX_SUCCESSES: u8 = (1 << SUCCESSES.bits) - 1;
/// The greatest number of probes in flight.
pub(crate) const MAX_IN_FLIGHT: u8 = (1 << IN_FLIGHT.bits) - 1;

/// The greatest number of probes of which some must succeed: with more, the successes and failures of a round would not
/// fit side by side into the six bits.
pub(crate) const MAX_TRIALS: u8 = 15;

/// A run of bits in the word.
struct Field {
    shift: u32,
    bits: u32,
}

// Count and phase stand lowest and together, so that "closed and nothing counted" is one test of the low 13 bits.
const COUNT: Field = Field { shift: 0, bits: 10 };
const PHASE: Field = Field { shift: 10, bits: 3 };
const IN_FLIGHT: Field = Field { shift: 13, bits: 4 };
const SUCCESSES: Field = Field { shift: 17, bits: 6 };
const GENERATION: Field = Field { shift: 23, bits: 9 };

impl Field {
    const fn mask(&self) -> u32 {
        ((1 << self.bits) - 1) << self.shift
    }

    const fn get(&self, word: u32) -> u32 {
        (word & self.mask()) >> self.shift
    }

    const fn put(&self, word: u32, value: u32) -> u32 {
        (word & !self.mask()) | ((value << self.shift) & self.mask())
    }
}

/// The number of different generations; they are counted modulo this.
pub(crate) const GENERATIONS: u16 = 1 << GENERATION.bits;

/// What a breaker is, at one moment. 8 bytes; made and changed by [`step`](crate::machine::step) alone.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct State {
    pub(crate) word: u32,
    /// Low half of the time of the opening (OPEN) or of the latest admission of a probe (HALF_OPEN).
    pub(crate) since: u32,
}

// Phases: the lowest two bits are the circuit's state, and `FIXED` where the rules do not run; the third bit stands for
// shadow mode, or tells the two fixed modes apart.
const CLOSED: u32 = CircuitState::Closed as u32;
const OPEN: u32 = CircuitState::Open as u32;
const HALF_OPEN: u32 = CircuitState::HalfOpen as u32;
const FIXED: u32 = 3;
const SHADOW: u32 = 4;
const ISOLATED: u32 = FIXED;
const DISABLED: u32 = FIXED + SHADOW;

/// The circuit that each phase reads as.
const CIRCUITS: u32 = OPEN << (2 * OPEN)
    | HALF_OPEN << (2 * HALF_OPEN)
    | OPEN << (2 * ISOLATED)
    | OPEN << (2 * (SHADOW + OPEN))
    | HALF_OPEN << (2 * (SHADOW + HALF_OPEN));

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

    /// The state in force at `now`: an OPEN circuit whose timeout has passed reads HALF_OPEN.
    #[must_use]
    pub const fn in_force(self, policy: &Policy, now: Timestamp) -> CircuitState {
        self.in_force_by(policy.recovery_timeout_ms(), now)
    }

    pub(crate) const fn in_force_by(self, open_ms: u32, now: Timestamp) -> CircuitState {
        match self.circuit() {
            CircuitState::Open if self.lapsed(open_ms, now) => CircuitState::HalfOpen,
            circuit => circuit,
        }
    }

    /// What the rules answer to a request at `now` instead of letting it through; in shadow mode what they would answer.
    #[must_use]
    pub const fn refusal(self, policy: &Policy, now: Timestamp) -> Option<Refusal> {
        self.refusal_by(policy, policy.recovery_timeout_ms(), policy.half_open_max_calls(), now)
    }

    /// [`refusal`](Self::refusal) with another time OPEN and another number of places for probes.
    #[inline(always)]
    pub(crate) const fn refusal_by(self, policy: &Policy, open_ms: u32, places: u8, now: Timestamp) -> Option<Refusal> {
        let (state, wait) = match PHASE.get(self.word) & FIXED {
            OPEN => (CircuitState::Open, open_ms),
            HALF_OPEN if self.in_flight() >= places => (CircuitState::HalfOpen, policy.probe_timeout_ms()),
            FIXED if !self.is_disabled() => {
                return Some(Refusal { state: CircuitState::Open, retry_after_ms: None });
            }
            _ => return None,
        };
        match self.remaining(wait, now) {
            0 => None,
            left => Some(Refusal { state, retry_after_ms: Some(left) }),
        }
    }

    /// Milliseconds until a request would be let through: 0 means now, `None` not before a `reset`.
    #[must_use]
    pub const fn retry_after(self, policy: &Policy, now: Timestamp) -> Option<u32> {
        match self.refusal(policy, now) {
            Some(refusal) if !matches!(self.mode(), Mode::Shadow) => refusal.retry_after_ms,
            _ => Some(0),
        }
    }

    /// The clock has gone back behind the time that is stored.
    pub(crate) const fn is_ahead_of(self, now: Timestamp) -> bool {
        elapsed(self.since, now.low()).is_none()
    }

    /// What is left of `wait`, which began at `since`; all of it if the clock has gone back.
    pub(crate) const fn remaining(self, wait: u32, now: Timestamp) -> u32 {
        match elapsed(self.since, now.low()) {
            Some(passed) => wait.saturating_sub(passed),
            None => wait,
        }
    }

    /// OPEN by the rules or by `trip`, and its timeout has passed.
    pub(crate) const fn lapsed(self, open_ms: u32, now: Timestamp) -> bool {
        PHASE.get(self.word) & FIXED == OPEN && self.remaining(open_ms, now) == 0
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
    use core::time::Duration;
    use std::format;

    use super::*;
    use crate::config::CircuitBreakerConfiguration;

    #[test]
    fn the_fields_fill_the_word_without_overlap() {
        let fields = [COUNT, PHASE, IN_FLIGHT, SUCCESSES, GENERATION];
        let mut seen = 0u32;
        for field in &fields {
            assert_eq!(seen & field.mask(), 0);
            seen |= field.mask();
        }
        assert_eq!(seen, u32::MAX);
    }

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
    fn a_state_says_what_it_answers_to_a_request_and_when_it_would_let_one_through() {
        let config = CircuitBreakerConfiguration::new().recovery_timeout(Duration::from_secs(10));
        let policy = config.consecutive().unwrap();
        let says = |mode, ms| {
            let (state, now) = (State::NEW.switch_to(CircuitState::Open, mode), Timestamp::from_millis(ms));
            let refusal = state.refusal(&policy, now).map(|refusal| (refusal.state, refusal.retry_after_ms));
            (refusal, state.retry_after(&policy, now))
        };
        assert_eq!(says(Mode::Normal, 4_000), (Some((CircuitState::Open, Some(6_000))), Some(6_000)));
        assert_eq!(says(Mode::Normal, 10_000), (None, Some(0)));
        assert_eq!(says(Mode::Shadow, 4_000), (Some((CircuitState::Open, Some(6_000))), Some(0)));
        assert_eq!(says(Mode::Isolated, 4_000), (Some((CircuitState::Open, None)), None));
        assert_eq!(says(Mode::Disabled, 4_000), (None, Some(0)));
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
