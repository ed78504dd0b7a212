//! Every vector of `../vectors/*.json` by the consecutive rule, against every shell.
//!
//! With the argument `broken` the breaker's clock is a millisecond ahead, which must be seen.
#![no_std]
#![no_main]

use conformance::{BreakerOf, BreakerSubject, By, First, Recorder, Shell, StepShell, Subject, TableOf};
use halfopen::{CircuitBreaker, Clock, Config, ConfigError, ManualClock, Timestamp};

board::panic_handler!();

static SUITE: board::Suite = include!(concat!(env!("OUT_DIR"), "/vectors.rs"));

#[board::entry]
fn main() -> ! {
    let breaker: &dyn Shell = if board::has_argument("broken") { &AheadShell } else { &BreakerOf::<First>::NEW };
    SUITE.run(&[&StepShell, breaker, &TableOf::<First>::NEW])
}

/// The breaker by a clock that is a millisecond ahead of what it is told.
struct AheadShell;

impl Shell for AheadShell {
    fn name(&self) -> &'static str {
        "breaker"
    }

    fn build(&self, by: By, config: Config, use_it: &mut dyn FnMut(&mut dyn Subject)) -> Result<(), ConfigError> {
        assert_eq!(by, By::Consecutive, "the other rules are in other images");
        let (clock, recorder) = (ManualClock::new(), Recorder::new());
        let breaker = CircuitBreaker::try_with_observer("vector", config, Ahead(&clock), &recorder)?;
        use_it(&mut BreakerSubject::new(&breaker, &clock, &recorder));
        Ok(())
    }
}

struct Ahead<'a>(&'a ManualClock);

impl Clock for Ahead<'_> {
    fn now(&self) -> Timestamp {
        match self.0.now() {
            Timestamp::ZERO => Timestamp::ZERO,
            now => Timestamp::from_millis(now.as_millis().saturating_add(1)),
        }
    }
}
