#![no_std]
#![deny(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

//! A circuit breaker that is the same everywhere: on a microcontroller without a heap, in a browser, on a server.
//!
//! > **The one invariant.** There is one implementation of the rules: [`step`](machine::step), a pure function of integers,
//! > `(policy, state, event, now) -> (next state or unchanged, effect)`. Everything else is a shell around it, and no
//! > shell decides anything again.
//!
//! ```
//! # #[cfg(feature = "std")] {
//! use core::time::Duration;
//! use halfopen::{CallError, CircuitBreaker, Config};
//!
//! let config = Config::new().failure_threshold(5).recovery_timeout(Duration::from_secs(30));
//! let uploads = CircuitBreaker::new("s3_upload", config);
//!
//! match uploads.call(|| "42".parse::<u32>()) {
//!     Ok(value) => assert_eq!(value, 42),
//!     Err(CallError::Open(refused)) => println!("{refused}"),
//!     Err(CallError::Inner(error)) => println!("upload failed: {error}"),
//! }
//! # }
//! ```
//!
//! # States
//!
//! A circuit is CLOSED while the operation works. The n-th consecutive failure makes it OPEN: requests are refused at
//! once, and nobody waits for what is broken. When the recovery timeout has passed, the next request becomes a probe
//! and the circuit HALF_OPEN; enough successful probes close it, one failure opens it again. Time is compared when
//! somebody asks: there are no timers, threads or callbacks.
//!
//! # Three ways to use it
//!
//! - [`CircuitBreaker::call`] (and `call_async`, `call_with`, `wrap`) does everything.
//! - [`CircuitBreaker::try_acquire`] gives a [`Permit`], to be told how the request ended.
//! - [`allow_request`](CircuitBreaker::allow_request), [`record_success`](CircuitBreaker::record_success) and
//!   [`record_failure`](CircuitBreaker::record_failure) are the bare calls, which cannot tell a late result.
//!
//! # Rules
//!
//! The n-th failure in a row is the default. [`rules`] has the others, each a type that costs only who names it: the share of
//! failures or slow calls among the last N calls or over a time, slow calls as failures, and a way back by growing
//! times, by k of n probes, by a ramp.
//!
//! # Over a reset
//!
//! [`CircuitBreaker::snapshot`] gives what is worth keeping and [`CircuitBreaker::restore`] takes it over, on whatever clock:
//! what was left of an opening is left again, never more than one open time. A [`Snapshot`] is text by serde, or 28 bytes
//! with a check value; [`storage`] keeps it in RAM that survives a reset, or in flash. After damage there is an error, and
//! the breaker is a fresh one.
//!
//! # Features
//!
//! | feature | what it adds |
//! | --- | --- |
//! | `std` (default) | `SystemClock` and constructors that use it, impls for `Arc` |
//! | `serde` | reading and writing of configuration, state names and snapshots |
//! | `log`, `tracing` | a line at INFO for each transition, nothing else to do |
//! | `metrics` | counters and gauges through the crate `metrics`, for Prometheus and others: see the module `metrics` |
//! | `defmt` | the same as `log`, and `Format` for every type; `defmt` itself keeps INFO only if the application is built with `DEFMT_LOG=info` |
//! | `embassy-time-v0_5` | `EmbassyClock`, by the driver that `embassy-time` 0.5 has |
//! | `fugit-v0_3`, `fugit-v0_6` | `FugitClock`, by a function that gives instants of `fugit`: RTIC's monotonics 2 and 3, HALs' timers |
//! | `embedded-hal`, `embedded-hal-async` | guards for I2C and SPI: see the module `hal` |
//! | `embedded-io-v0_7`, `embedded-io-async-v0_7`, `embedded-io-v0_6`, `embedded-io-async-v0_6` | guards for streams such as a UART |
//! | `hal` | the guard by itself, for devices with traits that this crate does not know; the six above bring it |
//! | `sequential-storage-v8` | snapshots as values of a map of that crate, in any NOR flash; needs Rust 1.87 |
//! | `redis` | circuits that a fleet shares through Redis: see the module `redis`; needs Rust 1.88 |
//! | `redis-tokio` | the fleet's driver as tasks on a runtime of tokio, in the place of two threads; needs Rust 1.88 |
//! | `redis-tls-rustls` | TLS for that, by `rustls` with `ring` and the certificates that the system trusts |
//! | `tower` | a layer for services of `tower`: see the module `tower` |
//! | `http` | what that layer knows of HTTP and gRPC, by the types of `http` 1 |
//! | `retry` | attempts that ask the circuit each time, sync and async, with backoff and a budget: see the module `retry` |
//! | `retry-sleep` | the wait between them by tokio's timer, in wasm by JavaScript's, where none is named |
//! | `retry-embassy-v0_5` | the same by the driver that `embassy-time` 0.5 has, for who names it |
//! | `cli` | nothing in the library: the program `halfopen`, which lists, watches and commands the circuits of a fleet (`cargo install halfopen --features cli`); needs Rust 1.88 |
//!
//! Features whose crates break often carry the version. Nothing here asks for an implementation of `critical-section` on a
//! target that has compare-and-swap.
//!
//! # Limits
//!
//! - A timeout, a lease and the time that is measured are at most 2^31 - 1 ms, 24.8 days. An OPEN circuit that nobody asks
//!   for longer than that may wait for one more timeout, and a ramp-up that nobody has seen end may begin once more.
//! - Failures are counted up to 1,023, successes of probes up to 63, probes in flight up to 15; a window over calls holds up
//!   to 1,024, a bucket of a window over time counts up to 16,777,215.
//! - Generations are counted modulo 512. An outcome that comes exactly 512 transitions late counts as a current one;
//!   and where exactly 511 or 512 rounds of probes were given up in one HALF_OPEN, one reopening is not counted.
//! - With more than one probe at a time, all of a round share one lease, which the latest admission renews.
//! - A clock that goes back counts as one that stands still; the wait begins anew when somebody asks.
//!
//! # Targets without compare-and-swap
//!
//! On Cortex-M0 and RISC-V without the A extension the application chooses how it is made, by a feature of
//! `portable-atomic`: `unsafe-assume-single-core` or `critical-section`. This crate enables neither. The first does not build on
//! a host: let it stand below `[target.'cfg(not(target_has_atomic = "ptr"))'.dependencies]`, and tests go on there.

