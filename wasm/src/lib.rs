//! The breaker of the npm package `halfopen`: a thin layer over the core, whose boundary is numbers.
//!
//! The JavaScript binding comes with the npm package; this much proves that the core builds for
//! `wasm32-unknown-unknown` without an operating system.
//!
//! ```
//! use halfopen::Config;
//! use halfopen_wasm::WasmBreaker;
//!
//! let policy = Config::new().failure_threshold(1).validate().unwrap();
//! let breaker = WasmBreaker::with_policy("fetch", policy, halfopen::FnClock::new(|| 0), ());
//! assert!(breaker.allow_request());
//! ```

use halfopen::{CircuitBreaker, FnClock};

/// A breaker whose clock is a function of the host's that gives milliseconds.
pub type WasmBreaker = CircuitBreaker<FnClock>;
