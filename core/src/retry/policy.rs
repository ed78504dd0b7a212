//! How to try again: how often, after how long, and what for.
//!
//! ```
//! use core::time::Duration;
//! use halfopen::retry::{Jitter, RetryPolicy};
//! use halfopen::{Clock, ManualClock};
//!
//! let clock = ManualClock::new();
//! let policy = RetryPolicy::with_clock(&clock)
//!     .attempts(4)
//!     .backoff(Duration::from_millis(50))
//!     .jitter(Jitter::Equal)
//!     .retry_if(|result: &Result<(), u16>, _| matches!(result, Err(429 | 500..)));
//! ```

use core::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};

use super::RetryBudget;
use super::rules::{Again, ByDefault, Classify, OnRetry, RetryAfter, RetryIf};
use super::sleeper::SystemSleeper;
use crate::clock::{Clock, DefaultClock};
use crate::event::Outcome;
use crate::rules::{Random, Weyl};

/// How much of a backoff is left to chance, so that callers do not come back together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Jitter {
    /// All of it.
    #[default]
    Full,
    /// Half of it.
    Equal,
    /// Nothing.
    None,
}

/// What of a policy is numbers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plain {
    pub(super) attempts: u32,
    pub(super) max_delay: Duration,
    pub(super) jitter: Jitter,
    pub(super) wait_while_open: bool,
    pub(super) deadline: Option<Duration>,
}

/// How [`retry`](super::retry()) tries again.
///
/// `R` are its [rules](super::RetryRules), `S` how it waits, `C` the clock of its deadline, `W` makes the backoff, `G` holds the
/// budget. All of them are what the methods make of them; only who writes the type down has to name them.
#[derive(Clone, Debug)]
#[must_use = "it does nothing by itself"]
pub struct RetryPolicy<
    R = ByDefault,
    S = SystemSleeper,
    C = DefaultClock,
    W = ExponentialBuilder,
    G = &'static RetryBudget,
> {
    pub(super) plain: Plain,
    pub(super) rules: R,
    pub(super) sleeper: S,
    pub(super) clock: C,
    pub(super) backoff: W,
    pub(super) budget: Option<G>,
}

#[cfg(all(feature = "std", not(all(target_family = "wasm", target_os = "unknown"))))]
impl RetryPolicy {
    /// Three attempts, with a backoff of 100 ms that is doubled, up to 30 s, and of which chance chooses a part.
    pub const fn new() -> Self {
        Self::with_clock(crate::system_clock::SystemClock)
    }
}

#[cfg(all(feature = "std", not(all(target_family = "wasm", target_os = "unknown"))))]
impl Default for RetryPolicy {
    fn default() -> Self {
        Self::new()
    }
}

impl<C: Clock> RetryPolicy<ByDefault, SystemSleeper, C> {
    /// As `RetryPolicy::new`, with the clock by which a deadline is measured: where there is no system that has one.
    pub const fn with_clock(clock: C) -> Self {
        Self {
            plain: Plain {
                attempts: 3,
                max_delay: Duration::from_secs(30),
                jitter: Jitter::Full,
                wait_while_open: false,
                deadline: None,
            },
            rules: ByDefault,
            sleeper: SystemSleeper,
            clock,
            // Bounded by `attempts` and `max_delay`.
            backoff: ExponentialBuilder::new()
                .with_min_delay(Duration::from_millis(100))
                .without_max_delay()
                .without_max_times(),
            budget: None,
        }
    }
}

impl<R, S, C, G> RetryPolicy<R, S, C, ExponentialBuilder, G> {
    /// The wait before the second attempt, which is doubled for each one after it; by default 100 ms.
    pub const fn backoff(mut self, first: Duration) -> Self {
        self.backoff = self.backoff.with_min_delay(first);
        self
    }
}

impl<R, S, C, W, G> RetryPolicy<R, S, C, W, G> {
    /// How many attempts there are, the first included: by default 3. 0 is taken for 1. A refusal is no attempt.
    pub const fn attempts(mut self, attempts: u32) -> Self {
        self.plain.attempts = if attempts == 0 { 1 } else { attempts };
        self
    }

    /// The most that the backoff may come to, before chance has its part: by default 30 s. Who is asked by the server to come back
    /// after more does not come back.
    pub const fn max_delay(mut self, max_delay: Duration) -> Self {
        self.plain.max_delay = max_delay;
        self
    }

    /// How much of the backoff is left to chance: by default all of it.
    pub const fn jitter(mut self, jitter: Jitter) -> Self {
        self.plain.jitter = jitter;
        self
    }

    /// Waits where the circuit refuses, until it would let a request through. By default a refusal ends the retry.
    ///
    /// It has a deadline of 60 s then, unless [`deadline`](Self::deadline) says otherwise. One that is isolated is not waited for.
    pub const fn wait_while_open(mut self) -> Self {
        self.plain.wait_while_open = true;
        self
    }

    /// Begins no wait that would end later than this after the call, by the policy's clock. An attempt is not ended by it.
    pub const fn deadline(mut self, deadline: Duration) -> Self {
        self.plain.deadline = Some(deadline);
        self
    }

    /// What a result means to the breaker: by default `Ok` is a success and `Err` a failure.
    pub fn classify<T, E, F>(self, classify: F) -> RetryPolicy<Classify<R, F>, S, C, W, G>
    where
        F: Fn(&Result<T, E>) -> Outcome,
    {
        self.with(|rules| Classify(rules, classify))
    }

