//! Snapshots as bytes, for memory that holds nothing else: versioned, with a check value.
//!
//! ```
//! use halfopen::{CircuitBreaker, Config, ManualClock, Snapshot, SnapshotError};
//!
//! let clock = ManualClock::new();
//! let breaker = CircuitBreaker::with_clock("radio", Config::new(), &clock);
//! let mut stored: [u8; Snapshot::BYTES] = breaker.snapshot().to_bytes();
//! breaker.restore(&Snapshot::from_bytes(&stored)?)?;
//!
//! stored[9] ^= 4;
//! assert_eq!(Snapshot::from_bytes(&stored), Err(SnapshotError::CheckValue));
//! assert_eq!(Snapshot::from_bytes(&[0xff; Snapshot::BYTES]), Err(SnapshotError::Empty));
//! # Ok::<(), SnapshotError>(())
//! ```

use core::array::from_fn;

use super::{Snapshot, SnapshotError};
use crate::circuit::{CircuitState, Mode};

/// The words of four bytes each before the check value, as the code works with them: chips without unaligned access take
/// four instructions and more for a number out of bytes.
const WORDS: usize = 6;

// In the first and second word, how many bits stand below.
const STATE: u32 = 8;
const MODE: u32 = 12;
const FAILURE_COUNT: u32 = 16;
const REOPENINGS: u32 = 8;
const PROBE_FAILURES: u32 = 16;
const RESERVED: u32 = 24;

/// In the place of the time since the latest failure: there was none.
const NEVER: u64 = u64::MAX;

type Bytes = [u8; Snapshot::BYTES];

impl Snapshot {
    /// The length of [`to_bytes`](Self::to_bytes).
    pub const BYTES: usize = 28;

    /// The snapshot as bytes, numbers with their lowest byte first:
    ///
    /// | bytes | what |
    /// | --- | --- |
    /// | 0 | [`VERSION`](Self::VERSION), 1 |
    /// | 1, bits 0 to 3 | state: 0 closed, 1 open, 2 half_open |
    /// | 1, bits 4 to 7 | mode: 0 normal, 1 isolated, 2 disabled, 3 shadow |
    /// | 2 and 3 | consecutive failures |
    /// | 4 | successes of the round of probes |
    /// | 5 | reopenings |
    /// | 6 | failures of the round of probes |
    /// | 7 | 0 |
    /// | 8 to 11 | milliseconds that OPEN still had to last |
    /// | 12 to 15 | milliseconds that a ramp-up still had to last |
    /// | 16 to 23 | milliseconds since the latest failure; 2^64 - 1: there was none |
    /// | 24 to 27 | CRC-32 of bytes 0 to 23, the one of zlib and Ethernet |
    ///
    /// A CRC-32 notices each change of up to 32 bits in a row, and one in 2^32 of all others goes unnoticed. Every version
    /// begins with its number and ends with that check value.
    #[must_use]
    pub fn to_bytes(&self) -> Bytes {
        let state = match self.state {
            CircuitState::Closed => 0,
            CircuitState::Open => 1,
            CircuitState::HalfOpen => 2,
        };
        let mode = match self.mode {
            Mode::Normal => 0,
            Mode::Isolated => 1,
            Mode::Disabled => 2,
            Mode::Shadow => 3,
        };
        let ago = self.last_failure_ago_ms.unwrap_or(NEVER);
        let words: [u32; WORDS] = [
            u32::from(self.version) | state << STATE | mode << MODE | u32::from(self.failure_count) << FAILURE_COUNT,
            u32::from(self.successes)
                | u32::from(self.reopenings) << REOPENINGS
                | u32::from(self.probe_failures) << PROBE_FAILURES,
            self.remaining_ms,
            self.ramp_left_ms,
            ago as u32,
            (ago >> 32) as u32,
        ];
        let mut bytes = [0; Self::BYTES];
        let (body, check) = bytes.split_at_mut(4 * WORDS);
        body.chunks_exact_mut(4).zip(words).for_each(|(bytes, word)| bytes.copy_from_slice(&word.to_le_bytes()));
        check.copy_from_slice(&crc_32(body).to_le_bytes());
        bytes
    }

