//! `halfopen`, by three ways to call the consecutive breaker, and by the way for futures.

use std::future::ready;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use halfopen::rules::{Consecutive, Rule};
use halfopen::{CallError, CircuitBreaker, Clock, Config, Observer, Receipt, SystemClock, Timestamp};

use crate::candidate::{Candidate, Cycle, Facts, Side, Window};
use crate::heap;
use crate::subject::{Fault, Shared, Subject, finish, used, works};

/// The names of those that a bar is about.
pub(crate) const BARE: &str = "halfopen, allow_request + record_*";
pub(crate) const PERMITS: &str = "halfopen, try_acquire + outcome";
pub(crate) const FUTURES: &str = "halfopen, call_async";

/// `allow_request`, `record_success` and `record_failure`.
struct Bare<C: Clock>(Arc<CircuitBreaker<C>>);
/// `try_acquire`, and the permit's outcome; by any rule, before any observer.
pub(super) struct Permits<C: Clock, R: Rule = Consecutive, O: Observer = ()>(
    pub(super) Arc<CircuitBreaker<C, O, &'static str, R>>,
);
/// `call`.
struct Calls<C: Clock>(Arc<CircuitBreaker<C>>);
/// `call_async`, with a future that is ready at once.
struct Futures<C: Clock>(Arc<CircuitBreaker<C>>);

/// The clock of programs, so that a reading costs what it costs there; but it can be put forward.
#[derive(Clone, Default)]
pub(super) struct Ahead(Arc<AtomicU64>);

impl Clock for Ahead {
    #[inline]
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(SystemClock.now().as_millis() + self.0.load(Relaxed))
    }
}

impl Ahead {
    pub(super) fn put_forward(&self) {
        self.0.fetch_add(MILLISECOND.as_millis() as u64, Relaxed);
    }
}

/// The shortest wait that can be configured.
pub(super) const MILLISECOND: Duration = Duration::from_millis(1);

impl<C: Clock + Send + Sync + 'static> Subject for Bare<C> {
    #[inline(always)]
    fn call<F: FnOnce() -> Result<u32, Fault> + Send + 'static>(&mut self, operation: F) -> bool {
        if !self.0.allow_request() {
            return false;
        }
        let receipt = match operation() {
            Ok(_) => self.0.record_success(),
            Err(_) => self.0.record_failure(),
        };
        receipt == Receipt::Recorded
    }
}

impl<C: Clock, R: Rule, O: Observer> Subject for Permits<C, R, O>
where
    CircuitBreaker<C, O, &'static str, R>: Send + Sync + 'static,
{
    #[inline(always)]
    fn call<F: FnOnce() -> Result<u32, Fault> + Send + 'static>(&mut self, operation: F) -> bool {
        let permit = match self.0.try_acquire() {
            Ok(permit) => permit,
            Err(refused) => {
                used(refused.retry_after);
                return false;
            }
        };
        let receipt = match operation() {
            Ok(_) => permit.success(),
            Err(_) => permit.failure(),
        };
        receipt == Receipt::Recorded
    }
}

impl<C: Clock + Send + Sync + 'static> Subject for Calls<C> {
    #[inline(always)]
    fn call<F: FnOnce() -> Result<u32, Fault> + Send + 'static>(&mut self, operation: F) -> bool {
        let result = self.0.call(operation);
        if let Err(CallError::Open(refused)) = &result {
            used(refused.retry_after);
        }
        !matches!(result, Err(CallError::Open(_)))
    }
}

impl<C: Clock + Send + Sync + 'static> Subject for Futures<C> {
    #[inline(always)]
    fn call<F: FnOnce() -> Result<u32, Fault> + Send + 'static>(&mut self, operation: F) -> bool {
        let result = finish(self.0.call_async(|| ready(operation())));
        if let Err(CallError::Open(refused)) = &result {
            used(refused.retry_after);
        }
        !matches!(result, Err(CallError::Open(_)))
    }
}

/// The same breaker for another thread: a clone of its `Arc`.
macro_rules! shared {
    ($($way:ident)*) => {$(
        impl<C: Clock + Send + Sync + 'static> Shared for $way<C> {
            fn again(&self) -> Self {
                Self(self.0.clone())
            }
        }
    )*};
}

shared!(Bare Calls Futures);

impl<C: Clock, R: Rule, O: Observer> Shared for Permits<C, R, O>
where
    CircuitBreaker<C, O, &'static str, R>: Send + Sync + 'static,
{
    fn again(&self) -> Self {
        Self(self.0.clone())
    }
}

pub(super) const RULE: &str = "5 failures in a row";
pub(super) const CLOCK: (&str, &str) = ("none", "1");
pub(super) const SHARES: &str = "one atomic word";

pub(super) fn candidates() -> Vec<Candidate> {
    vec![
        candidate(BARE, Bare, Bare),
        candidate(PERMITS, Permits, Permits),
        candidate("halfopen, call", Calls, Calls),
        candidate(FUTURES, Futures, Futures),
    ]
}

fn candidate<S: Shared, T: Subject>(
    name: &'static str,
    way: impl Fn(Arc<CircuitBreaker>) -> S,
    way_ahead: impl Fn(Arc<CircuitBreaker<Ahead>>) -> T,
) -> Candidate {
    let facts = Facts { name, side: Side::Ours, window: Window::None, counts: RULE, clock: CLOCK, shares: SHARES };
    let clock = Ahead::default();
    let for_cycle = clock.clone();
    let config = |wait| Config::new().recovery_timeout(wait);
    Candidate::shared(
        facts,
        heap::bytes(|| CircuitBreaker::new("bench", Config::new()), |breaker| _ = breaker.call(works)),
        |wait| way(Arc::new(CircuitBreaker::new("bench", config(wait)))),
        Cycle {
            make: |wait| {
                let once = config(wait).failure_threshold(1);
                way_ahead(Arc::new(CircuitBreaker::with_clock("bench", once, for_cycle.clone())))
            },
            failures: 1,
            successes: 1,
            wait: MILLISECOND,
            pass: move || clock.put_forward(),
        },
    )
}
