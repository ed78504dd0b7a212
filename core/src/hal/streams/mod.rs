//! Guarded streams of bytes, such as a UART: one source for each version of `embedded-io` that is in use.

#[cfg(feature = "embedded-io-v0_6")]
mod v0_6;
#[cfg(feature = "embedded-io-v0_7")]
mod v0_7;
