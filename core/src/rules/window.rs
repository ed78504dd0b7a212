//! What the two windows have in common: how the counts of one decide.

use super::Scene;
use crate::circuit::CircuitState;
use crate::config::WindowPolicy;
use crate::event::{Event, Outcome};
use crate::rule::{Counts, Judgement};
use crate::state::{MAX_COUNT, State};
use crate::transition::{Reason, Tally, Window};

/// What a window says of an event.
#[doc(hidden)]
#[derive(Clone, Copy, Default)]
pub struct WindowEvidence {
    pub(crate) slow: bool,
    pub(crate) reason: Option<Reason>,
    pub(crate) counts: Counts,
}

impl WindowEvidence {
    /// Of an event, for which the counts of the window of a generation are asked for if it needs them.
    #[cfg_attr(not(target_family = "wasm"), inline(always))]
    pub(crate) fn of(policy: &WindowPolicy, scene: Scene, counts: impl FnOnce(u16) -> Counts) -> Self {
        // For a command to be kept as the count. In any state but CLOSED there is no window of its generation.
        let recorded = scene.recorded && matches!(scene.event, Event::Settle(..));
        let asked = recorded || matches!(scene.event, Event::Trip | Event::Isolate);
        let counts = if asked { counts(scene.state.generation()) } else { Counts::default() };
        let reason = if recorded { counts.reason(policy) } else { None };
        Self { slow: scene.slow, reason, counts }
    }

    /// The failures that a window holds in CLOSED; what the state has kept of them after that.
    #[cfg_attr(not(target_family = "wasm"), inline(always))]
    pub(crate) fn failures(self, state: State) -> u16 {
        match state.circuit() {
            CircuitState::Closed => self.counts.failures.min(MAX_COUNT.into()) as u16,
            CircuitState::Open | CircuitState::HalfOpen => state.failure_count(),
        }
    }

    /// A window counts for itself: the state's count stays 0 until the circuit opens.
    #[cfg_attr(not(target_family = "wasm"), inline(always))]
    pub(crate) fn judge(self, state: State) -> Judgement {
        let count = if self.reason.is_some() { self.failures(state) } else { 0 };
        Judgement { counted: state.with_count(count), reason: self.reason }
    }

    /// A slow call counts for the rate of slow calls; as a probe it has shown that nothing is better.
    #[cfg_attr(not(target_family = "wasm"), inline(always))]
    pub(crate) fn weigh(self, probe: bool, outcome: Outcome) -> Outcome {
        if probe && self.slow && matches!(outcome, Outcome::Success) { Outcome::Failure } else { outcome }
    }

    pub(crate) fn tally(self, window: Window) -> Option<Tally> {
        let Counts { calls, failures, slow_calls } = self.counts;
        Some(Tally::new(calls, failures, slow_calls, window))
    }
}

/// Lets a rule decide by the counts of its window: `$window` gives the rates of `$policy`, `$span` what it looks back over.
macro_rules! window_rule {
    ([$($generics:tt)*] $rule:ty: $policies:ty, $policy:ident => $window:expr, $span:expr) => {
        impl<$($generics)*> crate::rule::TripRule for $rule {
            type Policy = $policies;
            type Evidence = WindowEvidence;
            const WINDOW: bool = true;

            #[cfg_attr(not(target_family = "wasm"), inline(always))]
            fn base($policy: &$policies) -> &crate::config::Policy {
                $window.base()
            }

            #[cfg_attr(not(target_family = "wasm"), inline(always))]
            fn judge(
                _: &$policies,
                state: State,
                _: crate::event::Outcome,
                evidence: WindowEvidence,
            ) -> crate::rule::Judgement {
                evidence.judge(state)
            }

            #[cfg_attr(not(target_family = "wasm"), inline(always))]
            fn counted(state: State, evidence: WindowEvidence) -> u16 {
                evidence.failures(state)
            }

            #[cfg_attr(not(target_family = "wasm"), inline(always))]
            fn tally($policy: &$policies, evidence: WindowEvidence) -> Option<crate::transition::Tally> {
                evidence.tally($span)
            }

            #[cfg_attr(not(target_family = "wasm"), inline(always))]
            fn weigh(
                _: &$policies,
                probe: bool,
                outcome: crate::event::Outcome,
                evidence: WindowEvidence,
            ) -> crate::event::Outcome {
                evidence.weigh(probe, outcome)
            }

            #[cfg_attr(not(target_family = "wasm"), inline(always))]
            fn slow_call_ms($policy: &$policies) -> u32 {
                $window.slow_call_ms().unwrap_or(0)
            }
        }
    };
}
pub(super) use window_rule;