    /// Whether to try again after a result and the number of its attempt: by default if it counted as a failure.
    pub fn retry_if<T, E, F>(self, retry_if: F) -> RetryPolicy<RetryIf<R, F>, S, C, W, G>
    where
        F: Fn(&Result<T, E>, u32) -> bool,
    {
        self.with(|rules| RetryIf(rules, retry_if))
    }

    /// For how long the server asked to be left alone, as by HTTP's `Retry-After`; the wait is not shorter.
    ///
    /// If that is more than [`max_delay`](Self::max_delay), no other attempt is made.
    pub fn retry_after<T, E, F>(self, retry_after: F) -> RetryPolicy<RetryAfter<R, F>, S, C, W, G>
    where
        F: Fn(&Result<T, E>) -> Option<Duration>,
    {
        self.with(|rules| RetryAfter(rules, retry_after))
    }

    /// Is told before each wait for another attempt.
    pub fn on_retry<T, E, F>(self, on_retry: F) -> RetryPolicy<OnRetry<R, F>, S, C, W, G>
    where
        F: Fn(Again<'_, T, E>),
    {
        self.with(|rules| OnRetry(rules, on_retry))
    }

    /// All rules at once, by a type that has them.
    pub fn rules<Q>(self, rules: Q) -> RetryPolicy<Q, S, C, W, G> {
        self.with(|_| rules)
    }

    /// How to wait: a sleeper of `backon`, or a function that waits for a time or gives a future that does.
    pub fn sleeper<Z>(self, sleeper: Z) -> RetryPolicy<R, Z, C, W, G> {
        let Self { plain, rules, clock, backoff, budget, .. } = self;
        RetryPolicy { plain, rules, sleeper, clock, backoff, budget }
    }

    /// Waits by what a builder of `backon` makes, or any iterator over times; where that ends, so does the retry. Jitter and
    /// [`max_delay`](Self::max_delay) are put on top of it.
    pub fn backoff_by<V: BackoffBuilder + Clone>(self, backoff: V) -> RetryPolicy<R, S, C, V, G> {
        let Self { plain, rules, sleeper, clock, budget, .. } = self;
        RetryPolicy { plain, rules, sleeper, clock, backoff, budget }
    }

    /// Takes each retry from a budget: a reference to it, or an `Arc`.
    pub fn budget<H: core::borrow::Borrow<RetryBudget>>(self, budget: H) -> RetryPolicy<R, S, C, W, H> {
        let Self { plain, rules, sleeper, clock, backoff, .. } = self;
        let budget = Some(budget);
        RetryPolicy { plain, rules, sleeper, clock, backoff, budget }
    }

    fn with<Q>(self, layer: impl FnOnce(R) -> Q) -> RetryPolicy<Q, S, C, W, G> {
        let Self { plain, rules, sleeper, clock, backoff, budget } = self;
        RetryPolicy { plain, rules: layer(rules), sleeper, clock, backoff, budget }
    }

    /// A backoff within its bounds, with chance's part.
    pub(super) fn delay(&self, backoff: Duration) -> Duration {
        let Plain { max_delay, jitter, .. } = self.plain;
        let random = if jitter == Jitter::None { 0 } else { CHANCE.next() };
        jittered(backoff.min(max_delay), jitter, random)
    }
}

static CHANCE: Weyl = Weyl::NEW;

/// Makes the jitter of this program differ from that of others, by a number such as a chip's serial number. With `std` there is no
/// need to.
pub fn seed_jitter(seed: u32) {
    CHANCE.seed(seed);
}

/// To the nearest microsecond, for `backon` doubles by floating point, and at most four years, so that a product with 16 bits fits.
fn jittered(most: Duration, jitter: Jitter, random: u32) -> Duration {
    let micros = u64::from((most.subsec_nanos() + 500) / 1_000);
    let most = most.as_secs().saturating_mul(1_000_000).saturating_add(micros).min(1 << 47);
    let fixed = match jitter {
        Jitter::Full => 0,
        Jitter::Equal => most / 2,
        Jitter::None => most,
    };
    Duration::from_micros(fixed + (((most - fixed) * u64::from(random >> 16)) >> 16))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chance_chooses_all_of_a_backoff_or_half_or_nothing() {
        let second = Duration::from_secs(1);
        let of = |jitter, random| jittered(second, jitter, random).as_millis();
        assert_eq!([0, 1 << 31, u32::MAX].map(|random| of(Jitter::Full, random)), [0, 500, 999]);
        assert_eq!([0, 1 << 31, u32::MAX].map(|random| of(Jitter::Equal, random)), [500, 750, 999]);
        assert_eq!([0, 1 << 31, u32::MAX].map(|random| of(Jitter::None, random)), [1_000; 3]);
    }

    #[test]
    fn no_time_is_too_long_or_too_short() {
        for jitter in [Jitter::Full, Jitter::Equal, Jitter::None] {
            assert!(jittered(Duration::MAX, jitter, u32::MAX) > Duration::from_secs(4 * 365 * 24 * 3_600));
            assert_eq!(jittered(Duration::ZERO, jitter, u32::MAX), Duration::ZERO);
        }
    }
}
