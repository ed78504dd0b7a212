//! Retries: what is tried again, when, and what the breaker hears of it; blocking and async alike, by a clock that naps move.

#![cfg(all(feature = "retry", feature = "std", not(halfopen_loom)))]

mod attempts;
mod budgets;
mod cancelled;
mod hints;
mod open;
mod panics;
mod platforms;
mod rig;
#[cfg(feature = "redis")]
mod shared;
