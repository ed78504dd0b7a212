//! What can be seen of a breaker: the same type says what is expected and what was found.

use halfopen::{CircuitState, Mode, Reason, Receipt, Refusal, Tally, Transition, Window};

use crate::subject::Capability;
use crate::vector::Millis;

/// One thing that can be seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fact<'a> {
    /// The answer of `allow_request`.
    Allowed(bool),
    /// `try_acquire` gave a permit.
    Admitted,
    /// `try_acquire` refused.
    Refused(Refusal),
    /// What became of an outcome.
    Receipt(Receipt),
    /// `restore` took a snapshot over.
    Restored,
    /// `restore`, or the reading of its text, refused it with this text.
    NotRestored(&'a str),
    /// The action has no answer.
    Silent,

    /// `state()`.
    State(CircuitState),
    /// `mode()`.
    Mode(Mode),
    /// `would_allow()`.
    WouldAllow(bool),
    /// `retry_after()` in milliseconds.
    RetryAfter(Option<u32>),
    /// `failure_count()`.
    FailureCount(u16),
    /// `last_failure_time()`.
    LastFailure(Option<Millis>),
    /// `generation()`.
    Generation(u16),
    /// `reopenings()`.
    Reopenings(u8),

    /// The next transition that was told; `None`: no more since somebody looked.
    Transition(Option<Change>),
    /// What the window held, of the transition that was looked at last; `None`: no window opened the circuit.
    Tally(Option<Counted>),
    /// Over how much that window reaches.
    Over(Option<Window>),
    /// The next refusal that was told; `None`: no more since somebody looked.
    Told(Option<Told>),
    /// The next late outcome that was told; `None`: no more since somebody looked.
    Late(Option<Receipt>),

    /// The state in the latest snapshot.
    KeptState(CircuitState),
    /// The mode in the latest snapshot.
    KeptMode(Mode),
    /// The failure count in the latest snapshot.
    KeptFailureCount(u16),
    /// What remained of OPEN in the latest snapshot, in milliseconds.
    KeptRemaining(u32),
    /// How long before the latest snapshot the latest failure was.
    KeptLastFailureAgo(Option<Millis>),
    /// The reopenings in the latest snapshot.
    KeptReopenings(u8),
    /// The probes in the latest snapshot that had failed in their round.
    KeptProbeFailures(u8),
    /// What was left of a ramp-up in the latest snapshot, in milliseconds.
    KeptRampLeft(u32),
    /// The latest snapshot as JSON; equal as data, not as text.
    KeptText(&'a str),
    /// Whether a configuration was accepted; only ever a part of a mismatch.
    Accepted(bool),
}

/// A transition, as far as somebody wants to check it: a part that is `None` is not compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    /// The state before.
    pub from: CircuitState,
    /// The state after.
    pub to: CircuitState,
    /// Why.
    pub reason: Reason,
    /// The mode after.
    pub mode: Option<Mode>,
    /// Consecutive failures up to the change.
    pub failure_count: Option<u16>,
    /// Successful probes up to the change.
    pub successes: Option<u8>,
    /// The generation that it began.
    pub generation: Option<u16>,
}

/// What a window held, small enough for a table in flash: each number stays at 65,535 where it is more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counted {
    /// Calls in the window.
    pub calls: u16,
    /// Those of them that failed.
    pub failures: u16,
    /// Those of them that were slow.
    pub slow_calls: u16,
}

impl From<Tally> for Counted {
    fn from(tally: Tally) -> Self {
        let least = |number: u32| u16::try_from(number).unwrap_or(u16::MAX);
        Self { calls: least(tally.calls), failures: least(tally.failures), slow_calls: least(tally.slow_calls) }
    }
}

/// A refusal that an observer was told of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Told {
    /// The state that refused.
    pub state: CircuitState,
    /// When to come back, in milliseconds.
    pub retry_after_ms: Option<u32>,
    /// The request was let through all the same, because the mode is shadow.
    pub shadow: bool,
}

impl Fact<'_> {
    /// Whether it is the answer to an action, and so checked each time that the action is done.
    #[must_use]
    pub const fn is_answer(&self) -> bool {
        matches!(
            self,
            Self::Allowed(_)
                | Self::Admitted
                | Self::Refused(_)
                | Self::Receipt(_)
                | Self::Restored
                | Self::NotRestored(_)
                | Self::Silent
        )
    }

    /// What a shell must be able to show for this.
    #[must_use]
    pub const fn needs(&self) -> Option<Capability> {
        match self {
            Self::Receipt(_) => Some(Capability::Receipts),
            Self::Generation(_) => Some(Capability::Generation),
            Self::Transition(_) | Self::Tally(_) | Self::Over(_) => Some(Capability::Events),
            Self::Told(_) => Some(Capability::Refusals),
            Self::Late(_) => Some(Capability::Late),
            Self::KeptText(_) | Self::KeptProbeFailures(_) | Self::KeptRampLeft(_) => Some(Capability::SnapshotText),
            _ => None,
        }
    }

    /// Whether `found` is what this fact expects. `generations`: whether the shell shows generations at all.
    #[must_use]
    pub fn is_met_by(&self, found: &Self, generations: bool) -> bool {
        match (self, found) {
            (Self::Transition(Some(expected)), Self::Transition(Some(found))) => expected.is_met_by(found, generations),
            _ => self == found,
        }
    }
}

impl Change {
    fn is_met_by(&self, found: &Self, generations: bool) -> bool {
        (self.from, self.to, self.reason) == (found.from, found.to, found.reason)
            && (self.mode.is_none() || self.mode == found.mode)
            && (self.failure_count.is_none() || self.failure_count == found.failure_count)
            && (self.successes.is_none() || self.successes == found.successes)
            && (!generations || self.generation.is_none() || self.generation == found.generation)
    }
}

impl From<&Transition> for Change {
    fn from(transition: &Transition) -> Self {
        Self {
            from: transition.from,
            to: transition.to,
            reason: transition.reason,
            mode: Some(transition.mode),
            failure_count: Some(transition.failure_count),
            successes: Some(transition.successes),
            generation: Some(transition.generation),
        }
    }
}
