//! What the operator's commands do to the naive breaker.

use halfopen::{CircuitState, Mode, Reason};

use super::naive::Naive;
use super::rule::Memory;

impl Naive {
    pub(crate) fn trip(&mut self, now: u64) {
        match (self.mode, self.circuit) {
            (Mode::Isolated | Mode::Disabled, _) => {}
            (_, CircuitState::Open) => self.wait_anew(now),
            _ => self.open(now, Reason::Tripped, self.failures_up_to(now)),
        }
    }

    pub(crate) fn isolate(&mut self, now: u64) {
        self.go(CircuitState::Open, Mode::Isolated, Reason::Isolated, self.failures_up_to(now));
    }

    pub(crate) fn disable(&mut self) {
        self.go(CircuitState::Closed, Mode::Disabled, Reason::Disabled, 0);
    }

    pub(crate) fn shadow(&mut self) {
        match self.mode {
            Mode::Normal | Mode::Shadow => self.go(self.circuit, Mode::Shadow, Reason::Shadowed, self.failures),
            Mode::Isolated | Mode::Disabled => self.go(CircuitState::Closed, Mode::Shadow, Reason::Shadowed, 0),
        }
    }

    pub(crate) fn reset(&mut self) {
        if (self.circuit, self.mode) == (CircuitState::Closed, Mode::Normal) {
            self.ramp = None;
            self.memory = Memory::default();
        }
        self.go(CircuitState::Closed, Mode::Normal, Reason::Reset, 0);
    }

    /// By command.
    fn go(&mut self, to: CircuitState, mode: Mode, reason: Reason, failures: u32) {
        if (to, mode) == (self.circuit, self.mode) {
            self.failures = failures;
        } else {
            self.change(to, mode, reason, failures);
        }
    }
}
