//! Requests that ask to be let through, and what came of those that were.

use super::{Ahead, Answer, Circuit, Why};
use crate::circuit::CircuitState;
use crate::event::{Outcome, Receipt, Refusal};
use crate::redis::wire::Order;
use crate::time::ceil_millis;
use crate::transition::Reason;

impl Circuit {
    /// A request asks to be let through.
    pub fn acquire(&mut self, now: u64) -> Answer {
        self.tick(now);
        self.used = true;
        let refuse = |state, retry_after_ms| Refusal { state, retry_after_ms };
        if let Some(order) = self.view.forced {
            return match order {
                Order::Open => Answer::Refused(refuse(CircuitState::Open, None)),
                Order::Closed => Answer::Admitted(None),
            };
        }
        if let Some(left) = self.opening_left_ms(now) {
            self.wanted |= self.ahead.is_none();
            return Answer::Refused(refuse(CircuitState::Open, Some(left)));
        }
        if self.view.state == CircuitState::Closed && self.ahead.is_none() {
            return Answer::Admitted(None);
        }
        if let Some(probe) = self.probes.take_ready(self.view.gen_no, now, self.half_a_lease_before(now)) {
            return Answer::Admitted(Some(probe));
        }
        self.wanted = true;
        let free_from = self.free_from();
        let wait = free_from.saturating_sub(now).div_ceil(1_000);
        let refusal = refuse(CircuitState::HalfOpen, Some(u32::try_from(wait.max(1)).unwrap_or(u32::MAX)));
        if now < free_from { Answer::Refused(refusal) } else { Answer::Asking(refusal) }
    }

    /// A request without a probe's permit, let through while the circuit was CLOSED in the generation of now, has ended.
    pub fn settle(&mut self, now: u64, outcome: Outcome) -> Receipt {
        self.tick(now);
        self.used = true;
        if self.view.forced == Some(Order::Closed) {
            return Receipt::Disabled;
        }
        if self.view.state != CircuitState::Closed || self.ahead.is_some() || self.view.forced.is_some() {
            return self.stale(now, outcome);
        }
        match outcome {
            Outcome::Ignored => {}
            Outcome::Success => self.succeeded(now),
            Outcome::Failure => self.failed(now),
        }
        Receipt::Recorded
    }

    /// An outcome that counts as nothing.
    pub fn stale(&mut self, now: u64, outcome: Outcome) -> Receipt {
        // As long as the circuit is open, which is the only time when it was made in spite of that.
        if outcome == Outcome::Failure && (self.view.forced.is_some() || self.opening_left_ms(now).is_some()) {
            self.failed_at = Some(now);
        }
        Receipt::Stale
    }

    fn succeeded(&mut self, now: u64) {
        let counted = self.failure_count() > 0;
        self.own_failures = 0;
        self.recheck_at = None;
        if counted {
            let half = ceil_millis(self.options.settle) * 500;
            self.ok_at = Some(now);
            if !self.unheard.refutes {
                self.report_from = self.gap_until.max(now + self.random(half));
            }
            self.unheard.succeeded(now, self.view.gen_no);
        }
    }

    fn failed(&mut self, now: u64) {
        self.failed_at = Some(now);
        self.own_failures = self.own_failures.saturating_add(1);
        self.unheard.failed(now, self.view.gen_no, self.ok_at);
        self.report_from = self.report_from.min(self.gap_until.max(now));
        if self.own_failures >= self.policy.failure_threshold() {
            self.open_ahead(now);
        }
    }

    /// Opens by the failures that are known, before the fleet has confirmed it.
    pub(super) fn open_ahead(&mut self, now: u64) {
        self.ahead = Some(Ahead { since: now, why: Why::Counted });
        self.tell(Reason::ConsecutiveFailures);
    }

    /// When the opening in force ends; `None` where there is none.
    pub(super) fn open_until(&self) -> Option<u64> {
        match self.ahead {
            Some(ahead) => Some(ahead.since + u64::from(self.policy.recovery_timeout_ms()) * 1_000),
            None => (self.view.state == CircuitState::Open).then_some(self.view.open_until),
        }
    }

    /// What is left of the opening in force; `None` where there is none.
    pub(super) fn opening_left_ms(&self, now: u64) -> Option<u32> {
        let left = self.open_until()?.saturating_sub(now).div_ceil(1_000);
        (left > 0).then(|| u32::try_from(left).unwrap_or(u32::MAX))
    }
}
