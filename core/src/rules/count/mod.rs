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

use super::window::{WindowEvidence, window_rule};
use super::{Call, Checked, Moment, Recorded, Rule, Scene, sealed::Sealed};
use crate::config::{CircuitBreakerConfiguration, WindowPolicy};
use crate::config_error::ConfigError;
use crate::state::State;
use crate::time::Timestamp;
use crate::transition::Window;

/// Opens when among the last `N` calls (of one of the sizes in [`Room`], or fewer by
/// [`sliding_window_size`](CircuitBreakerConfiguration::sliding_window_size)) the share of failures, or that of slow
/// calls, reaches its threshold; not before
/// [`minimum_calls`](CircuitBreakerConfiguration::minimum_calls) are in the window, which begins empty whenever the
/// circuit closes.
///
/// Recording is lock-free: one compare-and-swap a call, two for one that failed or was slow. While all that a full
/// window holds are good calls, another good one changes nothing and writes nothing.
#[derive(Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum CountWindow<const N: usize> {}

constructors!([const N: usize] CountWindow<N> where [Calls<N>: Room], config => config.fixed(config.count_window(N as u32)));

window_rule!([const N: usize] CountWindow<N>: WindowPolicy, policy => policy, Window::Calls(policy.size()));

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
