//! Numbers that come in for a configuration or a snapshot, one call each.
//!
//! ```
//! use halfopen_wasm::exports;
//!
//! (0..17).for_each(|place| exports::set(place, f64::NAN));
//! exports::set(3, 99.0); // as many probes at once
//! assert_eq!(exports::create(0, false), 0);
//! assert_eq!([0, 1, 2, 3, 4].map(exports::out), [3, 0, 99, 1, 15]); // field 3: out of range, is 99, must be 1 to 15
//! ```

use core::array::from_fn;
use core::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};

use halfopen::Snapshot;
use halfopen::local::{ConfigNumbers, NumbersError, NumbersProblem};

use crate::told;

static IN: [AtomicU32; ConfigNumbers::COUNT] = [const { AtomicU32::new(0) }; ConfigNumbers::COUNT];

/// The number at [`WIDE`], which does not fit: milliseconds since a failure.
static LONG: AtomicU64 = AtomicU64::new(0);
const WIDE: usize = 6;

const NONE: u32 = ConfigNumbers::NOTHING;

/// Sets a number; NaN where nothing is said, and what no field may be for what is less than 0.
pub(crate) fn set(place: usize, value: f64) {
    if place == WIDE {
        LONG.store(value.to_bits(), Relaxed);
    }
    if let Some(number) = IN.get(place) {
        let most = NONE - 1;
        let small = if value >= 0.0 { most.min(value as u32) } else { most };
        number.store(if value.is_nan() { NONE } else { small }, Relaxed);
    }
}

/// The number of a snapshot that does not fit into 32 bits, if it was set.
pub(crate) fn long() -> Option<u64> {
    let value = f64::from_bits(LONG.load(Relaxed));
    if value.is_nan() {
        return None;
    }
    Some(if value >= 0.0 { value as u64 } else { u64::MAX })
}

/// The configuration that was set.
pub(crate) fn read() -> ConfigNumbers {
    ConfigNumbers::of(from_fn(|place| get(place, NONE)))
}

/// The numbers of the snapshot that was set. Those that may be missing stand last.
pub(crate) fn snapshot() -> [u32; Snapshot::NUMBERS] {
    from_fn(|place| get(place, if place > WIDE { 0 } else { NONE }))
}

/// A number, or another one where nothing was said.
fn get(place: usize, or: u32) -> u32 {
    let number = IN.get(place).map_or(NONE, |number| number.load(Relaxed));
    if number == NONE { or } else { number }
}

/// Leaves what there is to say of an error: the field; 0 for a value out of its range, which is followed by the value, the
/// least and the most that it may be; 1 for a field that is of no use; 2 for one that is of none without another, which
/// follows; 3 for one that is missing.
pub(crate) fn refuse(error: &NumbersError) {
    let (kind, numbers) = match error.problem {
        NumbersProblem::OutOfRange { value, least, most } => (0, [value, least, most]),
        NumbersProblem::Unused => (1, [0; 3]),
        NumbersProblem::Lonely(other) => (2, [other as u32, 0, 0]),
        NumbersProblem::Missing => (3, [0; 3]),
    };
    told::write(0, error.field as u32);
    told::write(1, kind);
    told::write(2, numbers[0]);
    told::write(3, numbers[1]);
    told::write(4, numbers[2]);
}
