//! What is told to somebody who watches, in the naive breaker's numbers.

use std::format;
use std::string::{String, ToString};

use halfopen::{CircuitState, Mode, Reason, Receipt, Refusal, Transition, Window};

use super::rule::Held;

/// What is told to somebody who watches.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Told {
    /// A transition, field by field.
    #[allow(missing_docs, reason = "they are those of `Transition`")]
    Change {
        from: CircuitState,
        to: CircuitState,
        mode: Mode,
        reason: Reason,
        failures: u32,
        successes: u32,
        generation: u16,
        tally: Option<Held>,
    },
    /// The state that refused, the wait, and whether the request was let through all the same.
    Refused(CircuitState, Option<u64>, bool),
    /// An outcome that came too late.
    Late(Receipt),
}

impl From<&Transition> for Told {
    fn from(told: &Transition) -> Self {
        Self::Change {
            from: told.from,
            to: told.to,
            mode: told.mode,
            reason: told.reason,
            failures: told.failure_count.into(),
            successes: told.successes.into(),
            generation: told.generation,
            tally: told.tally.map(|tally| Held {
                calls: tally.calls as usize,
                failures: tally.failures as usize,
                slow_calls: tally.slow_calls as usize,
                window: match tally.window {
                    Window::Calls(calls) => calls.into(),
                    Window::Millis(ms) => ms.into(),
                },
            }),
        }
    }
}

impl Told {
    /// What was told, without the numbers: to see that nothing was left out.
    #[must_use]
    pub fn kind(&self) -> String {
        match self {
            Self::Change { reason, .. } => reason.to_string(),
            Self::Refused(state, _, shadow) => format!("{state} refused, shadow {shadow}"),
            Self::Late(receipt) => format!("{receipt:?}"),
        }
    }

    pub(crate) fn refused(refusal: &Refusal, shadow: bool) -> Self {
        Self::Refused(refusal.state, refusal.retry_after_ms.map(u64::from), shadow)
    }
}
