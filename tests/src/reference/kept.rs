//! What the naive breaker keeps over a restart, with intervals instead of times.

use halfopen::{CircuitState, Mode, Reason};

use super::naive::Naive;

/// What is kept over a restart.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Kept {
    pub(crate) circuit: CircuitState,
    pub(crate) mode: Mode,
    pub(crate) failures: u32,
    successes: u32,
    pub(crate) remaining: u64,
    pub(crate) last_failure_ago: Option<u64>,
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
            last_failure_ago: self.last_failure.map(|at| now.saturating_sub(at)),
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
        self.since = now as i64 - self.rules.recovery_ms.saturating_sub(kept.remaining) as i64;
        self.last_failure = kept.last_failure_ago.map(|ago| now.saturating_sub(ago));
    }
}
