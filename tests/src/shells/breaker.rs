//! The atomic breaker, and whatever gives a reference to one.

use core::marker::PhantomData;
use core::time::Duration;

use halfopen::rules::Rule;
use halfopen::{
    CircuitBreaker, CircuitState, Clock, Config, ConfigError, ManualClock, Mode, Observer, Outcome, Permit, Receipt,
    Refusal, Snapshot, SnapshotError, Timestamp,
};

use super::tested::{Among, Every, Tested, Visit};
use crate::by::By;
use crate::recorder::Recorder;
use crate::subject::{Shell, Subject};
use crate::vector::{Command, PERMITS};

/// The atomic breaker.
#[derive(Clone, Copy, Debug)]
pub struct BreakerShell;

impl Shell for BreakerShell {
    fn name(&self) -> &'static str {
        "breaker"
    }

    fn build(&self, by: By, config: Config, use_it: &mut dyn FnMut(&mut dyn Subject)) -> Result<(), ConfigError> {
        BreakerOf::<Every>::NEW.build(by, config, use_it)
    }
}

/// The same, in a program that has code for these rules alone.
#[derive(Clone, Copy, Debug)]
pub struct BreakerOf<A>(PhantomData<fn() -> A>);

impl<A> BreakerOf<A> {
    /// There is nothing to say about it.
    pub const NEW: Self = Self(PhantomData);
}

impl<A: Among> Shell for BreakerOf<A> {
    fn name(&self) -> &'static str {
        BreakerShell.name()
    }

    fn build(&self, by: By, config: Config, use_it: &mut dyn FnMut(&mut dyn Subject)) -> Result<(), ConfigError> {
        by.visit::<A>(Make { config, use_it })
    }
}

struct Make<'u> {
    config: Config,
    use_it: &'u mut dyn FnMut(&mut dyn Subject),
}

impl Visit for Make<'_> {
    fn visit<R: Tested>(self) -> Result<(), ConfigError> {
        let (clock, recorder) = (ManualClock::new(), Recorder::new());
        let breaker = CircuitBreaker::with_rule("vector", R::checked(self.config)?, &clock, &recorder);
        (self.use_it)(&mut BreakerSubject::new(&breaker, &clock, &recorder));
        Ok(())
    }
}

/// A place for a permit.
type Slot<'a, C, O, N, R> = Option<Permit<'a, CircuitBreaker<C, O, N, R>>>;

/// A borrowed breaker with the clock that it reads and the recorder that it tells.
pub struct BreakerSubject<'a, C: Clock, O: Observer, N: AsRef<str> + Clone, R: Rule> {
    breaker: &'a CircuitBreaker<C, O, N, R>,
    clock: &'a ManualClock,
    recorder: &'a Recorder,
    permits: [Slot<'a, C, O, N, R>; PERMITS],
}

impl<'a, C: Clock, O: Observer, N: AsRef<str> + Clone, R: Rule> BreakerSubject<'a, C, O, N, R> {
    /// `breaker` must read `clock` and tell `recorder`.
    pub fn new(breaker: &'a CircuitBreaker<C, O, N, R>, clock: &'a ManualClock, recorder: &'a Recorder) -> Self {
        Self { breaker, clock, recorder, permits: Default::default() }
    }
}

impl<C: Clock, O: Observer, N: AsRef<str> + Clone, R: Tested> Subject for BreakerSubject<'_, C, O, N, R> {
    fn set_time(&mut self, ms: u64) {
        self.clock.set(Timestamp::from_millis(ms));
    }

    fn allow_request(&mut self) -> bool {
        self.breaker.allow_request()
    }

    fn record(&mut self, outcome: Outcome) -> Receipt {
        match outcome {
            Outcome::Success => self.breaker.record_success(),
            Outcome::Failure => self.breaker.record_failure(),
            Outcome::Ignored => self.breaker.record_ignored(),
        }
    }

    fn record_after(&mut self, outcome: Outcome, ms: u32) -> Receipt {
        self.breaker.record_after(outcome, Duration::from_millis(ms.into()))
    }

    fn acquire(&mut self, slot: usize) -> Result<(), Refusal> {
        match self.breaker.try_acquire() {
            Ok(permit) => {
                self.permits[slot] = Some(permit);
                Ok(())
            }
            Err(error) => {
                // A refusal never waits for longer than fits.
                let retry_after_ms = error.retry_after.map(|wait| wait.as_millis() as u32);
                Err(Refusal { state: error.state, retry_after_ms })
            }
        }
    }

    fn settle(&mut self, slot: usize, outcome: Outcome) -> Receipt {
        self.permits[slot].take().map_or(Receipt::Stale, |permit| permit.settle(outcome))
    }

    fn drop_permit(&mut self, slot: usize) {
        self.permits[slot] = None;
    }

    fn command(&mut self, command: Command) {
        match command {
            Command::Trip => self.breaker.trip(),
            Command::Isolate => self.breaker.isolate(),
            Command::Disable => self.breaker.disable(),
            Command::Shadow => self.breaker.shadow(),
            Command::Reset => self.breaker.reset(),
        }
    }

    fn hold_open(&mut self, ms: u32) {
        R::hold(self.breaker, ms);
    }

    fn set_random(&mut self, number: u32) {
        R::chance(self.breaker, number);
    }

    fn reopenings(&mut self) -> u8 {
        R::reopened(self.breaker)
    }

    fn state(&mut self) -> CircuitState {
        self.breaker.state()
    }

    fn mode(&mut self) -> Mode {
        self.breaker.mode()
    }

    fn would_allow(&mut self) -> bool {
        self.breaker.would_allow()
    }

    fn retry_after_ms(&mut self) -> Option<u32> {
        self.breaker.retry_after().map(|wait| wait.as_millis() as u32)
    }

    fn failure_count(&mut self) -> u16 {
        self.breaker.failure_count()
    }

    fn last_failure_ms(&mut self) -> Option<u64> {
        self.breaker.last_failure_time().map(Timestamp::as_millis)
    }

    fn generation(&mut self) -> u16 {
        self.breaker.generation()
    }

    fn snapshot(&mut self) -> Option<Snapshot> {
        Some(self.breaker.snapshot())
    }

    fn restore(&mut self, snapshot: &Snapshot) -> Result<(), SnapshotError> {
        self.breaker.restore(snapshot)
    }

    fn recorder(&self) -> &Recorder {
        self.recorder
    }
}

impl<C: Clock, O: Observer, N: AsRef<str> + Clone, R: Rule> core::fmt::Debug for BreakerSubject<'_, C, O, N, R> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("BreakerSubject").field("now", &self.clock.now()).finish_non_exhaustive()
    }
}
