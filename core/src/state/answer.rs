//! What a state answers to a request at some time, and when it would answer otherwise.

use super::State;
use super::word::{FIXED, HALF_OPEN, OPEN, PHASE};
use crate::circuit::{CircuitState, Mode};
use crate::config::Policy;
use crate::event::Refusal;
use crate::time::{Timestamp, elapsed};

impl State {
    /// The state in force at `now`: an OPEN circuit whose timeout has passed reads HALF_OPEN.
    #[must_use]
    pub const fn in_force(self, policy: &Policy, now: Timestamp) -> CircuitState {
        self.in_force_by(policy.recovery_timeout_ms(), now)
    }

    pub(crate) const fn in_force_by(self, open_ms: u32, now: Timestamp) -> CircuitState {
        match self.circuit() {
            CircuitState::Open if self.lapsed(open_ms, now) => CircuitState::HalfOpen,
            circuit => circuit,
        }
    }

    /// What the rules answer to a request at `now` instead of letting it through; in shadow mode what they would answer.
    #[must_use]
    pub const fn refusal(self, policy: &Policy, now: Timestamp) -> Option<Refusal> {
        self.refusal_by(policy, policy.recovery_timeout_ms(), policy.half_open_max_calls(), now)
    }

    /// [`refusal`](Self::refusal) with another time OPEN and another number of places for probes.
    #[inline(always)]
    pub(crate) const fn refusal_by(self, policy: &Policy, open_ms: u32, places: u8, now: Timestamp) -> Option<Refusal> {
        let (state, wait) = match PHASE.get(self.word) & FIXED {
            OPEN => (CircuitState::Open, open_ms),
            HALF_OPEN if self.in_flight() >= places => (CircuitState::HalfOpen, policy.probe_timeout_ms()),
            FIXED if !self.is_disabled() => {
                return Some(Refusal { state: CircuitState::Open, retry_after_ms: None });
            }
            _ => return None,
        };
        match self.remaining(wait, now) {
            0 => None,
            left => Some(Refusal { state, retry_after_ms: Some(left) }),
        }
    }

    /// Milliseconds until a request would be let through: 0 means now, `None` not before a `reset`.
    #[must_use]
    pub const fn retry_after(self, policy: &Policy, now: Timestamp) -> Option<u32> {
        match self.refusal(policy, now) {
            Some(refusal) if !matches!(self.mode(), Mode::Shadow) => refusal.retry_after_ms,
            _ => Some(0),
        }
    }

    /// The clock has gone back behind the time that is stored.
    pub(crate) const fn is_ahead_of(self, now: Timestamp) -> bool {
        elapsed(self.since, now.low()).is_none()
    }

    /// What is left of `wait`, which began at `since`; all of it if the clock has gone back.
    pub(crate) const fn remaining(self, wait: u32, now: Timestamp) -> u32 {
        match elapsed(self.since, now.low()) {
            Some(passed) => wait.saturating_sub(passed),
            None => wait,
        }
    }

    /// OPEN by the rules or by `trip`, and its timeout has passed.
    pub(crate) const fn lapsed(self, open_ms: u32, now: Timestamp) -> bool {
        PHASE.get(self.word) & FIXED == OPEN && self.remaining(open_ms, now) == 0
    }
}

#[cfg(test)]
mod tests {
    use core::time::Duration;

    use super::*;
    use crate::config::CircuitBreakerConfiguration;

    #[test]
    fn a_state_says_what_it_answers_to_a_request_and_when_it_would_let_one_through() {
        let config = CircuitBreakerConfiguration::new().recovery_timeout(Duration::from_secs(10));
        let policy = config.consecutive().unwrap();
        let says = |mode, ms| {
            let (state, now) = (State::NEW.switch_to(CircuitState::Open, mode), Timestamp::from_millis(ms));
            let refusal = state.refusal(&policy, now).map(|refusal| (refusal.state, refusal.retry_after_ms));
            (refusal, state.retry_after(&policy, now))
        };
        assert_eq!(says(Mode::Normal, 4_000), (Some((CircuitState::Open, Some(6_000))), Some(6_000)));
        assert_eq!(says(Mode::Normal, 10_000), (None, Some(0)));
        assert_eq!(says(Mode::Shadow, 4_000), (Some((CircuitState::Open, Some(6_000))), Some(0)));
        assert_eq!(says(Mode::Isolated, 4_000), (Some((CircuitState::Open, None)), None));
        assert_eq!(says(Mode::Disabled, 4_000), (None, Some(0)));
    }
}
