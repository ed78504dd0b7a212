//! Guarded streams, by each version of `embedded-io`.

mod v0_6;
mod v0_7;
