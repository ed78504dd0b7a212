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

mod bytes;
mod numbers;

use core::fmt;

use crate::circuit::{CircuitState, Mode};
use crate::config::Recovery;
use crate::event::Outcome;
use crate::rule::{Round, Trials, TripRule};
use crate::state::{MAX_COUNT, MAX_SUCCESSES, MAX_TRIALS, State};
use crate::time::{MAX_INTERVAL_MS, Timestamp};
use crate::transition::Reason;

/// The state of a breaker without its clock: what [`CircuitBreaker::snapshot`](crate::CircuitBreaker::snapshot) gives.
///
/// Probes in flight are not kept: whoever made them is gone after a restart. Nor is what a window holds: it begins empty.
///
/// It is written as [28 bytes](Self::to_bytes), or by the feature `serde` as text; [`storage`](crate::storage) has places for
/// it in firmware. All of them check what they read. A snapshot of one rule may be restored by another, or by another
/// configuration: what those have no use for is left out, and the time that is left is cut to their open time.
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
    pub(crate) reopenings: u8,
    pub(crate) probe_failures: u8,
    pub(crate) ramp_left_ms: u32,
}

impl Snapshot {
    /// The version that this crate writes and reads.
    pub const VERSION: u8 = 1;

    pub(crate) fn take<R: TripRule>(
        state: State,
        policy: &R::Policy,
        (reopenings, open_ms): (u8, u32),
        last_failure: Option<Timestamp>,
        now: Timestamp,
    ) -> Self {
        let timed = state.circuit() == CircuitState::Open && state.mode() != Mode::Isolated;
        let trials = trials_of::<R>(policy, state);
        Self {
            version: Self::VERSION,
            state: state.circuit(),
            mode: state.mode(),
            failure_count: state.failure_count(),
            successes: trials.successes,
            remaining_ms: if timed { state.remaining(open_ms, now) } else { 0 },
            last_failure_ago_ms: last_failure.map(|at| now.as_millis().saturating_sub(at.as_millis()).min(MAX_AGO_MS)),
            reopenings: if state.circuit() == CircuitState::Closed { 0 } else { reopenings },
            probe_failures: trials.failures,
            ramp_left_ms: if state.is_ramping() { state.remaining(ramp_ms::<R>(policy), now) } else { 0 },
        }
    }

