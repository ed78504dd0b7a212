//! Snapshots as numbers, for formats and languages that name the fields themselves.
//!
//! ```
//! use halfopen::{CircuitBreaker, Config, ManualClock, Snapshot, SnapshotError};
//!
//! let clock = ManualClock::new();
//! let breaker = CircuitBreaker::with_clock("radio", Config::new(), &clock);
//! let mut numbers = breaker.snapshot().to_numbers();
//! breaker.restore(&Snapshot::from_numbers(&numbers)?)?;
//!
//! numbers[0] = 2;
//! assert_eq!(Snapshot::from_numbers(&numbers), Err(SnapshotError::Version(2)));
//! # Ok::<(), SnapshotError>(())
//! ```

use core::array::from_fn;

use super::{MAX_AGO_MS, Snapshot, SnapshotError};
use crate::circuit::{CircuitState, Mode};
use crate::state::{MAX_COUNT, MAX_SUCCESSES, MAX_TRIALS};
use crate::time::MAX_INTERVAL_MS;

impl Snapshot {
    /// How many numbers a snapshot is.
    pub const NUMBERS: usize = 10;
    /// In the place of a number: there is none.
    pub const NO_NUMBER: i64 = i64::MIN;
    /// The names of the fields in every format, in the order of the numbers.
    pub const FIELDS: [&'static str; Self::NUMBERS] = [
        "version",
        "state",
        "mode",
        "failure_count",
        "successes",
        "remaining_ms",
        "last_failure_ago_ms",
        "reopenings",
        "probe_failures",
        "ramp_left_ms",
    ];

    /// The snapshot as numbers: version; state (0 closed, 1 open, 2 half_open); mode (0 normal, 1 isolated, 2 disabled,
    /// 3 shadow); `failure_count`; `successes`; `remaining_ms`; `last_failure_ago_ms`, which may be
    /// [`NO_NUMBER`](Self::NO_NUMBER); `reopenings`; `probe_failures`; `ramp_left_ms`. None is above 2^53 - 1.
    #[must_use]
    pub fn to_numbers(&self) -> [i64; Self::NUMBERS] {
        [
            self.version.into(),
            self.state as i64,
            self.mode as i64,
            self.failure_count.into(),
            self.successes.into(),
            self.remaining_ms.into(),
            self.last_failure_ago_ms.map_or(Self::NO_NUMBER, |ago| ago.min(MAX_AGO_MS) as i64),
            self.reopenings.into(),
            self.probe_failures.into(),
            self.ramp_left_ms.into(),
        ]
    }

    /// Reads what [`to_numbers`](Self::to_numbers) gave. The last three are 0 where there is none, for not all formats write
    /// them.
    ///
    /// # Errors
    ///
    /// - [`SnapshotError::Version`] if another version wrote them.
    /// - [`SnapshotError::Damaged`] with the field's name if a number is missing, or no breaker can have it.
    pub fn from_numbers(numbers: &[i64; Self::NUMBERS]) -> Result<Self, SnapshotError> {
        let small = from_fn(|place| match numbers[place] {
            Self::NO_NUMBER if place > AGO => 0,
            // No field may be that large.
            number => u32::try_from(number).unwrap_or(u32::MAX),
        });
        let ago = match numbers[AGO] {
            Self::NO_NUMBER => None,
            // One that is negative is too large then.
            number => Some(number as u64),
        };
        Self::try_from_numbers(&small, ago).map_err(|field| match field {
            0 => SnapshotError::Version(numbers[0]),
            field => SnapshotError::Damaged(Self::FIELDS.get(field).copied().unwrap_or("")),
        })
    }

    /// As [`from_numbers`](Self::from_numbers), with all numbers but that of `last_failure_ago_ms` in 32 bits, and that one
    /// apart: what is in its place is not looked at. One that is missing but need not be is 0.
    ///
    /// # Errors
    ///
    /// The place of the number that is wrong, in [`FIELDS`](Self::FIELDS).
    pub fn try_from_numbers(numbers: &[u32; Self::NUMBERS], ago: Option<u64>) -> Result<Self, usize> {
        let &[
            version,
            state,
            mode,
            failure_count,
            successes,
            remaining_ms,
            _,
            reopenings,
            probe_failures,
            ramp_left_ms,
        ] = numbers;
        if version != u32::from(Self::VERSION) {
            return Err(0);
        }
        let state = match state {
            0 => CircuitState::Closed,
            1 => CircuitState::Open,
            2 => CircuitState::HalfOpen,
            _ => return Err(STATE),
        };
        let mode = match mode {
            0 => Mode::Normal,
            1 => Mode::Isolated,
            2 => Mode::Disabled,
            3 => Mode::Shadow,
            _ => return Err(MODE),
        };
        if !fits(state, mode) {
            return Err(MODE);
        }
        for (place, &number) in numbers.iter().enumerate().skip(MODE + 1) {
            let wrong = match place {
                AGO => ago.is_some_and(|ago| ago > MAX_AGO_MS),
                _ => number > most(place, state, mode),
            };
            if wrong {
                return Err(place);
            }
        }
        Ok(Self {
            version: Self::VERSION,
            state,
            mode,
            failure_count: failure_count as u16,
            successes: successes as u8,
            remaining_ms,
            last_failure_ago_ms: ago,
            reopenings: reopenings as u8,
            probe_failures: probe_failures as u8,
            ramp_left_ms,
        })
    }
}

