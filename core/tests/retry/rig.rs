//! What the tests are made of: a breaker, naps that move its clock, and the two ways to retry as one.

use std::borrow::Borrow;
use std::future::{Future, Ready, ready};
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use halfopen::retry::backon::{BackoffBuilder, BlockingSleeper, Sleeper};
use halfopen::retry::{Jitter, RetryRules};
use halfopen::{
    Breaker, CircuitBreaker, Clock, Config, ManualClock, RetryBudget, RetryError, RetryPolicy, retry, retry_async,
};

pub(crate) type Subject = CircuitBreaker<Arc<ManualClock>>;
pub(crate) type Policy = RetryPolicy<halfopen::retry::ByDefault, Nap, Arc<ManualClock>>;

pub(crate) const RECOVERY: Duration = Duration::from_secs(30);

/// Sleeps at once: writes down for how long, and moves the clock.
#[derive(Clone, Default)]
pub(crate) struct Nap {
    pub(crate) clock: Arc<ManualClock>,
    slept: Arc<Mutex<Vec<u64>>>,
}

impl Nap {
    /// Milliseconds of each nap until now.
    pub(crate) fn slept(&self) -> Vec<u64> {
        self.slept.lock().unwrap().clone()
    }
}

impl BlockingSleeper for Nap {
    fn sleep(&self, wait: Duration) {
        assert_eq!(wait.subsec_nanos() % 1_000, 0, "{wait:?}");
        self.slept.lock().unwrap().push(wait.as_millis() as u64);
        self.clock.advance(wait);
    }
}

impl Sleeper for Nap {
    type Sleep = Ready<()>;

    fn sleep(&self, wait: Duration) -> Ready<()> {
        BlockingSleeper::sleep(self, wait);
        ready(())
    }
}

/// A breaker that opens at the `threshold`-th failure, and a policy without jitter whose naps move its clock.
pub(crate) fn rig(threshold: u32) -> (Subject, Policy, Nap) {
    let nap = Nap::default();
    nap.clock.advance(Duration::from_secs(1));
    let config = Config::new().failure_threshold(threshold).recovery_timeout(RECOVERY);
    let breaker = CircuitBreaker::with_clock("rig", config, nap.clock.clone());
    let policy = RetryPolicy::with_clock(nap.clock.clone()).sleeper(nap.clone()).jitter(Jitter::None);
    (breaker, policy, nap)
}

/// Fails `times` times, then gives 7; counts its calls.
pub(crate) struct Failing {
    times: u32,
    pub(crate) calls: u32,
}

pub(crate) const fn failing(times: u32) -> Failing {
    Failing { times, calls: 0 }
}

impl Failing {
    pub(crate) fn call(&mut self) -> Result<u32, String> {
        self.calls += 1;
        if self.calls <= self.times { Err(format!("broken {}", self.calls)) } else { Ok(7) }
    }
}

/// The two functions, which have to do the same.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Way {
    Blocking,
    Async,
}

pub(crate) const WAYS: [Way; 2] = [Way::Blocking, Way::Async];

impl Way {
    pub(crate) fn retry<B, T, E, R, S, C, W, G>(
        self,
        breaker: &B,
        policy: &RetryPolicy<R, S, C, W, G>,
        mut operation: impl FnMut() -> Result<T, E>,
    ) -> Result<T, RetryError<E, B::Name>>
    where
        B: Breaker,
        R: RetryRules<T, E>,
        S: BlockingSleeper + Sleeper,
        C: Clock,
        W: BackoffBuilder + Clone,
        G: Borrow<RetryBudget>,
    {
        match self {
            Self::Blocking => retry(breaker, policy, operation),
            Self::Async => block_on(retry_async(breaker, policy, || ready(operation()))),
        }
    }
}

pub(crate) fn poll<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

/// Of a future that is never pending.
pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    match poll(pin!(future)) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("it waits for something"),
    }
}
