//! What is compared with the naive breaker: the bare step, and a watched breaker on a clock of its own.

use core::cell::RefCell;
use core::fmt::Debug;
use core::sync::atomic::{AtomicU32, Ordering::Relaxed};
use core::time::Duration;
use std::vec::Vec;

use halfopen::machine::{Event, Policy, State, Verdict, step};
use halfopen::rules::{Adaptive, Consecutive, ConsecutiveSlow, CountWindow, Random, Rule, TimeWindow};
use halfopen::{CircuitBreaker, ManualClock, Mode, Observer, Receipt, Refusal, Timestamp, Transition};

use super::rules::Rules;
use super::told::Told;

/// A breaker that writes down what it tells.
pub(crate) type Watched<R> = CircuitBreaker<ManualClock, Log, &'static str, R>;

pub(crate) fn watched<R: Rule>(rules: &Rules, now: u64) -> Watched<R> {
    let clock = ManualClock::new();
    clock.set(Timestamp::from_millis(now));
    CircuitBreaker::with_rule("compared", rules.checked(), clock, Log::default())
}

/// Always the same number, which can be chosen.
#[derive(Debug)]
pub struct Chance(AtomicU32);

impl Random for Chance {
    #[allow(clippy::declare_interior_mutable_const)] // each use is to be one of its own
    const NEW: Self = Self(AtomicU32::new(0));

    fn next(&self) -> u32 {
        self.0.load(Relaxed)
    }
}

/// A rule, with what only those have whose way back adapts.
pub trait ByRule: Rule<Policy: Debug> {
    #[doc(hidden)]
    fn hold_open(_: &Watched<Self>, _: Duration) {}

    #[doc(hidden)]
    fn reopened(_: &Watched<Self>) -> Option<u32> {
        None
    }

    #[doc(hidden)]
    fn choose(_: &Watched<Self>, _: u32) {}
}

impl ByRule for Consecutive {}
impl ByRule for ConsecutiveSlow {}
impl<const N: usize> ByRule for CountWindow<N> where Self: Rule<Policy: Debug> {}
impl<const B: usize> ByRule for TimeWindow<B> {}

impl<R: Rule<Policy: Debug>> ByRule for Adaptive<R, Chance> {
    fn hold_open(breaker: &Watched<Self>, time: Duration) {
        breaker.hold_open(time);
    }

    fn reopened(breaker: &Watched<Self>) -> Option<u32> {
        Some(breaker.reopenings().into())
    }

    fn choose(breaker: &Watched<Self>, number: u32) {
        breaker.random().0.store(number, Relaxed);
    }
}

/// Writes down what it is told.
#[derive(Debug, Default)]
pub struct Log(pub(crate) RefCell<Vec<Told>>);

impl Observer for Log {
    fn on_transition(&self, _: &str, transition: &Transition) {
        self.0.borrow_mut().push(transition.into());
    }

    fn on_refused(&self, _: &str, refusal: &Refusal, mode: Mode) {
        self.0.borrow_mut().push(Told::refused(refusal, mode == Mode::Shadow));
    }

    fn on_late(&self, _: &str, receipt: Receipt) {
        self.0.borrow_mut().push(Told::Late(receipt));
    }
}

/// The least shell around `step`.
pub(crate) struct Bare {
    pub(crate) policy: Policy,
    pub(crate) state: State,
    pub(crate) last_failure: Option<u64>,
    pub(crate) told: Vec<Told>,
}

impl Bare {
    pub(crate) fn new(rules: &Rules) -> Self {
        Self { policy: rules.policy(), state: State::NEW, last_failure: None, told: Vec::new() }
    }

    pub(crate) fn run(&mut self, event: Event, now: u64) -> Verdict {
        loop {
            let step = step(&self.policy, self.state, event, Timestamp::from_millis(now));
            self.state = step.next.unwrap_or(self.state);
            if step.effect.failed {
                self.last_failure = Some(now);
            }
            self.told.extend(step.effect.transition.as_ref().map(Told::from));
            match step.effect.verdict {
                Verdict::Again => continue,
                Verdict::Refused(_) | Verdict::Shadowed(..) if event == Event::Inquire => {}
                Verdict::Refused(refusal) => self.told.push(Told::refused(&refusal, false)),
                Verdict::Shadowed(_, refusal) => self.told.push(Told::refused(&refusal, true)),
                Verdict::Settled(late) if step.effect.late => self.told.push(Told::Late(late)),
                _ => {}
            }
            return step.effect.verdict;
        }
    }
}
