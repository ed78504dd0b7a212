//! What serde's formats hold: the configuration and snapshots, checked as they are read.

mod config;
mod snapshot;