#[cfg(feature = "redis")]
extern crate alloc;
#[cfg(any(feature = "std", test))]
extern crate std;

// Pure values.
#[forbid(unsafe_code)]
mod circuit;
#[forbid(unsafe_code)]
mod config;
#[forbid(unsafe_code)]
mod config_error;
#[forbid(unsafe_code)]
mod event;
#[forbid(unsafe_code)]
mod prefix;
#[forbid(unsafe_code)]
mod rule;
#[forbid(unsafe_code)]
mod snapshot;
#[forbid(unsafe_code)]
mod state;
#[forbid(unsafe_code)]
mod step;
#[forbid(unsafe_code)]
mod time;
#[forbid(unsafe_code)]
mod transition;

// Shells.
mod atomics;
mod breaker;
mod call;
mod cell;
mod clock;
mod contract;
mod error;
#[cfg(not(halfopen_loom))] // of one thread
#[forbid(unsafe_code)]
pub mod local;
mod logging;
mod observer;
mod permit;
#[cfg(all(feature = "std", not(halfopen_loom)))] // its locks are not loom's
#[forbid(unsafe_code)]
mod registry;
#[forbid(unsafe_code)]
pub mod rules;
#[forbid(unsafe_code)]
pub mod storage;
// Not where the standard library has no clock: `Instant::now()` would panic.
#[cfg(all(feature = "std", not(all(target_family = "wasm", target_os = "unknown"))))]
mod system_clock;
mod table;

// Ecosystem adapters.
#[cfg(feature = "defmt")]
mod defmt;
#[cfg(feature = "hal")]
#[forbid(unsafe_code)]
pub mod hal;
// Where there is a clock to time an opening by.
#[cfg(all(feature = "metrics", not(all(target_family = "wasm", target_os = "unknown"))))]
#[forbid(unsafe_code)]
pub mod metrics;
#[cfg(feature = "redis")]
pub mod redis;
#[cfg(feature = "retry")]
#[forbid(unsafe_code)]
pub mod retry;
#[cfg(feature = "serde")]
mod serde;
#[cfg(all(feature = "tower", not(halfopen_loom)))]
#[forbid(unsafe_code)]
pub mod tower;

pub use breaker::CircuitBreaker;
pub use circuit::{CircuitState, Mode};
#[cfg(feature = "embassy-time-v0_5")]
pub use clock::EmbassyClock;
pub use clock::{Clock, DefaultClock, FnClock, ManualClock, TickClock};
#[cfg(any(feature = "fugit-v0_3", feature = "fugit-v0_6"))]
pub use clock::{FugitClock, FugitInstant};
pub use config::{CircuitBreakerConfiguration, StatePersistence};
pub use config_error::{ConfigError, ConfigErrorText};
pub use contract::Breaker;
pub use error::{CallError, CircuitOpenError};
pub use event::{CallReport, Outcome, Receipt, Refusal};
pub use observer::{Observer, OnTransition};
pub use permit::Permit;
pub use prefix::KeyPrefix;
#[cfg(all(feature = "std", not(halfopen_loom)))]
pub use registry::{
    BreakerFactory, CircuitBreakerRegistry, LocalBreakers, RegistryConfig, RegistryEntry, RegistryError,
};
#[cfg(feature = "retry")]
pub use retry::{RetryBudget, RetryError, RetryPolicy, retry, retry_async, wrap_retry, wrap_retry_async};
pub use snapshot::{Snapshot, SnapshotError};
#[cfg(all(feature = "std", not(all(target_family = "wasm", target_os = "unknown"))))]
pub use system_clock::SystemClock;
pub use table::{BreakerTable, Entry, TableError};
pub use time::Timestamp;
pub use transition::{Reason, Tally, Transition, Window};

/// The state machine by itself: for those who build another shell around it, such as a store, a port or a model.
///
/// ```
/// use halfopen::machine::{Event, State, Verdict, step};
/// use halfopen::{Config, Timestamp};
///
/// let policy = Config::new().validate()?;
/// let asked = step(&policy, State::NEW, Event::Acquire, Timestamp::ZERO);
/// assert!(matches!(asked.effect.verdict, Verdict::Admitted(_)));
/// # Ok::<(), halfopen::ConfigError>(())
/// ```
pub mod machine {
    pub use crate::config::{AdaptivePolicy, Policy, Recovery, SlowPolicy, TimeWindowPolicy, WindowPolicy};
    pub use crate::event::{Effect, Event, Step, Ticket, Verdict};
    pub use crate::rule::{Counts, Judgement, Luck, TripRule};
    pub use crate::state::State;
    pub use crate::step::{step, step_with};
}

/// The short name of [`CircuitBreakerConfiguration`].
pub type Config = CircuitBreakerConfiguration;
