//! The layer for services of tower: whatever becomes of a request, the count is right and no permit is lost.

#![cfg(all(feature = "tower", not(halfopen_loom)))]

mod asking;
#[cfg(feature = "http")]
mod bodies;
mod cancelled;
#[cfg(feature = "redis")]
mod fleet;
mod keyed;
mod outcomes;
mod panics;
mod refusals;
#[cfg(feature = "http")]
mod statuses;
mod support;
