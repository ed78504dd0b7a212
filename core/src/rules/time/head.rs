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

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: Head = Head::new(0x155, 0xfe, 8, 2);

    /// Generation, turn, bucket, age.
    fn parts(head: Head) -> (u32, u32, usize, usize) {
        (head.0 >> GENERATION, head.turn(), head.bucket(), head.age())
    }

    #[test]
    fn each_change_leaves_the_other_parts_alone() {
        assert_eq!(parts(HEAD), (0x155, 0xfe, 8, 2));
        assert_eq!(parts(HEAD.carried(0xaa)), (0xaa, 0xfe, 8, 2));
        assert_eq!(parts(HEAD.alone()), (0x155, 0xfe, 8, 0));
        assert_eq!(parts(HEAD.cleared()), (0x155, 0xfe, 8, 0x3f));
        assert_eq!(parts(Head::NONE), (0, 0, 0, 0x3f));
    }

    #[test]
    fn the_next_bucket_is_a_turn_later_and_has_one_more_before_it_up_to_all() {
        assert_eq!(parts(HEAD.next(10, 0x155)), (0x155, 0xff, 9, 3));
        assert_eq!(parts(HEAD.next(9, 0x155)), (0x155, 0xff, 0, 3));
        assert_eq!(parts(HEAD.next(9, 0x155).next(9, 0x155)), (0x155, 0, 1, 4));
        assert_eq!(parts(HEAD.next(3, 0x155)), (0x155, 0xff, 0, 2));
        assert_eq!(parts(HEAD.next(10, 0x156)), (0x156, 0xff, 9, 0));
    }

    #[test]
    fn a_window_without_calls_is_of_no_generation() {
        assert!(HEAD.is_of(0x155) && !HEAD.is_of(0x154));
        assert!(!HEAD.cleared().is_of(0x155) && !Head::NONE.is_of(0));
    }

    #[test]
    fn the_buckets_before_it_are_counted_backwards_around_the_ring() {
        assert_eq!(HEAD.before(0, 9), (8, 0xfe));
        assert_eq!(HEAD.before(8, 9), (0, 0xf6));
        assert_eq!(Head::new(0, 1, 1, 5).before(3, 9), (7, 0xfe));
    }
}
