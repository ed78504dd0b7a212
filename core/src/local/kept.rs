//! What is kept of a breaker of one owner, and how it goes on from there.
//!
//! ```
//! use halfopen::local::{LocalBreaker, LocalRule};
//! use halfopen::Timestamp;
//!
//! let policy = LocalRule::Consecutive.check(&halfopen::Config::new(), false)?;
//! let mut breaker = LocalBreaker::new(policy, &mut []);
//! let kept = breaker.snapshot(Timestamp::ZERO);
//! breaker.restore(&kept, Timestamp::ZERO, &());
//! assert_eq!(breaker.generation(), 1);
//! # Ok::<(), halfopen::ConfigError>(())
//! ```

use super::LocalBreaker;
use super::rule::Chosen;
use super::window::Head;
use crate::observer::Observer;
use crate::rule::Counts;
use crate::rules::opening::{Length, Opening};
use crate::snapshot::Snapshot;
use crate::time::Timestamp;

impl LocalBreaker<'_> {
    /// What is worth keeping, with times as intervals.
    #[must_use]
    pub fn snapshot(&self, now: Timestamp) -> Snapshot {
        let varied = (self.reopenings(), self.open_ms());
        Snapshot::take::<Chosen>(self.state, &self.policy, varied, self.last_failure, now)
    }

    /// Takes over what was kept: see [`CircuitBreaker::restore`](crate::CircuitBreaker::restore).
    pub fn restore(&mut self, snapshot: &Snapshot, now: Timestamp, observer: &impl Observer) {
        let before = self.state;
        let (applied, reason) = snapshot.apply::<Chosen>(&self.policy, before, now);
        if let Some(recovery) = &self.policy.recovery {
            self.opening = Opening::restored(applied.generation(), snapshot.reopenings());
            self.length = Length::other(self.opening, snapshot.remaining_ms().min(recovery.max_recovery_timeout_ms()));
        }
        self.last_failure = snapshot.last_failure(now);
        self.state = snapshot.since::<Chosen>(applied, &self.policy);
        self.head = Head::default();
        if let Some(reason) = reason {
            self.tell(before, reason, Counts::default(), observer);
        }
    }
}
