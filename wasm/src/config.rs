//! Numbers that come in for a configuration or a snapshot, one call each.
//!
//! ```
//! use halfopen_wasm::exports;
//!
//! (0..17).for_each(|place| exports::set(place, halfopen_wasm::config::NONE));
//! exports::set(3, 99); // as many probes at once
//! assert_eq!(exports::create(0, false), 0);
//! assert_eq!([0, 1, 2, 3, 4].map(exports::out), [3, 0, 99, 1, 15]); // field 3: out of range, is 99, must be 1 to 15
//! ```

use core::sync::atomic::{AtomicU32, Ordering::Relaxed};

use halfopen::local::{ConfigNumbers, NumbersError, NumbersProblem};

use crate::told;

static IN: [AtomicU32; ConfigNumbers::COUNT] = [const { AtomicU32::new(0) }; ConfigNumbers::COUNT];

/// In the place of a number: nothing is said.
pub const NONE: u32 = ConfigNumbers::NOTHING;

/// Sets a number, or [`NONE`].
pub(crate) fn set(place: usize, value: u32) {
    if let Some(number) = IN.get(place) {
        number.store(value, Relaxed);
    }
}

/// The first numbers that were set.
pub(crate) fn read<const N: usize>() -> [u32; N] {
    core::array::from_fn(|place| IN.get(place).map_or(NONE, |number| number.load(Relaxed)))
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
