//! `circuitbreaker-rs`, atomic counts of all calls since the last change, with times, hooks and metrics around them.
//!
//! Its `TimeBasedPolicy` is not here: the breaker hands it no result, so its window stays empty.

use std::time::Duration;

use circuitbreaker_rs::{BreakerError, CircuitBreaker, DefaultPolicy};

use crate::candidate::{Candidate, Cycle, Facts, Side, Window};
use crate::growth::Growth;
use crate::heap;
use crate::subject::{DAY, Fault, Shared, Subject, works};

const NAME: &str = "circuitbreaker-rs";

struct Counts(CircuitBreaker<DefaultPolicy, Fault>);

impl Subject for Counts {
    #[inline(always)]
    fn call<F: FnOnce() -> Result<u32, Fault> + Send + 'static>(&mut self, operation: F) -> bool {
        !matches!(self.0.call(operation), Err(BreakerError::Open))
    }
}

impl Shared for Counts {
    fn again(&self) -> Self {
        Self(self.0.clone())
    }
}

/// Its defaults.
fn default(wait: Duration) -> CircuitBreaker<DefaultPolicy, Fault> {
    CircuitBreaker::<DefaultPolicy, Fault>::builder().cooldown(wait).build()
}

fn once(wait: Duration) -> CircuitBreaker<DefaultPolicy, Fault> {
    let builder = CircuitBreaker::<DefaultPolicy, Fault>::builder().cooldown(wait);
    builder.consecutive_failures(1).consecutive_successes(1).build()
}

pub(super) fn candidates() -> Vec<Candidate> {
    let facts = Facts {
        name: NAME,
        side: Side::Peer,
        window: Window::Grows,
        counts: "half of all calls since the last change, of 10 or more, or 5 failures in a row",
        clock: ("3", "1"),
        shares: "atomic counts, a mutex, a read lock",
    };
    vec![Candidate::shared(
        facts,
        heap::bytes(|| default(DAY), |breaker| _ = breaker.call(works)),
        |wait| Counts(default(wait)),
        Cycle { make: |wait| Counts(once(wait)), failures: 1, successes: 1, wait: Duration::ZERO, pass: || {} },
    )]
}

pub(super) fn growth() -> Growth {
    Growth::new(NAME, usize::MAX, || Counts(default(DAY)))
}
