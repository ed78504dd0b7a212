//! The share of failures or slow calls among the last N: it slides by one call at a time.
//!
//! ```
//! use halfopen::rules::CountWindow;
//! use halfopen::{CircuitBreaker, CircuitState, Config, ManualClock};
//!
//! let clock = ManualClock::new();
//! let rule = CountWindow::<10>::with(Config::new().failure_rate_threshold(50).minimum_calls(10));
//! let radio = CircuitBreaker::with_rule("radio", rule, &clock, ());
//! for _ in 0..10_000 {
//!     radio.record_success();
//! }
//! for _ in 0..5 {
//!     assert_eq!(radio.state(), CircuitState::Closed);
//!     radio.record_failure();
//! }
//! assert_eq!(radio.state(), CircuitState::Open); // five of the last ten
//! ```

mod head;
mod memory;
mod room;
mod word;

use memory::CountMemory;
pub use room::{Calls, Room};

use super::{Call, Checked, Moment, Recorded, Rule, Scene, sealed::Sealed};
use crate::circuit::CircuitState;
use crate::config::{CircuitBreakerConfiguration, Policy, WindowPolicy};
use crate::config_error::ConfigError;
use crate::event::{Event, Outcome};
use crate::rule::{Counts, Judgement, TripRule};
use crate::state::{MAX_COUNT, State};
use crate::step::counts_in_closed;
use crate::time::Timestamp;
use crate::transition::{Reason, Tally, Window};

/// Opens when among the last `N` calls (of one of the sizes in [`Room`], or fewer by
/// [`sliding_window_size`](CircuitBreakerConfiguration::sliding_window_size)) the share of failures, or that of slow
/// calls, reaches its threshold; not before
/// [`minimum_calls`](CircuitBreakerConfiguration::minimum_calls) are in the window, which begins empty whenever the
/// circuit closes.
///
/// Recording is lock-free: one compare-and-swap a call, two for one that failed or was slow. While all that a full
/// window holds are good calls, another good one changes nothing and writes nothing.
#[derive(Debug)]
pub enum CountWindow<const N: usize> {}

constructors!([const N: usize] CountWindow<N> where [Calls<N>: Room], config => config.fixed(config.count_window(N as u32)));

/// What a window says of an event.
#[doc(hidden)]
#[derive(Clone, Copy, Default)]
pub struct WindowEvidence {
    pub(crate) slow: bool,
    pub(crate) reason: Option<Reason>,
    pub(crate) counts: Counts,
}

impl WindowEvidence {
    /// Of an event that ended a call of the window, whose counts are then asked for.
    #[inline(always)]
    pub(crate) fn of(policy: &WindowPolicy, scene: Scene, counts: impl FnOnce(u16) -> Counts) -> Self {
        let mut evidence = Self { slow: scene.slow, ..Self::default() };
        let settles = match scene.event {
            Event::Settle(ticket, outcome) => scene.recorded && counts_in_closed(scene.state, ticket, outcome),
            // To be kept as the count.
            Event::Trip | Event::Isolate => false,
            _ => return evidence,
        };
        let closed = matches!(scene.state.circuit(), CircuitState::Closed) && !scene.state.is_disabled();
        if closed && (settles || !matches!(scene.event, Event::Settle(..))) {
            evidence.counts = counts(scene.state.generation());
        }
        if settles {
            evidence.reason = evidence.counts.reason(policy);
        }
        evidence
    }

    /// The failures that a window holds in CLOSED; what the state has kept of them after that.
    #[inline(always)]
    pub(crate) fn failures(self, state: State) -> u16 {
        match state.circuit() {
            CircuitState::Closed => self.counts.failures.min(MAX_COUNT.into()) as u16,
            CircuitState::Open | CircuitState::HalfOpen => state.failure_count(),
        }
    }

    /// A window counts for itself: the state's count stays 0 until the circuit opens.
    #[inline(always)]
    pub(crate) fn judge(self, state: State) -> Judgement {
        let count = if self.reason.is_some() { self.failures(state) } else { 0 };
        Judgement { counted: state.with_count(count), reason: self.reason }
    }

    /// A slow call counts for the rate of slow calls; as a probe it has shown that nothing is better.
    #[inline(always)]
    pub(crate) fn weigh(self, probe: bool, outcome: Outcome) -> Outcome {
        if probe && self.slow && matches!(outcome, Outcome::Success) { Outcome::Failure } else { outcome }
    }

    pub(crate) fn tally(self, window: Window) -> Option<Tally> {
        let Counts { calls, failures, slow_calls } = self.counts;
        Some(Tally::new(calls, failures, slow_calls, window))
    }
}

impl<const N: usize> TripRule for CountWindow<N> {
    type Policy = WindowPolicy;
    type Evidence = WindowEvidence;
    const WINDOW: bool = true;

    #[inline(always)]
    fn base(policy: &WindowPolicy) -> &Policy {
        policy.base()
    }

    #[inline(always)]
    fn judge(_: &WindowPolicy, state: State, _: Outcome, evidence: WindowEvidence) -> Judgement {
        evidence.judge(state)
    }

    #[inline(always)]
    fn counted(state: State, evidence: WindowEvidence) -> u16 {
        evidence.failures(state)
    }

    #[inline(always)]
    fn tally(policy: &WindowPolicy, evidence: WindowEvidence) -> Option<Tally> {
        evidence.tally(Window::Calls(policy.size()))
    }

    #[inline(always)]
    fn weigh(_: &WindowPolicy, probe: bool, outcome: Outcome, evidence: WindowEvidence) -> Outcome {
        evidence.weigh(probe, outcome)
    }

    #[inline(always)]
    fn slow_call_ms(policy: &WindowPolicy) -> u32 {
        policy.slow_call_ms().unwrap_or(0)
    }
}

impl<const N: usize> Sealed for CountWindow<N> {}

impl<const N: usize> Rule for CountWindow<N>
where
    Calls<N>: Room,
{
    type Memory = CountMemory<<Calls<N> as Room>::Words>;

    #[cfg(not(halfopen_loom))]
    #[allow(clippy::declare_interior_mutable_const)] // each use is to be one of its own
    const EMPTY: Self::Memory = CountMemory::new(<Calls<N> as Room>::EMPTY);

    #[cfg(halfopen_loom)]
    fn empty() -> Self::Memory {
        CountMemory::new(<Calls<N> as Room>::empty())
    }

    fn check(config: &CircuitBreakerConfiguration) -> Result<WindowPolicy, ConfigError> {
        config.fixed(config.count_window(N as u32))
    }

    #[inline(always)]
    fn is_quiet(memory: &Self::Memory, generation: u16) -> bool {
        memory.is_clean(generation)
    }

    #[inline(always)]
    fn record(policy: &WindowPolicy, memory: &Self::Memory, call: Call, mut read: impl FnMut() -> Moment) -> Recorded {
        let slow = policy.slow_call_ms().is_some() && read().slow;
        memory.record(policy.size(), call, slow)
    }

    fn clear(memory: &Self::Memory, generation: u16) {
        memory.clear(generation);
    }

    fn carry(memory: &Self::Memory, from: u16, to: u16) {
        memory.carry(from, to);
    }

    fn evidence(policy: &WindowPolicy, memory: &Self::Memory, scene: Scene) -> WindowEvidence {
        WindowEvidence::of(policy, scene, |generation| memory.counts(policy.size(), generation))
    }

    fn failures(policy: &WindowPolicy, memory: &Self::Memory, state: State, _: impl Fn() -> Timestamp) -> u32 {
        memory.counts(policy.size(), state.generation()).failures
    }
}
