//! What is counted of calls.

use std::time::Duration;

use crate::workers::Ended;

/// Calls of a time.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tally {
    pub(crate) made: u32,
    pub(crate) ok: u32,
    pub(crate) failed: u32,
    pub(crate) refused: u32,
}

impl Tally {
    pub(crate) fn add(&mut self, ended: Ended) {
        self.made += 1;
        match ended {
            Ended::Ok { .. } => self.ok += 1,
            Ended::Failed { .. } => self.failed += 1,
            Ended::Refused => self.refused += 1,
        }
    }

    /// In a few words.
    pub(crate) fn words(&self) -> String {
        format!("{} calls: {} ok, {} failed, {} refused", self.made, self.ok, self.failed, self.refused)
    }
}

/// What was measured in the whole run.
#[derive(Clone, Debug, Default)]
pub(crate) struct Totals {
    pub(crate) all: Tally,
    pub(crate) made_while_sick: u32,
    pub(crate) sent_while_sick: u32,
    pub(crate) probes_shared: u32,
    pub(crate) most_probes_shared: u32,
    pub(crate) probes_alone: u32,
    pub(crate) most_probes_alone: u32,
    /// Calls that were not answered with 200 while the service was well and every circuit closed.
    pub(crate) spoiled: u32,
    pub(crate) made_without_redis: u32,
    /// The longest that a call that was no probe spent in its breaker.
    pub(crate) longest_wait: Duration,
    /// From the first worker that refused to the last one, for each time that they tripped together.
    pub(crate) spreads: Vec<Duration>,
    /// What did not happen in time.
    pub(crate) missed: Vec<String>,
}
