//! What an operator orders: another mode, an opening, a reset.

use crate::circuit::{CircuitState, Mode};
use crate::event::{Event, Made, Verdict};
use crate::rule::TripRule;
use crate::state::State;
use crate::time::Timestamp;
use crate::transition::Reason;

/// What leads into a mode, or back.
pub(super) fn switch<R: TripRule, M: Made>(policy: &R::Policy, state: State, event: Event, evidence: R::Evidence) -> M {
    let (circuit, mode, count, reason) = match event {
        Event::Isolate => (CircuitState::Open, Mode::Isolated, R::counted(state, evidence), Reason::Isolated),
        Event::Disable => (CircuitState::Closed, Mode::Disabled, 0, Reason::Disabled),
        Event::Shadow => match state.mode() {
            // In the same circuit state; a ramp goes on.
            Mode::Normal if state.is_ramping() => {
                let next = state.switch_to(CircuitState::Closed, Mode::Shadow).ramping();
                return M::new(state, next, Verdict::Done, Some(Reason::Shadowed));
            }
            Mode::Normal | Mode::Shadow => (state.circuit(), Mode::Shadow, state.failure_count(), Reason::Shadowed),
            Mode::Isolated | Mode::Disabled => (CircuitState::Closed, Mode::Shadow, 0, Reason::Shadowed),
        },
        // `Reset`: back to CLOSED, and everything is let through at once.
        _ => match R::recovery(policy) {
            Some(_) if state.is_ramping() && matches!(state.mode(), Mode::Normal) => {
                return M::new(state, state.with_count(0).with_successes(0), Verdict::Done, None);
            }
            _ => (CircuitState::Closed, Mode::Normal, 0, Reason::Reset),
        },
    };
    // Where the circuit is there already, only the count is stored.
    if state.mode() == mode && state.circuit() == circuit {
        return M::new(state, state.with_count(count), Verdict::Done, None);
    }
    M::new(state, state.switch_to(circuit, mode).with_count(count), Verdict::Done, Some(reason))
}

#[cfg_attr(not(target_family = "wasm"), inline(always))]
pub(super) fn trip<R: TripRule, M: Made>(state: State, now: Timestamp, evidence: R::Evidence) -> M {
    match (state.mode(), state.circuit()) {
        (Mode::Isolated | Mode::Disabled, _) => M::unchanged(state, Verdict::Done),
        // Already OPEN: the wait begins anew.
        (_, CircuitState::Open) => M::new(state, state.with_since(now), Verdict::Done, None),
        _ => {
            let counted = state.with_count(R::counted(state, evidence));
            let next = counted.move_to(CircuitState::Open).with_since(now);
            M::new(state, next, Verdict::Done, Some(Reason::Tripped))
        }
    }
}
