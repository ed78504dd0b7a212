//! Who is told of what a breaker does.
//!
//! ```
//! use core::cell::Cell;
//! use halfopen::{CircuitBreaker, Config, ManualClock, Observer, Transition};
//!
//! #[derive(Default)]
//! struct Openings(Cell<u32>);
//!
//! impl Observer for Openings {
//!     fn on_transition(&self, _operation_name: &str, transition: &Transition) {
//!         if transition.to.as_str() == "open" {
//!             self.0.set(self.0.get() + 1);
//!         }
//!     }
//! }
//!
//! let clock = ManualClock::new();
//! let config = Config::new().failure_threshold(1);
//! let breaker = CircuitBreaker::with_observer("radio", config, &clock, Openings::default());
//! breaker.record_failure();
//! assert_eq!(breaker.observer().0.get(), 1);
//! ```

use crate::circuit::Mode;
use crate::event::{CallReport, Receipt, Refusal};
use crate::transition::Transition;

/// Is told of what a breaker does, after it is done, by the thread or interrupt that did it, under no lock.
///
/// A method MUST NOT panic: it would unwind through the call that it is told of, and a probe that was just let through
/// would be lost until its lease ends. A method may use the breaker that calls it. What two threads did may be told in the other order; a transition's
/// generation says which came first.
pub trait Observer {
    /// A transition was committed. Called exactly once for each.
    fn on_transition(&self, operation_name: &str, transition: &Transition) {
        let _ = (operation_name, transition);
    }

    /// A request was refused by the rules ([`Mode::Normal`]) or because the circuit is [`Mode::Isolated`], or would have been
    /// refused if the mode were not [`Mode::Shadow`].
    fn on_refused(&self, operation_name: &str, refusal: &Refusal, mode: Mode) {
        let _ = (operation_name, refusal, mode);
    }

    /// A call ended: its outcome was recorded, or its permit was dropped. Called for each, whatever became of it.
    ///
    /// It is on the path of a healthy call, which takes half a nanosecond without it.
    #[inline]
    fn on_call(&self, operation_name: &str, report: CallReport) {
        let _ = (operation_name, report);
    }

    /// A success or failure came too late to count: the receipt is `Stale` or `Expired`. Not told in shadow mode. Beside
    /// [`on_call`](Self::on_call).
    fn on_late(&self, operation_name: &str, receipt: Receipt) {
        let _ = (operation_name, receipt);
    }
}

/// Nobody.
impl Observer for () {}

impl<O: Observer + ?Sized> Observer for &O {
    fn on_transition(&self, operation_name: &str, transition: &Transition) {
        (**self).on_transition(operation_name, transition);
    }

    fn on_refused(&self, operation_name: &str, refusal: &Refusal, mode: Mode) {
        (**self).on_refused(operation_name, refusal, mode);
    }

    fn on_call(&self, operation_name: &str, report: CallReport) {
        (**self).on_call(operation_name, report);
    }

    fn on_late(&self, operation_name: &str, receipt: Receipt) {
        (**self).on_late(operation_name, receipt);
    }
}

#[cfg(feature = "std")]
impl<O: Observer + ?Sized> Observer for std::sync::Arc<O> {
    fn on_transition(&self, operation_name: &str, transition: &Transition) {
        (**self).on_transition(operation_name, transition);
    }

    fn on_refused(&self, operation_name: &str, refusal: &Refusal, mode: Mode) {
        (**self).on_refused(operation_name, refusal, mode);
    }

    fn on_call(&self, operation_name: &str, report: CallReport) {
        (**self).on_call(operation_name, report);
    }

    fn on_late(&self, operation_name: &str, receipt: Receipt) {
        (**self).on_late(operation_name, receipt);
    }
}

/// Both, the first one first. More than two: a tuple in a tuple.
impl<A: Observer, B: Observer> Observer for (A, B) {
    fn on_transition(&self, operation_name: &str, transition: &Transition) {
        self.0.on_transition(operation_name, transition);
        self.1.on_transition(operation_name, transition);
    }

    fn on_refused(&self, operation_name: &str, refusal: &Refusal, mode: Mode) {
        self.0.on_refused(operation_name, refusal, mode);
        self.1.on_refused(operation_name, refusal, mode);
    }

    fn on_call(&self, operation_name: &str, report: CallReport) {
        self.0.on_call(operation_name, report);
        self.1.on_call(operation_name, report);
    }

    fn on_late(&self, operation_name: &str, receipt: Receipt) {
        self.0.on_late(operation_name, receipt);
        self.1.on_late(operation_name, receipt);
    }
}

/// A function that is told of transitions alone.
///
/// ```
/// use halfopen::{CircuitBreaker, Config, ManualClock, OnTransition};
///
/// let clock = ManualClock::new();
/// let tell = OnTransition::new(|operation_name, transition| println!("{operation_name}: {transition}"));
/// let breaker = CircuitBreaker::with_observer("radio", Config::new(), &clock, tell);
/// breaker.trip();
/// ```
#[derive(Clone, Copy, Debug)]
pub struct OnTransition<F>(F);

impl<F: Fn(&str, &Transition)> OnTransition<F> {
    /// Calls `tell` with the name of the circuit and what it did.
    pub const fn new(tell: F) -> Self {
        Self(tell)
    }
}

impl<F: Fn(&str, &Transition)> Observer for OnTransition<F> {
    fn on_transition(&self, operation_name: &str, transition: &Transition) {
        (self.0)(operation_name, transition);
    }
}
