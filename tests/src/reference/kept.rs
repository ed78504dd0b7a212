//! What the naive breaker keeps over a restart, with intervals instead of times.

use halfopen::{CircuitState, Mode, Reason, Snapshot};
use serde_json::json;

use super::naive::Naive;

/// The greatest integer that every reader of JSON keeps exact.
const MOST_AGO_MS: u64 = (1 << 53) - 1;

/// What is kept over a restart.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Kept {
    /// The state that was reached.
    pub circuit: CircuitState,
    /// Whether the rules were in force.
    pub mode: Mode,
    /// Consecutive failures.
    pub failures: u32,
    /// Probes that succeeded.
    pub successes: u32,
    /// Milliseconds that OPEN still had to last.
    pub remaining: u64,
    /// Milliseconds since the latest failure.
    pub last_failure_ago: Option<u64>,
}

impl Kept {
    /// Whether a breaker can have been so.
    pub(crate) fn is_possible(&self) -> bool {
        let (open, half_open) = (self.circuit == CircuitState::Open, self.circuit == CircuitState::HalfOpen);
        let most = |may: bool, most: u64| if may { most } else { 0 };
        let fits = match self.mode {
            Mode::Normal | Mode::Shadow => true,
            Mode::Isolated => open,
            Mode::Disabled => self.circuit == CircuitState::Closed,
        };
        fits && u64::from(self.failures) <= most(self.mode != Mode::Disabled, 1_023)
            && u64::from(self.successes) <= most(half_open, 63)
            && self.remaining <= most(open && self.mode != Mode::Isolated, (1 << 31) - 1)
            && self.last_failure_ago.is_none_or(|ago| ago <= MOST_AGO_MS)
    }

    /// As the library reads it; `None` if it does not.
    pub(crate) fn read(&self) -> Option<Snapshot> {
        let written = json!({
            "version": 1,
            "state": self.circuit,
            "mode": self.mode,
            "failure_count": self.failures,
            "successes": self.successes,
            "remaining_ms": self.remaining,
            "last_failure_ago_ms": self.last_failure_ago,
        });
        serde_json::from_value(written).ok()
    }
}

impl Naive {
    pub(crate) fn keep(&self, now: u64) -> Kept {
        let timed = self.circuit == CircuitState::Open && self.mode != Mode::Isolated;
        Kept {
            circuit: self.circuit,
            mode: self.mode,
            failures: self.failures,
            successes: self.successes,
            remaining: if timed { self.left(now) } else { 0 },
            last_failure_ago: self.last_failure.map(|at| now.saturating_sub(at).min(MOST_AGO_MS)),
        }
    }

    pub(crate) fn restore(&mut self, now: u64, kept: &Kept) {
        let failures = self.failures.max(kept.failures);
        self.failures = kept.failures;
        if (kept.circuit, kept.mode) == (self.circuit, self.mode) {
            self.era += 1;
            self.probes.clear();
        } else {
            self.change(kept.circuit, kept.mode, Reason::Restored, failures);
        }
        self.successes = kept.successes;
        self.memory = super::rule::Memory::default();
        (self.reopenings, self.forgiven, self.ramp) = (0, 0, None);
        if let Some(back) = self.rules.back {
            (self.since, self.open_ms) = (now.into(), kept.remaining.min(back.longest_ms));
        } else {
            self.since = i128::from(now) - i128::from(self.rules.recovery_ms.saturating_sub(kept.remaining));
        }
        self.last_failure = kept.last_failure_ago.map(|ago| now.saturating_sub(ago));
    }
}
