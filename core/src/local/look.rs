//! What a breaker of one owner says of itself, and what it can do without the time.
//!
//! ```
//! use halfopen::local::{LocalBreaker, LocalRule};
//! use halfopen::{CircuitState, Timestamp};
//!
//! let policy = LocalRule::Consecutive.check(&halfopen::Config::new(), false)?;
//! let breaker = LocalBreaker::new(policy, &mut []);
//! assert_eq!(breaker.state(Timestamp::ZERO), CircuitState::Closed);
//! assert!(breaker.allow_untimed() && breaker.record_success_untimed());
//! # Ok::<(), halfopen::ConfigError>(())
//! ```

use super::{LocalBreaker, LocalPolicy, LocalRule};
use crate::circuit::{CircuitState, Mode};
use crate::event::{Outcome, Ticket};
use crate::rules::opening::Length;
use crate::time::Timestamp;

impl LocalBreaker<'_> {
    /// `true` if a request may be made whatever the time is; else that has to be asked.
    #[inline(always)]
    #[must_use]
    pub fn allow_untimed(&self) -> bool {
        self.state.admits_freely() && !(self.policy.recovery.is_some() && self.state.is_ramping())
    }

    /// `true` if a success without a ticket is recorded, whatever the time is; else nothing has happened.
    #[inline(always)]
    #[must_use]
    pub fn record_success_untimed(&self) -> bool {
        self.state.nothing_to_forget() && self.is_quiet()
    }

    /// A ticket, if one is given whatever the time is. Never one where calls are timed.
    #[inline(always)]
    #[must_use]
    pub fn acquire_untimed(&self) -> Option<Ticket> {
        (self.allow_untimed() && self.policy.window.slow_call_ms().is_none()).then(|| Ticket::plain(self.state))
    }

    /// `true` if the outcome of a ticket is recorded, whatever the time is; else nothing has happened.
    #[inline(always)]
    #[must_use]
    pub fn settle_untimed(&self, ticket: Ticket, outcome: Outcome) -> bool {
        ticket.is_of_healthy(self.state)
            && !matches!(outcome, Outcome::Failure)
            && self.policy.window.slow_call_ms().is_none()
            && self.is_quiet()
    }

    #[inline(always)]
    fn is_quiet(&self) -> bool {
        match self.policy.rule {
            LocalRule::Consecutive | LocalRule::ConsecutiveSlow => true,
            LocalRule::CountWindow(_) => self.head.is_clean(self.policy.window.size()),
            // Every call counts towards the minimum.
            LocalRule::TimeWindow => false,
        }
    }

    /// The state in force at `now`: see [`CircuitBreaker::state`](crate::CircuitBreaker::state).
    #[must_use]
    pub fn state(&self, now: Timestamp) -> CircuitState {
        self.state.in_force_by(self.open_ms(), now)
    }

    /// Whether the rules are in force.
    #[must_use]
    pub fn mode(&self) -> Mode {
        self.state.mode()
    }

    /// The failures counted: see [`CircuitBreaker::failure_count`](crate::CircuitBreaker::failure_count).
    #[must_use]
    pub fn failure_count(&self, now: Timestamp) -> u16 {
        let state = self.state;
        if !self.policy.windowed() || state.circuit() != CircuitState::Closed || state.mode() == Mode::Disabled {
            return state.failure_count();
        }
        let failures = self.counts(now).failures;
        u16::try_from(failures).unwrap_or(u16::MAX)
    }

    /// When the latest failure was recorded.
    #[must_use]
    pub fn last_failure_time(&self) -> Option<Timestamp> {
        self.last_failure
    }

    /// Counts the transitions, the rounds of probes that were given up, and the restores, modulo 512.
    #[must_use]
    pub fn generation(&self) -> u16 {
        self.state.generation()
    }

    /// How often the circuit has opened again since it was CLOSED, where the way back adapts.
    #[must_use]
    pub fn reopenings(&self) -> u8 {
        if self.policy.recovery.is_some() { self.opening.reopenings_in(self.state) } else { 0 }
    }

    /// What it was made with.
    #[must_use]
    pub fn policy(&self) -> &LocalPolicy {
        &self.policy
    }

    /// Keeps an OPEN circuit open for at least `ms` milliseconds from `now`, as far as the maximum allows; does nothing where
    /// the way back is the plain one.
    pub fn hold_open(&mut self, ms: u32, now: Timestamp) {
        let waits = self.state.circuit() == CircuitState::Open && self.state.mode() != Mode::Isolated;
        let Some(recovery) = self.policy.recovery.filter(|_| waits) else { return };
        let open_ms = self.open_ms();
        let passed = open_ms - self.state.remaining(open_ms, now);
        if let Some(longer) = recovery.held(open_ms, passed, ms) {
            self.length = Length::other(self.opening, longer);
        }
    }
}
