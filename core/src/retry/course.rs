//! The attempts of one call: everything about them that does not wait.

use core::borrow::Borrow;
use core::ops::ControlFlow;
use core::time::Duration;

use backon::BackoffBuilder;

use super::error::{GaveUp, RetryError};
use super::{Again, RetryBudget, RetryPolicy, RetryRules};
use crate::circuit::CircuitState;
use crate::clock::Clock;
use crate::contract::Breaker;
use crate::error::{CallError, CircuitOpenError};
use crate::event::Outcome;
use crate::time::Timestamp;

pub(super) struct Course<'a, B, E, R, S, C, W: BackoffBuilder, G> {
    breaker: &'a B,
    policy: &'a RetryPolicy<R, S, C, W, G>,
    /// No wait ends later; `None`: there is no end.
    deadline: Option<Timestamp>,
    /// Made by the first failure: most calls need none.
    backoff: Option<W::Backoff>,
    /// Of the questions to a circuit that others try out; begun anew by each attempt.
    patience: Option<W::Backoff>,
    /// Those that were made.
    attempts: u32,
    /// What the retry that is to come was taken from.
    withdrawn: Option<Withdrawal<'a>>,
    /// The error of the attempt before.
    last: Option<E>,
}

/// Gives a retry back to the budget, unless it was made.
struct Withdrawal<'a>(&'a RetryBudget);

impl Drop for Withdrawal<'_> {
    fn drop(&mut self) {
        self.0.refund();
    }
}

/// Deadline of a retry that waits for circuits where none is named.
const DEADLINE: Duration = Duration::from_secs(60);
/// No wait for a circuit is shorter: some sleepers count whole milliseconds.
const SHORTEST: Duration = Duration::from_millis(1);

impl<'a, B, E, R, S, C, W, G> Course<'a, B, E, R, S, C, W, G>
where
    B: Breaker,
    C: Clock,
    W: BackoffBuilder + Clone,
    G: Borrow<RetryBudget>,
{
    pub(super) fn new(breaker: &'a B, policy: &'a RetryPolicy<R, S, C, W, G>) -> Self {
        let limit = policy.plain.deadline.or(policy.plain.wait_while_open.then_some(DEADLINE));
        Self {
            breaker,
            policy,
            deadline: limit.map(|limit| policy.clock.now().saturating_add(limit)),
            backoff: None,
            patience: None,
            attempts: 0,
            withdrawn: None,
            last: None,
        }
    }

    /// An attempt was let through.
    pub(super) fn begin(&mut self) {
        match self.withdrawn.take() {
            Some(made) => core::mem::forget(made),
            // The first one. Not for a call that was refused: it makes no load of which retries could be a share.
            None => self.budget().map_or((), RetryBudget::deposit),
        }
        self.attempts = self.attempts.saturating_add(1);
        self.patience = None;
    }

    /// What follows a call that ended, and, if it was let through, counted as `outcome`: a wait and another one, or the end.
    #[allow(clippy::type_complexity)] // a name for it would have four parameters
    pub(super) fn after<T>(
        &mut self,
        called: Result<T, CallError<E, B::Name>>,
        outcome: Option<Outcome>,
    ) -> ControlFlow<Result<T, RetryError<E, B::Name>>, Duration>
    where
        R: RetryRules<T, E>,
    {
        let result = match called {
            Err(CallError::Open(refused)) => return self.after_refusal(refused),
            Err(CallError::Inner(error)) => Err(error),
            Ok(value) => Ok(value),
        };
        match self.again(&result, outcome.unwrap_or(Outcome::Ignored)) {
            Ok(delay) => {
                self.policy.rules.on_retry(Again { attempt: self.attempts, result: &result, delay });
                self.last = result.err();
                ControlFlow::Continue(delay)
            }
            Err(why) => {
                let attempts = self.attempts;
                ControlFlow::Break(result.map_err(|error| RetryError::Inner { error, attempts, why }))
            }
        }
    }

    fn after_refusal<T>(
        &mut self,
        refused: CircuitOpenError<B::Name>,
    ) -> ControlFlow<Result<T, RetryError<E, B::Name>>, Duration> {
        match self.patience(&refused) {
            Some(wait) if self.policy.plain.wait_while_open && !self.is_late(wait) => ControlFlow::Continue(wait),
            _ => {
                let last = self.last.take();
                ControlFlow::Break(Err(RetryError::Open { refused, attempts: self.attempts, last }))
            }
        }
    }

    /// How long until the circuit is worth asking again.
    fn patience(&mut self, refused: &CircuitOpenError<B::Name>) -> Option<Duration> {
        let most = refused.retry_after?;
        // Who is refused by any other state waits for other callers, who may be done at any time.
        let wait = if refused.state == CircuitState::Open {
            most
        } else {
            let policy = self.policy;
            let backoff = self.patience.get_or_insert_with(|| policy.backoff.clone().build());
            backoff.next().map_or(most, |backoff| policy.delay(backoff).min(most))
        };
        Some(wait.max(SHORTEST))
    }

    /// How long until the next attempt, or why there is none.
    fn again<T>(&mut self, result: &Result<T, E>, outcome: Outcome) -> Result<Duration, GaveUp>
    where
        R: RetryRules<T, E>,
    {
        let policy = self.policy;
        if self.attempts >= policy.plain.attempts {
            return Err(GaveUp::Attempts);
        }
        if !policy.rules.retry_if(result, self.attempts, outcome) {
            return Err(GaveUp::NotWorthIt);
        }
        let backoff = self.backoff.get_or_insert_with(|| policy.backoff.clone().build());
        let backoff = policy.delay(backoff.next().ok_or(GaveUp::Attempts)?);
        let asked = policy.rules.retry_after(result).unwrap_or(Duration::ZERO);
        if asked > policy.plain.max_delay {
            return Err(GaveUp::RetryAfter);
        }
        // Where the circuit would still refuse after the wait, it says so now.
        let wait = backoff.max(asked);
        let delay = self.breaker.retry_after().filter(|open| *open <= wait).map_or(Duration::ZERO, |_| wait);
        if self.is_late(delay) {
            return Err(GaveUp::Deadline);
        }
        match self.budget() {
            Some(budget) if !budget.withdraw() => return Err(GaveUp::Budget),
            budget => self.withdrawn = budget.map(Withdrawal),
        }
        Ok(delay)
    }

    fn is_late(&self, wait: Duration) -> bool {
        self.deadline.is_some_and(|deadline| self.policy.clock.now().saturating_add(wait) > deadline)
    }

    fn budget(&self) -> Option<&'a RetryBudget> {
        self.policy.budget.as_ref().map(Borrow::borrow)
    }
}