    /// Reads what [`to_bytes`](Self::to_bytes) gave.
    ///
    /// # Errors
    ///
    /// - [`SnapshotError::Empty`] if there are no bytes, or all are 0x00 or all 0xff, as in erased flash: nothing was stored.
    /// - [`SnapshotError::Length`] if there are more or fewer than [`BYTES`](Self::BYTES).
    /// - [`SnapshotError::CheckValue`] if they are not as they were written.
    /// - [`SnapshotError::Version`] if they are whole, and another version wrote them, of whatever length.
    /// - [`SnapshotError::Damaged`] if they are whole and no breaker can have given them.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, SnapshotError> {
        let (all, any) = bytes.iter().fold((0xff, 0x00), |(all, any), byte| (all & byte, any | byte));
        if any == 0x00 || all == 0xff {
            return Err(SnapshotError::Empty);
        }
        let length = SnapshotError::Length(bytes.len());
        let right = bytes.len() == Self::BYTES;
        let (&[version, ..], Some((body, check))) = (bytes, bytes.split_last_chunk::<4>()) else { return Err(length) };
        if crc_32(body) != u32::from_le_bytes(*check) {
            return Err(if right { SnapshotError::CheckValue } else { length });
        }
        if version != Self::VERSION {
            return Err(SnapshotError::Version(version.into()));
        }
        if !right {
            return Err(length);
        }
        let snapshot = Self::from_body(body)?;
        snapshot.check()?;
        Ok(snapshot)
    }

    fn from_body(body: &[u8]) -> Result<Self, SnapshotError> {
        let [first, second, remaining_ms, ramp_left_ms, low, high]: [u32; WORDS] = from_fn(|index| word(body, index));
        if second >> RESERVED != 0 {
            return Err(SnapshotError::Damaged("reserved"));
        }
        Ok(Self {
            version: Self::VERSION,
            state: match first >> STATE & 0xf {
                0 => CircuitState::Closed,
                1 => CircuitState::Open,
                2 => CircuitState::HalfOpen,
                _ => return Err(SnapshotError::Damaged("state")),
            },
            mode: match first >> MODE & 0xf {
                0 => Mode::Normal,
                1 => Mode::Isolated,
                2 => Mode::Disabled,
                3 => Mode::Shadow,
                _ => return Err(SnapshotError::Damaged("mode")),
            },
            failure_count: (first >> FAILURE_COUNT) as u16,
            successes: second as u8,
            remaining_ms,
            last_failure_ago_ms: match u64::from(high) << 32 | u64::from(low) {
                NEVER => None,
                ago => Some(ago),
            },
            reopenings: (second >> REOPENINGS) as u8,
            probe_failures: (second >> PROBE_FAILURES) as u8,
            ramp_left_ms,
        })
    }
}

fn word(bytes: &[u8], index: usize) -> u32 {
    bytes.iter().skip(4 * index).take(4).rev().fold(0, |word, &byte| word << 8 | u32::from(byte))
}

