//! `reliakit-circuit`, state machines without a lock or a clock for one owner, here alone and behind a mutex.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use reliakit_circuit::{CircuitBreaker, RollingBreaker};

use crate::candidate::{Candidate, Cycle, Facts, Side, Window};
use crate::subject::{Fault, Shared, Subject};

/// One of its two machines, that takes the time in milliseconds.
trait Machine: Send + 'static {
    /// Opens by five failures in a row, or by half of 64; or by the first one.
    fn new(at_once: bool, wait: Duration) -> Self;
    fn allow(&mut self, now: u64) -> bool;
    fn on_success(&mut self);
    fn on_failure(&mut self, now: u64);
}

macro_rules! machine {
    ($machine:ty, $failures:literal) => {
        impl Machine for $machine {
            fn new(at_once: bool, wait: Duration) -> Self {
                Self::new(if at_once { 1 } else { $failures }, wait.as_millis() as u64)
            }

            #[inline(always)]
            fn allow(&mut self, now: u64) -> bool {
                self.allow(now)
            }

            #[inline(always)]
            fn on_success(&mut self) {
                self.on_success();
            }

            #[inline(always)]
            fn on_failure(&mut self, now: u64) {
                self.on_failure(now);
            }
        }
    };
}

machine!(CircuitBreaker, 5);
machine!(RollingBreaker<64>, 32);

/// Who tells the caller what to pass as the time.
trait Time: Clone + Send + 'static {
    fn millis(&self) -> u64;
}

/// The caller knows it already.
#[derive(Clone, Default)]
struct Known(Arc<AtomicU64>);

impl Time for Known {
    #[inline(always)]
    fn millis(&self) -> u64 {
        self.0.load(Relaxed)
    }
}

/// The caller reads a clock.
#[derive(Clone)]
struct Read(Instant);

impl Time for Read {
    #[inline(always)]
    fn millis(&self) -> u64 {
        self.0.elapsed().as_millis() as u64
    }
}

/// Boxed, so that it lives in memory between two calls, as it does in a program.
struct Owned<M>(Box<M>, Known);

impl<M: Machine> Subject for Owned<M> {
    #[inline(always)]
    fn call<F: FnOnce() -> Result<u32, Fault> + Send + 'static>(&mut self, operation: F) -> bool {
        let now = self.1.millis();
        let allowed = self.0.allow(now);
        if allowed {
            match operation() {
                Ok(_) => self.0.on_success(),
                Err(_) => self.0.on_failure(now),
            }
        }
        allowed
    }
}

/// Locked to ask and again to tell, not while the operation runs.
struct Locked<M, T>(Arc<Mutex<M>>, T);

impl<M, T> Locked<M, T> {
    #[inline(always)]
    fn lock(&self) -> MutexGuard<'_, M> {
        self.0.lock().expect("nobody panics with it")
    }
}

impl<M: Machine, T: Time> Subject for Locked<M, T> {
    #[inline(always)]
    fn call<F: FnOnce() -> Result<u32, Fault> + Send + 'static>(&mut self, operation: F) -> bool {
        let now = self.1.millis();
        let allowed = self.lock().allow(now);
        if allowed {
            match operation() {
                Ok(_) => self.lock().on_success(),
                Err(_) => self.lock().on_failure(now),
            }
        }
        allowed
    }
}

impl<M: Machine, T: Time> Shared for Locked<M, T> {
    fn again(&self) -> Self {
        Self(self.0.clone(), self.1.clone())
    }
}

const CONSECUTIVE: &str = "5 failures in a row";
const ROLLING: &str = "half of the latest 64 calls";
const MUTEX: &str = "the mutex, taken twice";
const NOBODY: &str = "not shared";

pub(super) fn candidates() -> Vec<Candidate> {
    vec![
        owned::<CircuitBreaker>(facts("reliakit, alone, time known", Window::None, CONSECUTIVE, "none", NOBODY)),
        known::<CircuitBreaker>(facts("reliakit, std Mutex, time known", Window::None, CONSECUTIVE, "none", MUTEX)),
        read::<CircuitBreaker>(facts(
            "reliakit, std Mutex, clock read",
            Window::None,
            CONSECUTIVE,
            "1, the caller",
            MUTEX,
        )),
        owned::<RollingBreaker<64>>(facts(
            "reliakit rolling, alone, time known",
            Window::Slides,
            ROLLING,
            "none",
            NOBODY,
        )),
        known::<RollingBreaker<64>>(facts(
            "reliakit rolling, std Mutex, time known",
            Window::Slides,
            ROLLING,
            "none",
            MUTEX,
        )),
    ]
}

fn facts(name: &'static str, window: Window, counts: &'static str, clock: &'static str, shares: &'static str) -> Facts {
    Facts { name, side: Side::Peer, window, counts, clock: (clock, clock), shares }
}

const MILLISECOND: Duration = Duration::from_millis(1);

fn owned<M: Machine>(facts: Facts) -> Candidate {
    let time = Known::default();
    let cycle = cycle(MILLISECOND, put_forward(&time), |wait| Owned::<M>(Box::new(M::new(true, wait)), time.clone()));
    Candidate::single(facts, size_of::<M>(), |wait| Owned::<M>(Box::new(M::new(false, wait)), Known::default()), cycle)
}

fn known<M: Machine>(facts: Facts) -> Candidate {
    let time = Known::default();
    let cycle = cycle(MILLISECOND, put_forward(&time), |wait| locked::<M, _>(true, wait, time.clone()));
    Candidate::shared(facts, size_of::<Mutex<M>>(), |wait| locked::<M, _>(false, wait, Known::default()), cycle)
}

fn read<M: Machine>(facts: Facts) -> Candidate {
    let time = Read(Instant::now());
    let cycle = cycle(Duration::ZERO, || {}, |wait| locked::<M, _>(true, wait, time.clone()));
    Candidate::shared(facts, size_of::<Mutex<M>>(), |wait| locked::<M, _>(false, wait, time.clone()), cycle)
}

fn put_forward(time: &Known) -> impl Fn() + Send + 'static {
    let time = time.clone();
    move || _ = time.0.fetch_add(MILLISECOND.as_millis() as u64, Relaxed)
}

fn locked<M: Machine, T: Time>(at_once: bool, wait: Duration, time: T) -> Locked<M, T> {
    Locked(Arc::new(Mutex::new(M::new(at_once, wait))), time)
}

fn cycle<M, P>(wait: Duration, pass: P, make: M) -> Cycle<M, P> {
    Cycle { make, failures: 1, successes: 1, wait, pass }
}
