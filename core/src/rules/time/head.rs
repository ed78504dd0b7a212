//! The word that says which bucket of a time window is the current one: generation 9 bits, turn 8, bucket 6, age 6.

/// What the head holds, by value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head(pub(super) u32);

const GENERATION: u32 = 20;
const TURN: u32 = 12;
const BUCKET: u32 = 6;
const SIX: u32 = 0x3f;

impl Head {
    const fn new(generation: u32, turn: u32, bucket: u32, age: u32) -> Self {
        Self(generation << GENERATION | (turn & 0xff) << TURN | bucket << BUCKET | age)
    }

    /// Of a window into which no call has come, of whatever generation.
    pub(super) const NONE: Self = Self(SIX);

    /// Whether its buckets are those of this generation.
    pub(super) const fn is_of(self, generation: u16) -> bool {
        self.0 >> GENERATION == generation as u32 && self.0 & SIX != SIX
    }

    /// Counts the buckets that have begun, modulo 256.
    pub(super) const fn turn(self) -> u32 {
        (self.0 >> TURN) & 0xff
    }

    /// The current bucket.
    pub(super) const fn bucket(self) -> usize {
        ((self.0 >> BUCKET) & SIX) as usize
    }

    /// How many buckets before the current one belong to the same generation.
    pub(super) const fn age(self) -> usize {
        (self.0 & SIX) as usize
    }

    /// The next of `buckets`, in the same generation or as the first one of another.
    pub(super) const fn next(self, buckets: usize, generation: u16) -> Self {
        let bucket = if self.bucket() + 1 < buckets { self.bucket() + 1 } else { 0 };
        let older = self.age() + 1;
        let age = if !self.is_of(generation) {
            0
        } else if older < buckets {
            older
        } else {
            buckets - 1
        };
        Self::new(generation as u32, self.turn() + 1, bucket as u32, age as u32)
    }

    /// As of a window into which no call has come.
    pub(super) const fn cleared(self) -> Self {
        Self(self.0 | SIX)
    }

    /// The same window, of another generation.
    pub(super) const fn carried(self, generation: u16) -> Self {
        Self(self.0 & ((1 << GENERATION) - 1) | (generation as u32) << GENERATION)
    }

    /// Without the buckets before it.
    pub(super) const fn alone(self) -> Self {
        Self(self.0 & !SIX)
    }

    /// The bucket `back` before the current one, and the turn in which it began.
    pub(super) const fn before(self, back: usize, buckets: usize) -> (usize, u32) {
        ((self.bucket() + buckets - back) % buckets, self.turn().wrapping_sub(back as u32) & 0xff)
    }
}
