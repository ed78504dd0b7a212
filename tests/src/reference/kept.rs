//! What the naive breaker keeps over a restart, with intervals instead of times.

use halfopen::{CircuitState, Mode, Reason, Snapshot};
use serde_json::{Value, json};

use super::naive::Naive;
use super::rule::in_steps;

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
    /// How often the circuit had opened again.
    pub reopenings: u32,
    /// Probes that failed in a round that forgives some.
    pub probe_failures: u32,
    /// Milliseconds that a ramp still had to last.
    pub ramp_left: u64,
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
            && u64::from(self.reopenings) <= most(self.circuit != CircuitState::Closed, 255)
            && u64::from(self.probe_failures) <= most(half_open, 15)
            && self.ramp_left
                <= most(self.circuit == CircuitState::Closed && self.mode != Mode::Disabled, (1 << 31) - 1)
    }

    /// As the library reads it; `None` if it does not.
    pub(crate) fn read(&self) -> Option<Snapshot> {
        serde_json::from_value(self.written()).ok()
    }

    /// As the library writes it.
    pub(crate) fn written(&self) -> Value {
        let mut written = json!({
            "version": 1,
            "state": self.circuit,
            "mode": self.mode,
            "failure_count": self.failures,
            "successes": self.successes,
            "remaining_ms": self.remaining,
            "last_failure_ago_ms": self.last_failure_ago,
        });
        // Left out where they say nothing.
        let reopenings = ("reopenings", u64::from(self.reopenings));
        let probe_failures = ("probe_failures", u64::from(self.probe_failures));
        for (name, number) in [reopenings, probe_failures, ("ramp_left_ms", self.ramp_left)] {
            if number > 0 {
                written[name] = number.into();
            }
        }
        written
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
            reopenings: self.shown_reopenings().unwrap_or(0),
            probe_failures: self.forgiven,
            ramp_left: self.ramp_left(now),
        }
    }

    pub(crate) fn restore(&mut self, now: u64, kept: &Kept) {
        // What a window holds is not kept, and so nobody counts for it.
        let counts = kept.circuit != CircuitState::Closed || !self.rules.trip.is_window();
        let failures = if counts { kept.failures } else { 0 };
        if (kept.circuit, kept.mode) == (self.circuit, self.mode) {
            self.begin(kept.circuit, kept.mode, failures);
        } else {
            self.change(kept.circuit, kept.mode, Reason::Restored, failures);
        }
        (self.since, self.open_ms) = match self.rules.back {
            Some(back) => (now.into(), in_steps(kept.remaining.min(back.longest_ms))),
            None => {
                let passed = self.rules.recovery_ms.saturating_sub(kept.remaining);
                (i128::from(now) - i128::from(passed), self.rules.recovery_ms)
            }
        };
        (self.successes, self.forgiven) = self.round(kept);
        (self.reopenings, self.opened_in) = (kept.reopenings, self.era);
        let ramp_ms = self.rules.back.map_or(0, |back| back.ramp_ms);
        let left = kept.ramp_left.min(ramp_ms);
        self.ramp = (left > 0).then(|| i128::from(now) - i128::from(ramp_ms - left));
        self.last_failure = kept.last_failure_ago.map(|ago| now.saturating_sub(ago));
    }

    /// Successes and failures of the round of probes; one that is decided by the rules now begins anew.
    fn round(&self, kept: &Kept) -> (u32, u32) {
        let threshold = self.rules.success_threshold;
        match self.rules.back.and_then(|back| back.trials) {
            None => (kept.successes, 0),
            Some(trials) if kept.successes >= threshold || kept.probe_failures > trials - threshold => (0, 0),
            Some(_) => (kept.successes, kept.probe_failures),
        }
    }
}
