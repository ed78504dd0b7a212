//! The share of failures or slow calls over a time, in buckets that are dropped one by one.
//!
//! ```
//! use core::time::Duration;
//! use halfopen::rules::TimeWindow;
//! use halfopen::{CircuitBreaker, CircuitState, Config, ManualClock};
//!
//! let clock = ManualClock::new();
//! let config = Config::new()
//!     .sliding_window(Duration::from_secs(10))
//!     .failure_rate_threshold(50)
//!     .minimum_calls(20);
//! let http = CircuitBreaker::with_rule("http", TimeWindow::<10>::with(config), &clock, ());
//! for _ in 0..1_000 {
//!     http.record_success();
//! }
//! clock.advance(Duration::from_secs(10)); // they are forgotten
//! for _ in 0..20 {
//!     assert_eq!(http.state(), CircuitState::Closed);
//!     http.record_failure();
//! }
//! assert_eq!(http.state(), CircuitState::Open);
//! ```

mod bucket;
mod head;
mod memory;

use memory::TimeMemory;

use super::window::{WindowEvidence, window_rule};
use super::{Call, Checked, Moment, Recorded, Rule, Scene, sealed::Sealed};
use crate::config::{CircuitBreakerConfiguration, TimeWindowPolicy};
use crate::config_error::ConfigError;
use crate::state::State;
use crate::time::Timestamp;
use crate::transition::Window;

/// Opens when over the last [`sliding_window`](CircuitBreakerConfiguration::sliding_window) the share of failures, or
/// that of slow calls, reaches its threshold; not before
/// [`minimum_calls`](CircuitBreakerConfiguration::minimum_calls) are in the window, which begins empty whenever the
/// circuit closes.
///
/// The time is divided into `B` buckets, 2 to 63. A bucket begins with the first call after the one before it was over,
/// and is dropped whole once it began longer ago than the window reaches; so a call is remembered for the time of the
/// window, or for less by at most one bucket. Recording is lock-free: a call costs one read of the clock and one
/// compare-and-swap, one more if it failed and one more if it was slow, however many there are. A bucket counts to
/// 16,777,215 and stays there.
///
/// A clock that goes back by no more than the window reaches counts as one that stands still, so that calls are remembered
/// for that much longer; one that goes back further begins the window anew. What a call has found too old is forgotten for
/// good; what was only looked at and found too old is counted again where the clock goes back to when it was not. Times are
/// told by 32 bits: into a window that holds calls another one has to come within 24.8 days, or those may be taken for
/// recent ones 49.7 days after they were made.
#[derive(Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum TimeWindow<const B: usize> {}

constructors!([const B: usize] TimeWindow<B>, config => config.fixed(config.time_window(B as u32)));

window_rule!([const B: usize] TimeWindow<B>: TimeWindowPolicy, policy => policy.window(), Window::Millis(reach::<B>(policy)));

/// How far the window reaches back: the buckets were made long enough for what was asked.
const fn reach<const B: usize>(policy: &TimeWindowPolicy) -> u32 {
    policy.bucket_ms() * B as u32
}

impl<const B: usize> Sealed for TimeWindow<B> {}

impl<const B: usize> Rule for TimeWindow<B> {
    type Memory = TimeMemory<B>;

    #[cfg(not(halfopen_loom))]
    #[allow(clippy::declare_interior_mutable_const)] // each use is to be one of its own
    const EMPTY: Self::Memory = TimeMemory::new();

    #[cfg(halfopen_loom)]
    fn empty() -> Self::Memory {
        TimeMemory::new()
    }

    fn check(config: &CircuitBreakerConfiguration) -> Result<TimeWindowPolicy, ConfigError> {
        config.fixed(config.time_window(B as u32))
    }

    const QUIETS: bool = false;

    /// Every call counts towards the minimum.
    #[inline(always)]
    fn is_quiet(_: &Self::Memory, _: u16) -> bool {
        false
    }

    #[inline(always)]
    fn record(
        policy: &TimeWindowPolicy,
        memory: &Self::Memory,
        call: Call<'_>,
        read: impl FnMut() -> Moment,
    ) -> Recorded {
        memory.record(policy.bucket_ms(), call, read)
    }

    fn clear(memory: &Self::Memory, generation: u16) {
        memory.clear(generation);
    }

    fn carry(memory: &Self::Memory, from: u16, to: u16) {
        memory.carry(from, to);
    }

    fn evidence(policy: &TimeWindowPolicy, memory: &Self::Memory, scene: Scene) -> WindowEvidence {
        WindowEvidence::of(policy.window(), scene, |generation| {
            memory.counts(policy.bucket_ms(), generation, scene.now)
        })
    }

    fn failures(policy: &TimeWindowPolicy, memory: &Self::Memory, state: State, now: impl Fn() -> Timestamp) -> u32 {
        memory.counts(policy.bucket_ms(), state.generation(), now()).failures
    }
}
