//! Services and circuits that do what a test says.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use halfopen::{CircuitBreaker, CircuitState, Config, ManualClock, Receipt};
use tower_service::Service;

pub(crate) const RECOVERY: Duration = Duration::from_secs(10);
pub(crate) const THRESHOLD: u16 = 3;

pub(crate) type Breaker = CircuitBreaker<Arc<ManualClock>, (), Arc<str>>;

pub(crate) fn breaker() -> (Arc<ManualClock>, Arc<Breaker>) {
    let clock = Arc::new(ManualClock::new());
    let config = Config::new().failure_threshold(THRESHOLD.into()).recovery_timeout(RECOVERY);
    (clock.clone(), Arc::new(CircuitBreaker::with_clock(Arc::from("mail"), config, clock)))
}

/// The next request is a probe.
pub(crate) fn lapsed() -> (Arc<ManualClock>, Arc<Breaker>) {
    let (clock, breaker) = breaker();
    (0..THRESHOLD).for_each(|_| assert_eq!(breaker.record_failure(), Receipt::Recorded));
    clock.advance(RECOVERY);
    (clock, breaker)
}

/// A probe is in flight, and there is no place for another.
pub(crate) fn is_probing(breaker: &Breaker) -> bool {
    breaker.state() == CircuitState::HalfOpen && !breaker.would_allow()
}

pub(crate) fn poll<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

/// Ready at this poll, which is 1 for the first, and at none before.
#[track_caller]
pub(crate) fn ready_in<F: Future>(polls: u32, future: F) -> F::Output {
    let mut future = Box::pin(future);
    for _ in 1..polls {
        assert!(poll(future.as_mut()).is_pending());
    }
    match poll(future.as_mut()) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("pending after {polls} polls"),
    }
}

/// What a service does: its future is ready at the poll of this number.
type Answer<T, E> = (u32, Box<dyn FnOnce() -> Result<T, E>>);

type Readiness<E> = Poll<Result<(), E>>;

/// Does what was put into it, one for each request; clones share that.
pub(crate) struct Script<T = u32, E = &'static str> {
    answers: Rc<RefCell<VecDeque<Answer<T, E>>>>,
    /// Requests that it was called with.
    pub(crate) calls: Rc<RefCell<Vec<String>>>,
    /// What `poll_ready` says next; it is ready when nothing is said.
    pub(crate) readiness: Rc<RefCell<VecDeque<Readiness<E>>>>,
    /// Readied by `poll_ready`, and not called since: a clone is not.
    pub(crate) is_ready: bool,
}

impl<T, E> Clone for Script<T, E> {
    fn clone(&self) -> Self {
        Self {
            answers: self.answers.clone(),
            calls: self.calls.clone(),
            readiness: self.readiness.clone(),
            is_ready: false,
        }
    }
}

impl<T: 'static, E: 'static> Script<T, E> {
    pub(crate) fn new() -> Self {
        Self { answers: Rc::default(), calls: Rc::default(), readiness: Rc::default(), is_ready: false }
    }

    pub(crate) fn then(self, polls: u32, answer: impl FnOnce() -> Result<T, E> + 'static) -> Self {
        self.answers.borrow_mut().push_back((polls, Box::new(answer)));
        self
    }

    pub(crate) fn called(&self) -> usize {
        self.calls.borrow().len()
    }
}

impl<T: 'static, E: 'static> Service<&'static str> for Script<T, E> {
    type Response = T;
    type Error = E;
    type Future = Pin<Box<dyn Future<Output = Result<T, E>>>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), E>> {
        let answer = self.readiness.borrow_mut().pop_front().unwrap_or(Poll::Ready(Ok(())));
        self.is_ready = matches!(answer, Poll::Ready(Ok(())));
        answer
    }

    fn call(&mut self, request: &'static str) -> Self::Future {
        assert!(std::mem::take(&mut self.is_ready), "called without being ready");
        self.calls.borrow_mut().push(request.to_owned());
        let (polls, answer) = self.answers.borrow_mut().pop_front().expect("the test has an answer for each request");
        assert_ne!(polls, 0, "boom");
        let (mut polled, mut answer) = (0, Some(answer));
        Box::pin(std::future::poll_fn(move |_| {
            polled += 1;
            if polled < polls { Poll::Pending } else { Poll::Ready(answer.take().expect("polled once more")()) }
        }))
    }
}

/// Readies a service and calls it.
#[track_caller]
pub(crate) fn call<S: Service<R>, R>(service: &mut S, request: R) -> S::Future {
    let ready = service.poll_ready(&mut Context::from_waker(Waker::noop()));
    assert!(matches!(ready, Poll::Ready(Ok(()))));
    service.call(request)
}
