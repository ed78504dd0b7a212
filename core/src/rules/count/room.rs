//! How many words a window of N calls takes: stable Rust cannot say `[AtomicU32; N.div_ceil(13)]`, so a trait does.
//!
//! ```compile_fail
//! use halfopen::rules::CountWindow;
//! use halfopen::{CircuitBreaker, Config, ManualClock};
//!
//! let clock = ManualClock::new();
//! let rule = CountWindow::<5_000>::with(Config::new()); // no such room
//! let breaker = CircuitBreaker::with_rule("radio", rule, &clock, ());
//! ```

use crate::atomics::AtomicU32;

/// The calls of a [`CountWindow`](super::CountWindow), as a type.
#[derive(Debug)]
pub enum Calls<const N: usize> {}

/// That there is room for so many calls: implemented for 1 to 1,027 [`Calls`].
#[diagnostic::on_unimplemented(
    message = "a count window holds 1 to 1,027 calls",
    label = "no window of this size",
    note = "more calls than that are better counted over time: `TimeWindow`"
)]
pub trait Room {
    /// The words.
    #[doc(hidden)]
    type Words: AsRef<[AtomicU32]>;

    #[doc(hidden)]
    #[cfg(not(halfopen_loom))]
    const EMPTY: Self::Words;

    #[doc(hidden)]
    #[cfg(halfopen_loom)]
    fn empty() -> Self::Words;
}

/// The thirteen sizes of each number of words.
macro_rules! room {
    ($($words:literal)*) => { $(room!(@ $words 0 1 2 3 4 5 6 7 8 9 10 11 12);)* };
    (@ $words:literal $($fewer:literal)*) => { $(
        impl Room for Calls<{ 13 * $words - $fewer }> {
            #[cfg(not(halfopen_loom))]
            type Words = [AtomicU32; $words];

            #[cfg(not(halfopen_loom))]
            #[allow(clippy::declare_interior_mutable_const)] // each use is to be one of its own
            const EMPTY: Self::Words = [const { AtomicU32::new(0) }; $words];

            // A word holds fewer calls under loom.
            #[cfg(halfopen_loom)]
            type Words = Box<[AtomicU32]>;

            #[cfg(halfopen_loom)]
            fn empty() -> Self::Words {
                (0..=(13 * $words - $fewer) / 2).map(|_| AtomicU32::new(0)).collect()
            }
        }
    )* };
}

#[cfg(halfopen_loom)]
use std::boxed::Box;

room! {
    1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32 33 34 35 36 37 38 39 40
    41 42 43 44 45 46 47 48 49 50 51 52 53 54 55 56 57 58 59 60 61 62 63 64 65 66 67 68 69 70 71 72 73 74 75 76 77 78
    79
}
