//! What is worth keeping of a breaker over a restart: versioned, with intervals instead of times.
//!
//! ```
//! use core::time::Duration;
//! use halfopen::{CircuitBreaker, CircuitState, Config, ManualClock};
//!
//! let config = Config::new().failure_threshold(1).recovery_timeout(Duration::from_secs(30));
//! let (before, after) = (ManualClock::new(), ManualClock::new());
//!
//! let breaker = CircuitBreaker::with_clock("s3_upload", config, &before);
//! breaker.record_failure();
//! before.advance(Duration::from_secs(10));
//! let kept = breaker.snapshot();
//!
//! let restarted = CircuitBreaker::with_clock("s3_upload", config, &after);
//! restarted.restore(&kept)?;
//! assert_eq!(restarted.state(), CircuitState::Open);
//! assert_eq!(restarted.retry_after(), Some(Duration::from_secs(20)));
//! # Ok::<(), halfopen::SnapshotError>(())
//! ```

use core::fmt;

use crate::circuit::{CircuitState, Mode};
use crate::config::Policy;
use crate::event::{Reason, Step, Verdict};
use crate::state::{MAX_COUNT, MAX_SUCCESSES, State};
use crate::time::{MAX_INTERVAL_MS, Timestamp};

/// The state of a breaker without its clock: what [`CircuitBreaker::snapshot`](crate::CircuitBreaker::snapshot) gives.
///
/// Probes in flight are not kept: whoever made them is gone after a restart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Snapshot {
    pub(crate) version: u8,
    pub(crate) state: CircuitState,
    pub(crate) mode: Mode,
    pub(crate) failure_count: u16,
    pub(crate) successes: u8,
    pub(crate) remaining_ms: u32,
    pub(crate) last_failure_ago_ms: Option<u64>,
}

impl Snapshot {
    /// The version that this crate writes and reads.
    pub const VERSION: u8 = 1;

    pub(crate) fn take(state: State, policy: &Policy, last_failure: Option<Timestamp>, now: Timestamp) -> Self {
        let timed = state.circuit() == CircuitState::Open && state.mode() != Mode::Isolated;
        Self {
            version: Self::VERSION,
            state: state.circuit(),
            mode: state.mode(),
            failure_count: state.failure_count(),
            successes: state.successes(),
            remaining_ms: if timed { state.remaining(policy.recovery_timeout_ms(), now) } else { 0 },
            last_failure_ago_ms: last_failure.map(|at| now.as_millis().saturating_sub(at.as_millis()).min(MAX_AGO_MS)),
        }
    }

    /// The state that was stored; OPEN with nothing remaining reads HALF_OPEN on the breaker.
    #[must_use]
    pub const fn state(&self) -> CircuitState {
        self.state
    }

    /// Whether the rules were in force.
    #[must_use]
    pub const fn mode(&self) -> Mode {
        self.mode
    }

    /// Consecutive failures.
    #[must_use]
    pub const fn failure_count(&self) -> u16 {
        self.failure_count
    }

    /// Milliseconds that OPEN still had to last.
    #[must_use]
    pub const fn remaining_ms(&self) -> u32 {
        self.remaining_ms
    }

    /// Milliseconds between the latest failure and the snapshot.
    #[must_use]
    pub const fn last_failure_ago_ms(&self) -> Option<u64> {
        self.last_failure_ago_ms
    }

    /// Whether the values can have come from a breaker.
    pub(crate) fn check(&self) -> Result<(), SnapshotError> {
        let fits = match self.mode {
            Mode::Normal | Mode::Shadow => true,
            Mode::Isolated => self.state == CircuitState::Open,
            Mode::Disabled => self.state == CircuitState::Closed,
        };
        if self.version != Self::VERSION {
            return Err(SnapshotError::Version(self.version.into()));
        }
        let damaged = |field| Err(SnapshotError::Damaged(field));
        if !fits {
            return damaged("mode");
        }
        if self.failure_count > if self.mode == Mode::Disabled { 0 } else { MAX_COUNT } {
            return damaged("failure_count");
        }
        if self.successes > if self.state == CircuitState::HalfOpen { MAX_SUCCESSES } else { 0 } {
            return damaged("successes");
        }
        if self.remaining_ms > if self.is_timed() { MAX_INTERVAL_MS } else { 0 } {
            return damaged("remaining_ms");
        }
        if self.last_failure_ago_ms.is_some_and(|ago| ago > MAX_AGO_MS) {
            return damaged("last_failure_ago_ms");
        }
        Ok(())
    }

    /// The step from `state` to this snapshot's state, in a generation of its own; for OPEN with the whole timeout before
    /// it, from which [`since`](Self::since) then takes what had passed.
    ///
    /// In two parts, because a shell that is stopped while it stores a step leaves the new time beside the old word: a time
    /// that is not older than that word's own cannot let anybody through too early.
    pub(crate) fn apply(&self, state: State, now: Timestamp) -> Step {
        let mut next =
            state.switch_to(self.state, self.mode).with_count(self.failure_count).with_successes(self.successes);
        if self.is_timed() {
            next = next.with_since(now);
        }
        let changed = (state.circuit(), state.mode()) != (self.state, self.mode);
        Step::new(state, next, Verdict::Done, changed.then_some(Reason::Restored))
    }

    /// `applied` with the time that had passed, if any had; never more than one timeout, whatever is configured now.
    pub(crate) fn since(&self, applied: State, policy: &Policy) -> State {
        let timeout = policy.recovery_timeout_ms();
        let passed = if self.is_timed() { timeout - self.remaining_ms.min(timeout) } else { 0 };
        State { word: applied.word, since: applied.since.wrapping_sub(passed) }
    }

    /// OPEN for a time.
    fn is_timed(&self) -> bool {
        self.state == CircuitState::Open && self.mode != Mode::Isolated
    }

    /// When the latest failure was, on a clock that shows `now`; its origin if it was before.
    pub(crate) fn last_failure(&self, now: Timestamp) -> Option<Timestamp> {
        self.last_failure_ago_ms.map(|ago| Timestamp::from_millis(now.as_millis().saturating_sub(ago)))
    }
}

/// The greatest integer that every JSON reader keeps exact.
pub(crate) const MAX_AGO_MS: u64 = (1 << 53) - 1;

/// Why a snapshot was not taken over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum SnapshotError {
    /// It is of this version, which this crate does not read.
    Version(i64),
    /// This field is missing, or has a value that no breaker can have.
    Damaged(&'static str),
}

impl fmt::Display for SnapshotError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Version(version) => write!(f, "snapshot version is {version}, must be {}", Snapshot::VERSION),
            Self::Damaged(field) => {
                write!(f, "snapshot is damaged: {field} is missing or has a value that no breaker can have")
            }
        }
    }
}

impl core::error::Error for SnapshotError {}