// Places.
const STATE: usize = 1;
const MODE: usize = 2;
const AGO: usize = 6;

/// Whether a breaker in this mode can be in this state.
const fn fits(state: CircuitState, mode: Mode) -> bool {
    match mode {
        Mode::Normal | Mode::Shadow => true,
        Mode::Isolated => matches!(state, CircuitState::Open),
        Mode::Disabled => matches!(state, CircuitState::Closed),
    }
}

/// The most that the number in a place after the mode can be.
fn most(place: usize, state: CircuitState, mode: Mode) -> u32 {
    let (can, most) = match place {
        3 => (mode != Mode::Disabled, MAX_COUNT as u32),
        4 => (state == CircuitState::HalfOpen, MAX_SUCCESSES as u32),
        5 => (state == CircuitState::Open && mode != Mode::Isolated, MAX_INTERVAL_MS),
        7 => (state != CircuitState::Closed, u8::MAX as u32),
        8 => (state == CircuitState::HalfOpen, MAX_TRIALS as u32),
        _ => (state == CircuitState::Closed && mode != Mode::Disabled, MAX_INTERVAL_MS),
    };
    if can { most } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: i64 = Snapshot::NO_NUMBER;
    const KEPT: [i64; Snapshot::NUMBERS] = [1, 2, 3, 7, 2, 0, NONE, 4, 1, 0];
    fn with(place: usize, number: i64) -> Result<Snapshot, SnapshotError> {
        let mut numbers = KEPT;
        numbers[place] = number;
        Snapshot::from_numbers(&numbers)
    }

    #[test]
    fn a_snapshot_is_the_same_after_it_was_numbers() {
        for ago in [NONE, 0, MAX_AGO_MS as i64] {
            let snapshot = with(6, ago).unwrap();
            assert_eq!(snapshot.last_failure_ago_ms(), u64::try_from(ago).ok());
            assert_eq!(Snapshot::from_numbers(&snapshot.to_numbers()), Ok(snapshot));
        }
        let open = Snapshot::from_numbers(&[1, 1, 0, 1_023, 0, 9, NONE, NONE, NONE, NONE]).unwrap();
        assert_eq!((open.state(), open.remaining_ms(), open.reopenings()), (CircuitState::Open, 9, 0));
    }

    #[test]
    fn what_is_taken_for_a_snapshot_of_a_breaker_is_one_by_the_check_of_the_other_formats() {
        let edges = [0, 1, 15, 16, 63, 64, 255, 1_023, 1_024, 2_147_483_647, 2_147_483_648];
        for (state, mode) in (0..3).flat_map(|state| (0..4).map(move |mode| (state, mode))) {
            for (place, number) in (3..10).flat_map(|place| edges.map(|number| (place, number))) {
                let mut numbers = [1, state, mode, 0, 0, 0, NONE, 0, 0, 0];
                numbers[place] = number;
                let wide = match place {
                    3 => number > u16::MAX.into(),
                    4 | 7 | 8 => number > u8::MAX.into(),
                    _ => false,
                };
                let by_numbers = Snapshot::from_numbers(&numbers);
                if wide {
                    assert!(by_numbers.is_err());
                    continue;
                }
                let states = [CircuitState::Closed, CircuitState::Open, CircuitState::HalfOpen];
                let modes = [Mode::Normal, Mode::Isolated, Mode::Disabled, Mode::Shadow];
                let snapshot = Snapshot {
                    version: Snapshot::VERSION,
                    state: states[state as usize],
                    mode: modes[mode as usize],
                    failure_count: numbers[3] as u16,
                    successes: numbers[4] as u8,
                    remaining_ms: numbers[5] as u32,
                    last_failure_ago_ms: u64::try_from(numbers[6]).ok(),
                    reopenings: numbers[7] as u8,
                    probe_failures: numbers[8] as u8,
                    ramp_left_ms: numbers[9] as u32,
                };
                assert_eq!(by_numbers, snapshot.check().map(|()| snapshot));
            }
        }
    }

    #[test]
    fn each_number_that_no_breaker_has_is_told_with_its_field() {
        for (place, field) in Snapshot::FIELDS.iter().enumerate().skip(1) {
            assert_eq!(with(place, -1), Err(SnapshotError::Damaged(field)));
            assert_eq!(with(place, i64::MAX), Err(SnapshotError::Damaged(field)));
        }
        for (place, field) in Snapshot::FIELDS.iter().enumerate().take(6).skip(1) {
            assert_eq!(with(place, NONE), Err(SnapshotError::Damaged(field)));
        }
        assert_eq!(with(0, -1), Err(SnapshotError::Version(-1)));
    }
}
