//! One instance of a fleet, with the script in an interpreter: what it shares with nobody must be what a breaker by itself does.
//!
//! ```
//! use conformance::{By, Shell};
//! use halfopen::Config;
//! use shells::FleetShell;
//!
//! let mut ran = false;
//! FleetShell.build(By::Consecutive, Config::new().failure_threshold(1), &mut |breaker| {
//!     breaker.record(halfopen::Outcome::Failure);
//!     ran = !breaker.allow_request();
//! }).unwrap();
//! assert!(ran);
//! ```

mod interpreter;
mod subject;

pub use interpreter::{Interpreter, Perhaps, SERVER_EPOCH_US, with_interpreter};
pub use subject::FleetShell;

/// The examples of the guide, compiled and run; no Redis answers them.
#[cfg(doctest)]
#[doc = include_str!("../../../../docs/guide/src/fleet.md")]
struct Guide;
