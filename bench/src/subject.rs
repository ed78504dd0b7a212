//! A breaker as the rows see it, something to call through by one thread or by two.

use std::fmt;
use std::future::Future;
use std::hint::{black_box, spin_loop};
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

/// Longer than any run: who opens with it stays open.
pub(crate) const DAY: Duration = Duration::from_secs(86_400);

/// A breaker in the hands of one thread.
///
/// The operation behind it takes no time, so that what is measured is the breaker alone.
pub(crate) trait Subject: Send + 'static {
    /// Makes a call and tells the breaker how it ended, or does what a caller does with a refusal. Whether it was let
    /// through.
    fn call<F: FnOnce() -> Result<u32, Fault> + Send + 'static>(&mut self, operation: F) -> bool;

    /// Makes a call that works.
    #[inline(always)]
    fn call_ok(&mut self) -> bool {
        self.call(works)
    }

    /// Makes a call that fails.
    #[inline(always)]
    fn call_err(&mut self) -> bool {
        self.call(fails)
    }
}

/// A breaker that threads share.
pub(crate) trait Shared: Subject {
    /// The same breaker, for the hands of another thread.
    fn again(&self) -> Self;
}

/// The error of the operation.
#[derive(Debug)]
pub(crate) struct Fault;

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the operation failed")
    }
}

impl std::error::Error for Fault {}

/// The operation where it works.
#[inline(always)]
pub(crate) fn works() -> Result<u32, Fault> {
    Ok(7)
}

/// The operation where it fails.
#[inline(always)]
fn fails() -> Result<u32, Fault> {
    Err(Fault)
}

/// Uses what a refusal tells, as a caller does.
#[inline(always)]
pub(crate) fn used<T>(value: T) {
    black_box(value);
}

/// Polls until the future is ready. Without an executor, which is in the favour of whoever has to wait for a lock.
#[inline(always)]
pub(crate) fn finish<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        match future.as_mut().poll(&mut context) {
            Poll::Ready(output) => return output,
            Poll::Pending => spin_loop(),
        }
    }
}

/// Fails until the breaker refuses.
pub(crate) fn open(subject: &mut impl Subject) {
    let opened = (0..10_000).any(|_| !subject.call_err());
    assert!(opened, "10,000 failures do not open it");
}
