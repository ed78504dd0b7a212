//! What is known of a circuit that a fleet shares.
//!
//! ```
//! use halfopen::redis::wire::View;
//!
//! let (old, new) = (View { gen_no: 7, ..View::NEW }, View { gen_no: 9, ..View::NEW });
//! assert!(new.replaces(&old) && !old.replaces(&new));
//! ```

use crate::circuit::{CircuitState, Mode};
use crate::transition::Reason;

/// What somebody has ordered for the whole fleet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Order {
    /// Every request is refused.
    Open,
    /// Every request is let through and nothing is recorded.
    Closed,
}

impl Order {
    /// `"open"` or `"closed"`, as the field `forced` has it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Closed => "closed",
        }
    }

    /// Anything but the two words is no order.
    pub(super) fn from_text(text: &str) -> Option<Self> {
        match text {
            "open" => Some(Self::Open),
            "closed" => Some(Self::Closed),
            _ => None,
        }
    }

    pub(in crate::redis) const fn mode(order: Option<Self>) -> Mode {
        match order {
            Some(Self::Open) => Mode::Isolated,
            Some(Self::Closed) => Mode::Disabled,
            None => Mode::Normal,
        }
    }
}

/// What is known of a circuit. Times are on the clock of whoever holds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct View {
    /// The number of the generation, in microseconds of some server's time; 0 before the first transition.
    pub gen_no: u64,
    /// The state that is stored.
    pub state: CircuitState,
    /// How often in this generation the count has fallen.
    pub streak: u64,
    /// Failures counted.
    pub failures: u16,
    /// Probes that succeeded in this HALF_OPEN.
    pub successes: u8,
    /// The end of an opening, in microseconds.
    pub open_until: u64,
    /// What is ordered.
    pub forced: Option<Order>,
    /// Why the latest transition was.
    pub reason: Reason,
}

impl View {
    /// A circuit of which nobody has heard.
    pub const NEW: Self = Self {
        gen_no: 0,
        state: CircuitState::Closed,
        streak: 0,
        failures: 0,
        successes: 0,
        open_until: 0,
        forced: None,
        reason: Reason::Reset,
    };

    /// Whether this, heard in a notice, is later than `known`.
    #[must_use]
    pub fn replaces(&self, known: &Self) -> bool {
        (self.gen_no, self.streak, self.failures) > (known.gen_no, known.streak, known.failures)
    }

    /// The same for what the server itself has just answered: in the same streak its count is right, and what a person has
    /// changed by hand is no later than what was there.
    #[must_use]
    pub fn corrects(&self, known: &Self) -> bool {
        (self.gen_no, self.streak) >= (known.gen_no, known.streak)
    }
}

pub(super) fn state_from(text: &str) -> CircuitState {
    match text {
        "open" => CircuitState::Open,
        "half_open" => CircuitState::HalfOpen,
        _ => CircuitState::Closed,
    }
}
