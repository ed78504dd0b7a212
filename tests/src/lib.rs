#![no_std]
#![forbid(unsafe_code)]

//! One suite of scenarios for every shell of `halfopen`.
//!
//! > A [`Vector`] says what is done to a breaker and what must then be seen. It is plain data, and so the same one runs
//! > against the pure `step`, the atomic breaker, a store, another language and a microcontroller.
//!
//! The vectors stand in `vectors/*.json`; `README.md` beside them describes every field and how a new shell joins.
//! With the feature `json` (the default) this crate reads them; without it the crate is `no_std`, allocates nothing and
//! runs vectors that a build script has turned into constants by `to_rust`.
//!
//! ```
//! use conformance::{Action, Body, BreakerShell, Fact, Ran, Setup, Step, Vector, run};
//! use halfopen::{CircuitState, Outcome};
//!
//! let vector = Vector {
//!     name: "with a threshold of one the first failure opens the circuit",
//!     rule: "threshold",
//!     needs: &[],
//!     setup: Setup { failure_threshold: Some(1), ..Setup::DEFAULT },
//!     body: Body::Steps(&[Step {
//!         action: Action::Record(Outcome::Failure),
//!         times: 1,
//!         facts: &[Fact::State(CircuitState::Open)],
//!     }]),
//! };
//! assert_eq!(run(&vector, &BreakerShell), Ok(Ran::Passed { checks: 1, skipped: 0 }));
//! ```

#[cfg(feature = "json")]
extern crate std;

mod by;
mod fact;
mod mismatch;
mod recorder;
mod rules;
mod run;
mod setting;
mod setup;
mod shells;
mod subject;
mod vector;

#[cfg(feature = "json")]
mod generate;
#[cfg(feature = "json")]
mod json;
#[cfg(feature = "json")]
pub mod reference;
#[cfg(feature = "json")]
mod rust;

/// The library under test, which the source that `to_rust` writes names through this crate.
pub use halfopen;

pub use by::By;
pub use fact::{Change, Counted, Fact, Told};
pub use mismatch::Mismatch;
pub use recorder::Recorder;
pub use rules::RULES;
pub use run::{Ran, run};
pub use setting::{Nanos, Setting};
pub use setup::Setup;
pub use shells::{
    Adapting, Among, BreakerOf, BreakerShell, BreakerSubject, Every, First, LocalShell, Plain, Scripted, StepFn,
    StepShell, StepSubject, TableOf, TableShell, Tested, Visit,
};
pub use subject::{Capability, Shell, Subject};
pub use vector::{Action, Body, Command, Millis, PERMITS, SNAPSHOTS, Step, Vector};

#[cfg(feature = "json")]
pub use generate::generate;
#[cfg(feature = "json")]
pub use json::{JsonError, Parsed, parse, parse_dir, to_json};
#[cfg(feature = "json")]
pub use rust::to_rust;

#[cfg(all(doctest, feature = "json"))]
mod pages;
