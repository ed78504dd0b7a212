//! Where what stands in the one word that decides.

use crate::circuit::CircuitState;

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
pub(super) struct Field {
    pub(super) shift: u32,
    pub(super) bits: u32,
}

// Count and phase stand lowest and together, so that "closed and nothing counted" is one test of the low 13 bits.
pub(super) const COUNT: Field = Field { shift: 0, bits: 10 };
pub(super) const PHASE: Field = Field { shift: 10, bits: 3 };
pub(super) const IN_FLIGHT: Field = Field { shift: 13, bits: 4 };
pub(super) const SUCCESSES: Field = Field { shift: 17, bits: 6 };
pub(super) const GENERATION: Field = Field { shift: 23, bits: 9 };

impl Field {
    pub(super) const fn mask(&self) -> u32 {
        ((1 << self.bits) - 1) << self.shift
    }

    pub(super) const fn get(&self, word: u32) -> u32 {
        (word & self.mask()) >> self.shift
    }

    pub(super) const fn put(&self, word: u32, value: u32) -> u32 {
        (word & !self.mask()) | ((value << self.shift) & self.mask())
    }
}

/// The number of different generations; they are counted modulo this.
pub(crate) const GENERATIONS: u16 = 1 << GENERATION.bits;

// Phases: the lowest two bits are the circuit's state, and `FIXED` where the rules do not run; the third bit stands for
// shadow mode, or tells the two fixed modes apart.
pub(super) const CLOSED: u32 = CircuitState::Closed as u32;
pub(super) const OPEN: u32 = CircuitState::Open as u32;
pub(super) const HALF_OPEN: u32 = CircuitState::HalfOpen as u32;
pub(super) const FIXED: u32 = 3;
pub(super) const SHADOW: u32 = 4;
pub(super) const ISOLATED: u32 = FIXED;
pub(super) const DISABLED: u32 = FIXED + SHADOW;

/// The circuit that each phase reads as.
pub(super) const CIRCUITS: u32 = OPEN << (2 * OPEN)
    | HALF_OPEN << (2 * HALF_OPEN)
    | OPEN << (2 * ISOLATED)
    | OPEN << (2 * (SHADOW + OPEN))
    | HALF_OPEN << (2 * (SHADOW + HALF_OPEN));

#[cfg(test)]
mod tests {
    use super::*;

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
}
