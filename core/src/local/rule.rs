//! The rule that is whichever the policy names.
//!
//! ```
//! use halfopen::Config;
//! use halfopen::local::LocalRule;
//!
//! let policy = LocalRule::TimeWindow.check(&Config::new(), true)?;
//! assert_eq!(policy.rule(), LocalRule::TimeWindow);
//! # Ok::<(), halfopen::ConfigError>(())
//! ```

use super::policy::{LocalPolicy, LocalRule};
use super::window::reach;
use crate::config::{Policy, Recovery};
use crate::event::Outcome;
use crate::rule::{Judgement, Luck, TripRule};
use crate::rules::consecutive::in_a_row;
use crate::rules::opening::Opening;
use crate::rules::window::WindowEvidence;
use crate::state::State;
use crate::transition::{Tally, Window};

/// Whichever rule the policy names.
pub(super) enum Chosen {}

/// What the memory of any rule says.
#[derive(Clone, Copy, Default)]
pub(super) struct Evidence {
    pub(super) window: WindowEvidence,
    pub(super) luck: Luck,
    /// The opening that the event would make.
    pub(super) next: Opening,
}

impl TripRule for Chosen {
    type Policy = LocalPolicy;
    type Evidence = Evidence;
    const WINDOW: bool = true;

    #[inline(always)]
    fn base(policy: &LocalPolicy) -> &Policy {
        policy.base()
    }

    #[inline(always)]
    fn windowed(policy: &LocalPolicy) -> bool {
        policy.windowed()
    }

    #[inline(always)]
    fn judge(policy: &LocalPolicy, state: State, outcome: Outcome, evidence: Evidence) -> Judgement {
        if policy.windowed() { evidence.window.judge(state) } else { in_a_row(policy.base(), state, outcome) }
    }

    #[inline(always)]
    fn tally(policy: &LocalPolicy, evidence: Evidence) -> Option<Tally> {
        evidence.window.tally(match policy.rule {
            LocalRule::TimeWindow => Window::Millis(reach(policy.bucket_ms)),
            _ => Window::Calls(policy.window.size()),
        })
    }

    /// A slow call among those in a row is a failure, whatever came of it.
    #[inline(always)]
    fn weigh(policy: &LocalPolicy, probe: bool, outcome: Outcome, evidence: Evidence) -> Outcome {
        evidence.window.weigh(probe || !policy.windowed(), outcome)
    }

    #[inline(always)]
    fn slow_call_ms(policy: &LocalPolicy) -> u32 {
        policy.window.slow_call_ms().unwrap_or(0)
    }

    #[inline(always)]
    fn recovery(policy: &LocalPolicy) -> Option<&Recovery> {
        policy.recovery.as_ref()
    }

    #[inline(always)]
    fn counted(state: State, evidence: Evidence) -> u16 {
        evidence.window.failures(state).max(state.failure_count())
    }

    #[inline(always)]
    fn luck(evidence: Evidence) -> Luck {
        evidence.luck
    }
}
