//! Numbers out of bytes: mostly small ones, and those at both ends of a range.

/// What is left of an input; zeros come after its end.
pub(crate) struct Bytes<'a>(pub(crate) &'a [u8]);

impl Bytes<'_> {
    pub(crate) fn next(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    pub(crate) fn byte(&mut self) -> u8 {
        self.next().unwrap_or(0)
    }

    /// 1 to `most`: one of the four least as a rule, else one of the eight greatest.
    pub(crate) fn count(&mut self, most: u32) -> u32 {
        let byte = u32::from(self.byte());
        if byte < 0xF8 { 1 + byte % 4 } else { most - byte % 8 }
    }

    /// `least` to `most` percent: often one of both, or a half.
    pub(crate) fn percent(&mut self, least: u64, most: u64) -> u64 {
        match self.byte() {
            byte @ 0..0xC0 => (u64::from(byte) * 3).clamp(least, most),
            0xC0..0xD8 => least,
            0xD8..0xF0 => most,
            _ => 50.clamp(least, most),
        }
    }

    /// A random number: the least, the greatest, and some between.
    pub(crate) fn chance(&mut self) -> u32 {
        match self.byte() {
            0xFF => u32::MAX,
            byte => u32::from(byte) << 24,
        }
    }

    /// 1 to 2^31 - 1 milliseconds: one of the eight least as a rule, else around a power of two, else one of the eight
    /// greatest.
    pub(crate) fn interval(&mut self) -> u64 {
        const LONGEST_MS: u64 = (1 << 31) - 1;
        match self.byte() {
            byte @ 0..0xC0 => 1 + u64::from(byte % 8),
            byte @ 0xC0..0xF8 => 1 << (byte % 31),
            byte => LONGEST_MS - u64::from(byte % 8),
        }
    }

    /// A clock's time: near its beginning, near a wrap of its low half, near a change of that half's sign, near its end.
    pub(crate) fn time(&mut self) -> u64 {
        let byte = self.byte();
        let near = u64::from(byte / 4);
        match byte % 4 {
            0 => near,
            1 => (1 << 32) - 1 - near,
            2 => (1 << 31) - 1 - near,
            _ => u64::MAX - 1 - near,
        }
    }

    /// -2 to 2.
    pub(crate) fn few(&mut self) -> i64 {
        i64::from(self.byte() % 5) - 2
    }
}
