//! What is kept of a breaker, and how it goes on from there.

use super::CircuitBreaker;
use crate::clock::Clock;
use crate::observer::Observer;
use crate::rules::Rule;
use crate::snapshot::{Snapshot, SnapshotError};
use crate::step::transition;
use crate::transition::Transition;

impl<C: Clock, O: Observer, N: AsRef<str>, R: Rule> CircuitBreaker<C, O, N, R> {
    /// What is worth keeping of the breaker, with times as intervals.
    pub fn snapshot(&self) -> Snapshot {
        let state = self.cell.load();
        Snapshot::take::<R>(
            state,
            &self.policy,
            (R::reopenings(&self.memory, state), R::open_ms(&self.policy, &self.memory)),
            self.last_failure_time(),
            self.clock.now(),
        )
    }

    /// Takes over what was kept, from whatever clock: the remaining time counts, never more than one recovery timeout; with a
    /// rule that varies it never more than the longest, which from 9.3 hours on rounds up to a multiple of 64 ms.
    ///
    /// Permits that are out become stale, and no probe is in flight afterwards. It is meant for the start, before others use
    /// the breaker: where it meets their calls in the same millisecond, one opening of theirs may end early.
    ///
    /// # Errors
    ///
    /// A [`SnapshotError`] if it is of another version or damaged; the breaker then stays as it is.
    pub fn restore(&self, snapshot: &Snapshot) -> Result<(), SnapshotError> {
        snapshot.check()?;
        if let Some(transition) = self.put(snapshot) {
            self.announce(&transition);
        }
        Ok(())
    }

    /// Takes over what is known to be valid, and tells nobody.
    pub(crate) fn put(&self, snapshot: &Snapshot) -> Option<Transition> {
        loop {
            let (state, now) = self.look();
            let (applied, reason) = snapshot.apply::<R>(&self.policy, state, now);
            R::restore(&self.policy, &self.memory, applied.generation(), snapshot.reopenings());
            if !self.cell.exchange(state, applied) {
                continue;
            }
            // Before anybody is told, who may then look at it or record a newer one.
            self.last_failure.store(snapshot.last_failure(now));
            // If somebody has gone on from here meanwhile, the time is theirs.
            self.cell.exchange(applied, snapshot.since::<R>(applied, &self.policy));
            R::restored(&self.policy, &self.memory, snapshot.remaining_ms());
            R::clear(&self.memory, state.generation());
            return reason.map(|reason| transition::<R>(&self.policy, state, applied, reason, R::Evidence::default()));
        }
    }
}
