//! `failsafe`, a state machine under a mutex, with policies that say when it opens.

use std::time::Duration;

use failsafe::backoff::{Constant, constant};
use failsafe::failure_policy::{ConsecutiveFailures, FailurePolicy};
use failsafe::failure_policy::{
    OrElse, SuccessRateOverTimeWindow, consecutive_failures, success_rate_over_time_window,
};
use failsafe::{CircuitBreaker, Config, Error, StateMachine};

use crate::candidate::{Candidate, Cycle, Facts, Side, Window};
use crate::growth::Growth;
use crate::heap;
use crate::subject::{DAY, Fault, Shared, Subject, works};

struct Policy<P>(StateMachine<P, ()>);

impl<P: FailurePolicy + Send + 'static> Subject for Policy<P> {
    #[inline(always)]
    fn call<F: FnOnce() -> Result<u32, Fault> + Send + 'static>(&mut self, operation: F) -> bool {
        !matches!(self.0.call(operation), Err(Error::Rejected))
    }
}

impl<P: FailurePolicy + Send + 'static> Shared for Policy<P> {
    fn again(&self) -> Self {
        Self(self.0.clone())
    }
}

fn consecutive(failures: u32, wait: Duration) -> StateMachine<ConsecutiveFailures<Constant>, ()> {
    Config::new().failure_policy(consecutive_failures(failures, constant(wait))).build()
}

type Default = OrElse<SuccessRateOverTimeWindow<Constant>, ConsecutiveFailures<Constant>>;

/// The policies of `Config::new()`, but with a wait that does not end while it is measured.
fn default(failures: u32, wait: Duration) -> StateMachine<Default, ()> {
    let rate = success_rate_over_time_window(0.8, 5, Duration::from_secs(30), constant(wait));
    Config::new().failure_policy(rate.or_else(consecutive_failures(failures, constant(wait)))).build()
}

pub(super) fn candidates() -> Vec<Candidate> {
    vec![
        candidate(
            Facts {
                name: "failsafe, consecutive failures",
                side: Side::Peer,
                window: Window::None,
                counts: "5 failures in a row",
                clock: ("none", "1"),
                shares: "a mutex, taken twice",
            },
            consecutive,
        ),
        candidate(
            Facts {
                name: "failsafe, its default",
                side: Side::Peer,
                window: Window::Slides,
                counts: "less than 80 % successes by a moving average over 30 s, or 5 failures in a row",
                clock: ("2", "1"),
                shares: "a mutex, taken twice",
            },
            default,
        ),
    ]
}

fn candidate<P: FailurePolicy + Send + 'static>(
    facts: Facts,
    build: impl Fn(u32, Duration) -> StateMachine<P, ()>,
) -> Candidate {
    Candidate::shared(
        facts,
        heap::bytes(|| build(5, DAY), |breaker| _ = breaker.call(works)),
        |wait| Policy(build(5, wait)),
        Cycle { make: |wait| Policy(build(1, wait)), failures: 1, successes: 1, wait: Duration::ZERO, pass: || {} },
    )
}

pub(super) fn growth() -> Growth {
    Growth::new("failsafe, its default", usize::MAX, || Policy(default(5, DAY)))
}
