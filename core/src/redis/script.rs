//! The script that decides for a fleet, and its name on a server.
//!
//! What it does is said by `docs/fleet-protocol.md`. A server that knows it by its name needs no text: `EVALSHA` first, and
//! `EVAL` where the answer is `NOSCRIPT`. The text goes as it is: a server gets it once.

/// The text for `EVAL`.
pub const SCRIPT: &str = include_str!("breaker.lua");

/// The SHA-1 of [`SCRIPT`] in hexadecimal digits, for `EVALSHA`. A test compares the two, and says what it should be.
pub const SCRIPT_SHA1: &str = "d9246280278d08c17bce53d20fbb1d8a451f93b3";
