//! `tower-resilience-circuitbreaker`, a tower service with its state under an asynchronous mutex.
//!
//! Each call asks for readiness, boxes a future and polls it until it is ready, as a server does.

use std::time::Duration;

use tower_resilience_circuitbreaker::{CircuitBreaker, CircuitBreakerConfigBuilder, CircuitBreakerError};
use tower_resilience_circuitbreaker::{CircuitBreakerLayer, DefaultClassifier, SlidingWindowType};

use crate::candidate::{Candidate, Cycle, Facts, Side, Window};
use crate::growth::Growth;
use crate::heap;
use crate::service::{Inner, serve};
use crate::subject::{DAY, Fault, Shared, Subject, works};

type Builder = CircuitBreakerConfigBuilder<DefaultClassifier>;

pub(crate) const CONSECUTIVE: &str = "tower-resilience, consecutive failures";
const DEFAULT: &str = "tower-resilience, its default";
const TIME: &str = "tower-resilience, time window";
const SLEEPS: &str = "two that meet at an open circuit make it sleep for a millisecond of tokio's";

struct Layered(CircuitBreaker<Inner, DefaultClassifier>);

impl Subject for Layered {
    #[inline(always)]
    fn call<F: FnOnce() -> Result<u32, Fault> + Send + 'static>(&mut self, operation: F) -> bool {
        !matches!(serve(&mut self.0, operation), Err(CircuitBreakerError::OpenCircuit))
    }
}

impl Shared for Layered {
    fn again(&self) -> Self {
        Self(self.0.clone())
    }
}

fn build(builder: Builder, wait: Duration) -> Layered {
    let layer = builder.wait_duration_in_open(wait).build().expect("the configuration is valid");
    Layered(layer.layer_fn(Inner))
}

fn time_window(builder: Builder, window: Duration) -> Builder {
    builder.sliding_window_type(SlidingWindowType::TimeBased).sliding_window_duration(window)
}

pub(super) fn candidates() -> Vec<Candidate> {
    let facts = |name, window, counts, clock| Facts {
        name,
        side: Side::Peer,
        window,
        counts,
        clock: (clock, "2"),
        shares: "a mutex for futures, taken twice",
    };
    let short = Duration::from_millis(1);
    vec![
        candidate(
            facts(CONSECUTIVE, Window::None, "5 failures in a row", "4"),
            |builder| builder.consecutive_failures(5),
            |builder| builder.consecutive_failures(1),
        ),
        candidate(
            facts(DEFAULT, Window::Grows, "half of all calls since the last change, of 100 or more", "4"),
            |builder| builder,
            |builder| builder.sliding_window_size(1),
        ),
        candidate(
            // It gets slower with every call in its window: so short a one is in its favour.
            facts(TIME, Window::Slides, "half of the calls in 1 ms, of 10 or more; it keeps a record of each", "7"),
            move |builder| time_window(builder, short).minimum_number_of_calls(10),
            move |builder| time_window(builder, short).minimum_number_of_calls(1),
        ),
    ]
}

/// A breaker by the rule `usual`; for the cycle by `at_once`, which opens it at the first failure.
fn candidate(facts: Facts, usual: impl Fn(Builder) -> Builder, at_once: impl Fn(Builder) -> Builder) -> Candidate {
    let make = |wait| build(usual(CircuitBreakerLayer::builder()), wait);
    let cycle = Cycle {
        make: |wait| build(at_once(CircuitBreakerLayer::builder()), wait),
        failures: 1,
        successes: 1,
        wait: Duration::ZERO,
        pass: || {},
    };
    let bytes = heap::bytes(|| make(DAY), |breaker| _ = breaker.call(works));
    Candidate::shared(facts, bytes, make, cycle).without_shared_refusals(SLEEPS)
}

/// With a window that nothing leaves while it is measured.
pub(super) fn growth() -> Growth {
    let hour = Duration::from_secs(3_600);
    Growth::new(TIME, 100_000, move || build(time_window(CircuitBreakerLayer::builder(), hour), DAY))
}
