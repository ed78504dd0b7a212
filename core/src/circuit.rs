//! The names of the states and modes: the same in every format and language.
//!
//! ```
//! use halfopen::{CircuitState, Mode};
//!
//! assert_eq!(CircuitState::HalfOpen.as_str(), "half_open");
//! assert_eq!(Mode::Shadow.to_string(), "shadow");
//! ```

use core::fmt;

/// The three states of a circuit breaker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum CircuitState {
    /// Normal operation.
    Closed,
    /// Requests are refused.
    Open,
    /// A limited number of probes tests whether the operation works again.
    HalfOpen,
}

impl CircuitState {
    /// `"closed"`, `"open"` or `"half_open"`: the names in every format and language.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Open => "open",
            Self::HalfOpen => "half_open",
        }
    }
}

impl fmt::Display for CircuitState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Whether the rules are in force. Orthogonal to [`CircuitState`], which keeps its three values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Mode {
    /// The rules decide.
    Normal,
    /// Every request is refused until [`reset`](crate::CircuitBreaker::reset) or another mode. The state reads OPEN.
    Isolated,
    /// Every request is let through and nothing is recorded. The state reads CLOSED.
    Disabled,
    /// The rules run and report, but every request is let through.
    Shadow,
}

impl Mode {
    /// `"normal"`, `"isolated"`, `"disabled"` or `"shadow"`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Normal => "normal",
            Self::Isolated => "isolated",
            Self::Disabled => "disabled",
            Self::Shadow => "shadow",
        }
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
