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

use super::{Snapshot, SnapshotError};
use crate::circuit::{CircuitState, Mode};

// Where each field begins. Its length is that of its type.
const VERSION: usize = 0;
const STATE_AND_MODE: usize = 1;
const FAILURE_COUNT: usize = 2;
const SUCCESSES: usize = 4;
const REOPENINGS: usize = 5;
const PROBE_FAILURES: usize = 6;
const RESERVED: usize = 7;
const REMAINING: usize = 8;
const RAMP_LEFT: usize = 12;
const LAST_FAILURE_AGO: usize = 16;
const CHECK_VALUE: usize = 24;

/// The mode stands above the state.
const MODE_SHIFT: u32 = 4;
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
        let mut bytes = [0; Self::BYTES];
        let state = match self.state {
            CircuitState::Closed => 0,
            CircuitState::Open => 1,
            CircuitState::HalfOpen => 2,
        };
        let mode: u8 = match self.mode {
            Mode::Normal => 0,
            Mode::Isolated => 1,
            Mode::Disabled => 2,
            Mode::Shadow => 3,
        };
        put::<VERSION, 1>(&mut bytes, [self.version]);
        put::<STATE_AND_MODE, 1>(&mut bytes, [state | mode << MODE_SHIFT]);
        put::<FAILURE_COUNT, 2>(&mut bytes, self.failure_count.to_le_bytes());
        put::<SUCCESSES, 1>(&mut bytes, [self.successes]);
        put::<REOPENINGS, 1>(&mut bytes, [self.reopenings]);
        put::<PROBE_FAILURES, 1>(&mut bytes, [self.probe_failures]);
        put::<REMAINING, 4>(&mut bytes, self.remaining_ms.to_le_bytes());
        put::<RAMP_LEFT, 4>(&mut bytes, self.ramp_left_ms.to_le_bytes());
        put::<LAST_FAILURE_AGO, 8>(&mut bytes, self.last_failure_ago_ms.unwrap_or(NEVER).to_le_bytes());
        let check = crc_32(&get::<VERSION, CHECK_VALUE>(&bytes));
        put::<CHECK_VALUE, 4>(&mut bytes, check.to_le_bytes());
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
        if bytes.iter().all(|&byte| byte == 0x00) || bytes.iter().all(|&byte| byte == 0xff) {
            return Err(SnapshotError::Empty);
        }
        let length = SnapshotError::Length(bytes.len());
        let fits = <&Bytes>::try_from(bytes);
        let (&[version, ..], Some((body, check))) = (bytes, bytes.split_last_chunk()) else { return Err(length) };
        if crc_32(body) != u32::from_le_bytes(*check) {
            return Err(if fits.is_ok() { SnapshotError::CheckValue } else { length });
        }
        if version != Self::VERSION {
            return Err(SnapshotError::Version(version.into()));
        }
        let snapshot = Self::from_fields(fits.map_err(|_| length)?)?;
        snapshot.check()?;
        Ok(snapshot)
    }

    fn from_fields(bytes: &Bytes) -> Result<Self, SnapshotError> {
        let [state_and_mode] = get::<STATE_AND_MODE, 1>(bytes);
        if get::<RESERVED, 1>(bytes) != [0] {
            return Err(SnapshotError::Damaged("reserved"));
        }
        let [successes] = get::<SUCCESSES, 1>(bytes);
        let [reopenings] = get::<REOPENINGS, 1>(bytes);
        let [probe_failures] = get::<PROBE_FAILURES, 1>(bytes);
        Ok(Self {
            version: Self::VERSION,
            state: match state_and_mode % (1 << MODE_SHIFT) {
                0 => CircuitState::Closed,
                1 => CircuitState::Open,
                2 => CircuitState::HalfOpen,
                _ => return Err(SnapshotError::Damaged("state")),
            },
            mode: match state_and_mode >> MODE_SHIFT {
                0 => Mode::Normal,
                1 => Mode::Isolated,
                2 => Mode::Disabled,
                3 => Mode::Shadow,
                _ => return Err(SnapshotError::Damaged("mode")),
            },
            failure_count: u16::from_le_bytes(get::<FAILURE_COUNT, 2>(bytes)),
            successes,
            remaining_ms: u32::from_le_bytes(get::<REMAINING, 4>(bytes)),
            last_failure_ago_ms: match u64::from_le_bytes(get::<LAST_FAILURE_AGO, 8>(bytes)) {
                NEVER => None,
                ago => Some(ago),
            },
            reopenings,
            probe_failures,
            ramp_left_ms: u32::from_le_bytes(get::<RAMP_LEFT, 4>(bytes)),
        })
    }
}

/// The bytes from `AT` on. By constants, so that no check of a length is left.
fn get<const AT: usize, const N: usize>(bytes: &Bytes) -> [u8; N] {
    let mut field = [0; N];
    field.copy_from_slice(&bytes[AT..AT + N]);
    field
}

fn put<const AT: usize, const N: usize>(bytes: &mut Bytes, field: [u8; N]) {
    bytes[AT..AT + N].copy_from_slice(&field);
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
        put::<CHECK_VALUE, 4>(&mut bytes, check.to_le_bytes());
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
                (get::<0, 8>(&bytes), get::<8, 8>(&bytes), get::<16, 8>(&bytes)),
                (head, times, never),
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
