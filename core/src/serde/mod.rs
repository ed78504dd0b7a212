//! What serde's formats hold: the configuration and snapshots, checked as they are read.

mod config;
#[cfg(all(feature = "std", not(halfopen_loom)))]
mod registry;
mod snapshot;
