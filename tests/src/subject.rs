//! What a shell has to offer to be tested.

use halfopen::{CircuitState, Config, ConfigError, Mode, Outcome, Receipt, Refusal, Snapshot, SnapshotError};

use crate::by::By;
use crate::recorder::Recorder;
use crate::vector::Command;

/// A way to make breakers of one kind: what joins the suite.
pub trait Shell {
    /// The name in reports.
    fn name(&self) -> &'static str;

    /// What breakers of this kind cannot do. What needs it is reported as skipped, and counted.
    fn lacks(&self) -> &'static [Capability] {
        &[]
    }

    /// Makes a new breaker by this rule whose clock shows zero, and hands it to `use_it` once.
    ///
    /// # Errors
    ///
    /// What is wrong with `config`; `use_it` is not called then.
    fn build(&self, by: By, config: Config, use_it: &mut dyn FnMut(&mut dyn Subject)) -> Result<(), ConfigError>;
}

/// A breaker under test. A method that stands for a lacking [`Capability`] is never called.
pub trait Subject {
    /// Sets the breaker's clock, back too.
    fn set_time(&mut self, ms: u64);

    /// `allow_request()`.
    fn allow_request(&mut self) -> bool;

    /// `record_success()`, `record_failure()`, `record_ignored()`.
    fn record(&mut self, outcome: Outcome) -> Receipt;

    /// `record_after()`, with the time in milliseconds.
    fn record_after(&mut self, outcome: Outcome, ms: u32) -> Receipt;

    /// `try_acquire()`; the permit is kept in `slot`, which is empty.
    ///
    /// # Errors
    ///
    /// The refusal.
    fn acquire(&mut self, slot: usize) -> Result<(), Refusal>;

    /// Takes the permit out of `slot` and hands in its outcome.
    fn settle(&mut self, slot: usize, outcome: Outcome) -> Receipt;

    /// Takes the permit out of `slot` and drops it.
    fn drop_permit(&mut self, slot: usize);

    /// `trip()` and its like.
    fn command(&mut self, command: Command);

    /// `hold_open()`, with the time in milliseconds. Called only where the way back adapts, like the two below.
    fn hold_open(&mut self, ms: u32);

    /// Lets the breaker's source of chance give this number from now on.
    fn set_random(&mut self, number: u32);

    /// `reopenings()`.
    fn reopenings(&mut self) -> u8;

    /// `state()`.
    fn state(&mut self) -> CircuitState;

    /// `mode()`.
    fn mode(&mut self) -> Mode;

    /// `would_allow()`.
    fn would_allow(&mut self) -> bool;

    /// `retry_after()` in milliseconds.
    fn retry_after_ms(&mut self) -> Option<u32>;

    /// `failure_count()`.
    fn failure_count(&mut self) -> u16;

    /// `last_failure_time()` in milliseconds of the breaker's clock.
    fn last_failure_ms(&mut self) -> Option<u64>;

    /// `generation()`.
    fn generation(&mut self) -> u16;

    /// `snapshot()`; `None` only where [`Capability::Snapshot`] is lacking.
    fn snapshot(&mut self) -> Option<Snapshot>;

    /// `restore()`.
    ///
    /// # Errors
    ///
    /// Why the snapshot was not taken over.
    fn restore(&mut self, snapshot: &Snapshot) -> Result<(), SnapshotError>;

    /// What the breaker has told.
    fn recorder(&self) -> &Recorder;
}

/// Something that not every shell can do or show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "json", derive(serde::Deserialize, serde::Serialize), serde(rename_all = "snake_case"))]
pub enum Capability {
    /// The number of the generation can be read, and is told with each transition.
    Generation,
    /// Transitions are told.
    Events,
    /// Refusals are told.
    Refusals,
    /// Late outcomes are told.
    Late,
    /// An outcome is answered by a receipt.
    Receipts,
    /// `try_acquire` gives permits.
    Permits,
    /// `trip`, `isolate`, `disable`, `reset`.
    Manual,
    /// `shadow`.
    Shadow,
    /// The clock can be set to any time, back too.
    Clock,
    /// `snapshot` and `restore`.
    Snapshot,
    /// Snapshots can be written and read as JSON.
    SnapshotText,
    /// The state is kept in memory alone, and `state_persistence: "redis"` is refused.
    MemoryOnly,
    /// Breakers by other rules than the consecutive one.
    Rules,
    /// Configurations are read from text, so that even values of the wrong type reach the breaker.
    ConfigText,
}
