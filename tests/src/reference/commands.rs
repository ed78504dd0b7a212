//! What the operator's commands do to the naive breaker.

use halfopen::{CircuitState, Mode, Reason};

use super::naive::Naive;
use super::rule::Memory;

impl Naive {
    pub(crate) fn trip(&mut self, now: u64) {
        match (self.mode, self.circuit) {
            (Mode::Isolated | Mode::Disabled, _) => {}
            (_, CircuitState::Open) => self.wait_anew(now),
            _ => self.open(now, Reason::Tripped),
        }
    }

    pub(crate) fn isolate(&mut self) {
        self.go(CircuitState::Open, Mode::Isolated, Reason::Isolated);
    }

    pub(crate) fn disable(&mut self) {
        self.go(CircuitState::Closed, Mode::Disabled, Reason::Disabled);
    }

    pub(crate) fn shadow(&mut self) {
        match self.mode {
            Mode::Normal | Mode::Shadow => self.go(self.circuit, Mode::Shadow, Reason::Shadowed),
            Mode::Isolated | Mode::Disabled => self.go(CircuitState::Closed, Mode::Shadow, Reason::Shadowed),
        }
    }

    pub(crate) fn reset(&mut self) {
        if (self.circuit, self.mode) == (CircuitState::Closed, Mode::Normal) {
            self.ramp = None;
            if self.rules.trip.is_window() {
                // Another generation, in which nothing is counted.
                self.era += 1;
                self.memory = Memory::default();
            }
        }
        self.go(CircuitState::Closed, Mode::Normal, Reason::Reset);
    }

    /// By command. CLOSED begins with nothing counted, unless it was CLOSED before and only watches from now on.
    fn go(&mut self, to: CircuitState, mode: Mode, reason: Reason) {
        let watches_only = mode == Mode::Shadow && matches!(self.mode, Mode::Normal | Mode::Shadow);
        let failures = self.failures;
        if to == CircuitState::Closed && !watches_only {
            self.failures = 0;
        }
        if (to, mode) != (self.circuit, self.mode) {
            self.change(to, mode, reason, failures);
        }
    }
}