    /// Of a circuit with nothing that only some rules have.
    #[cfg(feature = "redis")]
    pub(crate) const fn plain(state: CircuitState, mode: Mode, failure_count: u16, remaining_ms: u32) -> Self {
        Self {
            version: Self::VERSION,
            state,
            mode,
            failure_count,
            successes: 0,
            remaining_ms,
            last_failure_ago_ms: None,
            reopenings: 0,
            probe_failures: 0,
            ramp_left_ms: 0,
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

    /// How often the circuit had opened again since it was CLOSED.
    #[must_use]
    pub const fn reopenings(&self) -> u8 {
        self.reopenings
    }

    /// Probes of the round that had failed, where some may.
    #[must_use]
    pub const fn probe_failures(&self) -> u8 {
        self.probe_failures
    }

    /// Milliseconds that a ramp-up still had to last.
    #[must_use]
    pub const fn ramp_left_ms(&self) -> u32 {
        self.ramp_left_ms
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
        if self.reopenings > 0 && self.state == CircuitState::Closed {
            return damaged("reopenings");
        }
        if self.probe_failures > if self.state == CircuitState::HalfOpen { MAX_TRIALS } else { 0 } {
            return damaged("probe_failures");
        }
        if self.ramp_left_ms > if self.may_ramp() { MAX_INTERVAL_MS } else { 0 } {
            return damaged("ramp_left_ms");
        }
        if self.last_failure_ago_ms.is_some_and(|ago| ago > MAX_AGO_MS) {
            return damaged("last_failure_ago_ms");
        }
        Ok(())
    }

    /// What follows `state` by this snapshot, in a generation of its own, and why if it is a transition; for OPEN with the whole timeout before
    /// it, from which [`since`](Self::since) then takes what had passed.
    ///
    /// In two parts, because a shell that is stopped while it stores a step leaves the new time beside the old word: a time
    /// that is not older than that word's own cannot let anybody through too early.
    pub(crate) fn apply<R: TripRule>(
        &self,
        policy: &R::Policy,
        state: State,
        now: Timestamp,
    ) -> (State, Option<Reason>) {
        let mut next = state
            .switch_to(self.state, self.mode)
            .with_count(self.count::<R>(policy))
            .with_successes(self.packed_trials::<R>(policy));
        if self.is_timed() {
            next = next.with_since(now);
        } else if self.ramp_left::<R>(policy) > 0 {
            next = next.ramping().with_since(now);
        }
        let changed = (state.circuit(), state.mode()) != (self.state, self.mode);
        (next, changed.then_some(Reason::Restored))
    }

    /// `applied` with the time that had passed, if any had; never more than one timeout, whatever is configured now.
    pub(crate) fn since<R: TripRule>(&self, applied: State, policy: &R::Policy) -> State {
        let passed = if self.is_timed() {
            match R::recovery(policy) {
                // How long it lasts is stored, and says the rest.
                Some(_) => 0,
                None => {
                    let timeout = R::base(policy).recovery_timeout_ms();
                    timeout - self.remaining_ms.min(timeout)
                }
            }
        } else if self.ramp_left::<R>(policy) > 0 {
            ramp_ms::<R>(policy) - self.ramp_left::<R>(policy)
        } else {
            0
        };
        State { word: applied.word, since: applied.since.wrapping_sub(passed) }
    }

    /// The failures as the state counts them: in CLOSED a window counts for itself, and begins empty.
    fn count<R: TripRule>(&self, policy: &R::Policy) -> u16 {
        if R::windowed(policy) && self.state == CircuitState::Closed { 0 } else { self.failure_count }
    }

    /// What is left of a ramp-up, as far as there is one by what is configured now.
    fn ramp_left<R: TripRule>(&self, policy: &R::Policy) -> u32 {
        self.ramp_left_ms.min(ramp_ms::<R>(policy))
    }

    /// The round of probes as the state counts it; one that is decided by what is configured now begins anew.
    fn packed_trials<R: TripRule>(&self, policy: &R::Policy) -> u8 {
        let base = R::base(policy);
        match R::recovery(policy) {
            Some(recovery) if recovery.trials > 0 => {
                let trials = Trials { successes: self.successes, failures: self.probe_failures };
                match trials.after(Outcome::Ignored, base, recovery.trials) {
                    Round::GoesOn(trials) => trials.pack(base),
                    Round::Closes | Round::Opens => 0,
                }
            }
            _ => self.successes,
        }
    }

    /// CLOSED with the rules in force.
    fn may_ramp(&self) -> bool {
        self.state == CircuitState::Closed && self.mode != Mode::Disabled
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

fn ramp_ms<R: TripRule>(policy: &R::Policy) -> u32 {
    R::recovery(policy).and_then(Recovery::ramp_up_ms).unwrap_or(0)
}

/// The successes and failures of a round of probes.
fn trials_of<R: TripRule>(policy: &R::Policy, state: State) -> Trials {
    match (state.circuit(), R::recovery(policy)) {
        (CircuitState::HalfOpen, Some(recovery)) if recovery.trials > 0 => Trials::of(state, R::base(policy)),
        (CircuitState::HalfOpen, _) => Trials { successes: state.successes(), failures: 0 },
        _ => Trials { successes: 0, failures: 0 },
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
    /// There is none, and nothing says that there was: the memory is erased or fresh.
    Empty,
    /// There are so many bytes, and not [`Snapshot::BYTES`].
    Length(usize),
    /// The bytes are not those that were stored: their check value is another one.
    CheckValue,
}

impl fmt::Display for SnapshotError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Version(version) => write!(f, "snapshot version is {version}, must be {}", Snapshot::VERSION),
            Self::Damaged(field) => {
                write!(f, "snapshot is damaged: {field} is missing or has a value that no breaker can have")
            }
            Self::Empty => f.pad("no snapshot was stored: the memory is erased or fresh"),
            Self::Length(length) => write!(f, "snapshot is {length} bytes long, must be {}", Snapshot::BYTES),
            Self::CheckValue => f.pad("snapshot is damaged: its check value does not fit its bytes"),
        }
    }
}

impl core::error::Error for SnapshotError {}
