//! How many words a window of N calls takes: stable Rust cannot say `[AtomicU32; N.div_ceil(13)]`, so a trait does, for
//! some N. It compares its implementations with one another, and a thousand of them would make this crate take ten times
//! as long to compile.
//!
//! ```compile_fail,E0277
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
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Calls<const N: usize> {}

/// That there is room for so many calls. The [`Calls`] that have it are 1 to 16, and 20, 24, 25, 30, 32, 40, 48, 50, 60, 64,
/// 75, 80, 96, 100, 120, 128, 150, 160, 192, 200, 250, 256, 300, 320, 400, 500, 512, 600, 640, 750, 768, 800, 1,000, 1,024.
/// For a window of any other size take the next greater room and
/// [`sliding_window_size`](crate::CircuitBreakerConfiguration::sliding_window_size).
#[diagnostic::on_unimplemented(
    message = "a count window has no room of this size",
    label = "not one of the sizes that there are",
    note = "take a greater one of those that `halfopen::rules::Room` lists, up to 1,024, with `sliding_window_size`"
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

macro_rules! room {
    ($($calls:literal)*) => { $(
        impl Room for Calls<$calls> {
            #[cfg(not(halfopen_loom))]
            type Words = [AtomicU32; usize::div_ceil($calls, 13)];

            #[cfg(not(halfopen_loom))]
            #[allow(clippy::declare_interior_mutable_const)] // each use is to be one of its own
            const EMPTY: Self::Words = [const { AtomicU32::new(0) }; usize::div_ceil($calls, 13)];

            // A word holds fewer calls under loom.
            #[cfg(halfopen_loom)]
            type Words = Box<[AtomicU32]>;

            #[cfg(halfopen_loom)]
            fn empty() -> Self::Words {
                (0..=$calls / 2).map(|_| AtomicU32::new(0)).collect()
            }
        }
    )* };
}

#[cfg(halfopen_loom)]
use std::boxed::Box;

room! {
    1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 20 24 25 30 32 40 48 50 60 64 75 80 96 100 120 128 150 160 192 200 250 256
    300 320 400 500 512 600 640 750 768 800 1000 1024
}