/// Bit by bit: a table of its 256 values would take a kilobyte of flash, and there are few bytes.
fn crc_32(bytes: &[u8]) -> u32 {
    let crc = bytes.iter().fold(u32::MAX, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| crc >> 1 ^ (0xedb8_8320 & (crc & 1).wrapping_neg()))
    });
    !crc
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use super::*;
    use crate::time::MAX_INTERVAL_MS;

    // Where in the bytes they stand.
    const VERSION: usize = 0;
    const STATE_AND_MODE: usize = 1;
    const FAILURE_COUNT: usize = 2;
    const SUCCESSES: usize = 4;
    const PROBE_FAILURES: usize = 6;
    const RESERVED: usize = 7;
    const REMAINING: usize = 8;
    const RAMP_LEFT: usize = 12;
    const LAST_FAILURE_AGO: usize = 16;
    const CHECK_VALUE: usize = 24;

    const OPEN: Snapshot = Snapshot {
        version: Snapshot::VERSION,
        state: CircuitState::Open,
        mode: Mode::Shadow,
        failure_count: 0x0312,
        successes: 0,
        remaining_ms: 0x7654_3210,
        last_failure_ago_ms: Some(0x001f_cdef_89ab_4567),
        reopenings: 0xa5,
        probe_failures: 0,
        ramp_left_ms: 0,
    };

    /// Read aloud by the table in the docs of `to_bytes`; the last four are from Python's `zlib.crc32`.
    #[rustfmt::skip]
    const GOLDEN: Bytes = [
        1, 0x31, 0x12, 0x03, 0, 0xa5, 0, 0, 0x10, 0x32, 0x54, 0x76, 0, 0, 0, 0,
        0x67, 0x45, 0xab, 0x89, 0xef, 0xcd, 0x1f, 0x00, 0x8b, 0xbe, 0x17, 0xbb,
    ];

    /// Its bytes with some of them changed, and a check value that fits.
    fn forged(changes: &[(usize, u8)]) -> Bytes {
        let mut bytes = GOLDEN;
        changes.iter().for_each(|&(at, byte)| bytes[at] = byte);
        let check = crc_32(&bytes[..CHECK_VALUE]);
        bytes[CHECK_VALUE..].copy_from_slice(&check.to_le_bytes());
        bytes
    }

    #[test]
    fn a_snapshot_is_these_bytes_and_no_others() {
        assert_eq!(OPEN.to_bytes(), GOLDEN);
        assert_eq!(Snapshot::from_bytes(&GOLDEN), Ok(OPEN));
        // As every table of checksums has it.
        assert_eq!(crc_32(b"123456789"), 0xcbf4_3926);
    }

    #[test]
    fn states_modes_and_the_fields_that_open_does_not_have_keep_their_places() {
        let none = Snapshot { last_failure_ago_ms: None, reopenings: 0, remaining_ms: 0, failure_count: 0, ..OPEN };
        let closed = Snapshot { state: CircuitState::Closed, mode: Mode::Normal, ramp_left_ms: 0x0102_0304, ..none };
        let probing = Snapshot { state: CircuitState::HalfOpen, successes: 63, probe_failures: 15, ..none };
        let isolated = Snapshot { mode: Mode::Isolated, ..none };
        let disabled = Snapshot { mode: Mode::Disabled, ramp_left_ms: 0, ..closed };
        let never = [0xff; 8];
        for (snapshot, head, times) in [
            (closed, [1, 0x00, 0, 0, 0, 0, 0, 0], [0, 0, 0, 0, 4, 3, 2, 1]),
            (probing, [1, 0x32, 0, 0, 63, 0, 15, 0], [0; 8]),
            (isolated, [1, 0x11, 0, 0, 0, 0, 0, 0], [0; 8]),
            (disabled, [1, 0x20, 0, 0, 0, 0, 0, 0], [0; 8]),
        ] {
            let bytes = snapshot.to_bytes();
            assert_eq!(
                (&bytes[..8], &bytes[8..16], &bytes[16..24]),
                (&head[..], &times[..], &never[..]),
                "{snapshot:?}"
            );
            assert_eq!(Snapshot::from_bytes(&bytes), Ok(snapshot));
        }
    }

    #[test]
    fn memory_into_which_nothing_was_stored_is_empty_and_not_damaged() {
        for length in 0..64 {
            for byte in [0x00, 0xff] {
                assert_eq!(Snapshot::from_bytes(&[byte; 64][..length]), Err(SnapshotError::Empty), "{length} {byte}");
            }
        }
        assert_eq!(Snapshot::from_bytes(&[0x55; Snapshot::BYTES]), Err(SnapshotError::CheckValue));
    }

    #[test]
    fn each_single_bit_that_changes_is_noticed() {
        for bit in 0..Snapshot::BYTES * 8 {
            let mut bytes = GOLDEN;
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(Snapshot::from_bytes(&bytes), Err(SnapshotError::CheckValue), "bit {bit}");
        }
    }

    #[test]
    fn each_length_but_the_right_one_is_an_error_that_tells_it() {
        let mut long = GOLDEN.to_vec();
        long.extend(GOLDEN);
        for length in (1..long.len()).filter(|&length| length != Snapshot::BYTES) {
            assert_eq!(Snapshot::from_bytes(&long[..length]), Err(SnapshotError::Length(length)));
        }
        // Whole, and of this version, but not as long as it is.
        let mut shorter: Vec<u8> = GOLDEN[..20].to_vec();
        shorter.extend(crc_32(&shorter).to_le_bytes());
        assert_eq!(Snapshot::from_bytes(&shorter), Err(SnapshotError::Length(24)));
    }

    #[test]
    fn a_whole_one_of_another_version_is_told_as_such_whatever_its_length() {
        for version in [0, 2, 0xff] {
            let error = Err(SnapshotError::Version(version.into()));
            assert_eq!(Snapshot::from_bytes(&forged(&[(VERSION, version)])), error);
            let mut other = std::vec![version, 7, 7];
            other.extend(crc_32(&other).to_le_bytes());
            assert_eq!(Snapshot::from_bytes(&other), error);
        }
    }

    #[test]
    fn values_that_no_breaker_can_have_are_refused_though_the_check_value_fits() {
        let refused = |changes: &[(usize, u8)], field| {
            let error = Err(SnapshotError::Damaged(field));
            assert_eq!(Snapshot::from_bytes(&forged(changes)), error, "{changes:?}");
        };
        assert_eq!(forged(&[]), GOLDEN);
        refused(&[(STATE_AND_MODE, 0x33)], "state");
        refused(&[(STATE_AND_MODE, 0x3f)], "state");
        refused(&[(STATE_AND_MODE, 0x41)], "mode");
        refused(&[(STATE_AND_MODE, 0x10)], "mode");
        refused(&[(FAILURE_COUNT + 1, 0x04)], "failure_count");
        refused(&[(SUCCESSES, 1)], "successes");
        refused(&[(PROBE_FAILURES, 1)], "probe_failures");
        refused(&[(RESERVED, 1)], "reserved");
        refused(&[(REMAINING + 3, (MAX_INTERVAL_MS >> 24) as u8 + 1)], "remaining_ms");
        refused(&[(RAMP_LEFT, 1)], "ramp_left_ms");
        refused(&[(LAST_FAILURE_AGO + 6, 0x20)], "last_failure_ago_ms");
    }
}
