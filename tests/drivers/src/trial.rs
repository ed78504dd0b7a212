//! The trial that every driver must stand, in which it works, its device breaks, it is shed, and it comes back.

use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use halfopen::hal::Guarded;
use halfopen::{CallError, CircuitBreaker, CircuitOpenError, CircuitState, Clock, Config, ManualClock};

use crate::Device;

/// So many failed calls in a row open the circuit.
pub const THRESHOLD: u32 = 3;
/// So long the circuit stays open.
pub const RECOVERY: Duration = Duration::from_secs(10);
/// The circuit's name, which a refusal must tell.
pub const NAME: &str = "device";

/// The breaker of a trial.
pub type Breaker = CircuitBreaker<Arc<ManualClock>>;
/// What the driver takes for its bus.
pub type Guard<B> = Guarded<B, Arc<Breaker>>;

/// Where a driver's error has the bus's.
#[derive(Debug)]
pub enum Cause<E> {
    /// In this place.
    Told(CallError<E>),
    /// Nowhere: all that the driver says is that the bus failed.
    Hidden,
}

/// A clock that stands still, and a breaker by it.
pub struct Trial {
    clock: Arc<ManualClock>,
    breaker: Arc<Breaker>,
}

impl Trial {
    /// With the breaker that the trial is about.
    pub fn new() -> Self {
        Self::with(Config::new().failure_threshold(THRESHOLD).recovery_timeout(RECOVERY))
    }

    /// With another configuration.
    pub fn with(config: Config) -> Self {
        let clock = Arc::new(ManualClock::new());
        let breaker = Arc::new(Breaker::with_clock(NAME, config, clock.clone()));
        Self { clock, breaker }
    }

    /// The breaker.
    pub fn breaker(&self) -> &Arc<Breaker> {
        &self.breaker
    }

    /// The clock, which only the trial turns.
    pub fn clock(&self) -> &ManualClock {
        &self.clock
    }

    /// One driver: `make` it from the guarded bus, and `read` from it again and again. That is `value` while `device`
    /// works. When it does not, `cause` finds the bus's error in the driver's.
    ///
    /// A failing operation makes one call, because a driver gives up at the first. What a good one makes is up to
    /// `device`, which counts.
    ///
    /// # Panics
    ///
    /// If anything is not as it must be.
    pub fn run<D: Device, Driver, T: Debug + PartialEq, E>(
        &self,
        mut device: D,
        make: impl FnOnce(Guard<D::Bus>) -> Driver,
        read: impl FnMut(&mut Driver) -> Result<T, E>,
        value: T,
        cause: impl Fn(E) -> Cause<D::Error>,
    ) {
        device.be_set_up();
        let driver = make(Guarded::new(device.bus(), self.breaker.clone()));
        device.check();
        let mut subject = Subject { device, driver, read, cause };

        subject.succeeds(&value, "the first reading");
        self.expect(CircuitState::Closed, 0, "after a reading");
        for failures in 1..=THRESHOLD {
            subject.fails("a failure below the threshold");
            let state = if failures < THRESHOLD { CircuitState::Closed } else { CircuitState::Open };
            self.expect(state, failures, "after as many failures");
        }

        for _ in 0..5 {
            subject.is_refused(RECOVERY - self.since_opening(), "OPEN");
            self.clock.advance(Duration::from_secs(1));
        }
        self.clock.advance(RECOVERY - self.since_opening() - Duration::from_millis(1));
        subject.is_refused(Duration::from_millis(1), "the last moment of OPEN");

        self.clock.advance(Duration::from_millis(1));
        subject.fails("a probe of a device that is still broken");
        self.expect(CircuitState::Open, THRESHOLD + 1, "after a probe that failed");
        subject.is_refused(RECOVERY, "OPEN again");

        self.clock.advance(RECOVERY);
        subject.succeeds(&value, "the probe of a device that works again");
        self.expect(CircuitState::Closed, 0, "after a probe that went well");
        subject.succeeds(&value, "the next reading");
    }

    fn expect(&self, state: CircuitState, failures: u32, when: &str) {
        let found = (self.breaker.state(), u32::from(self.breaker.failure_count()));
        assert_eq!(found, (state, failures), "state and failures {when}");
    }

    /// How long ago the last failure was, which is the one that opened.
    fn since_opening(&self) -> Duration {
        let opened = self.breaker.last_failure_time().expect("the circuit opened by a failure");
        Duration::from_millis(self.clock.now().as_millis() - opened.as_millis())
    }
}

impl Default for Trial {
    fn default() -> Self {
        Self::new()
    }
}

/// A driver, its device, and how to use and to understand it.
struct Subject<D, Driver, R, C> {
    device: D,
    driver: Driver,
    read: R,
    cause: C,
}

impl<D, Driver, R, C, T, E> Subject<D, Driver, R, C>
where
    D: Device,
    R: FnMut(&mut Driver) -> Result<T, E>,
    C: Fn(E) -> Cause<D::Error>,
    T: Debug + PartialEq,
{
    fn succeeds(&mut self, value: &T, what: &str) {
        self.device.answer();
        match (self.read)(&mut self.driver) {
            Ok(found) => assert_eq!(&found, value, "{what}"),
            Err(error) => panic!("{what}: the driver failed by {:?}", (self.cause)(error)),
        }
        self.device.check();
    }

    fn fails(&mut self, what: &str) {
        let error = self.device.fail();
        self.ends_with(CallError::Inner(error), what);
    }

    fn is_refused(&mut self, retry_after: Duration, when: &str) {
        self.device.expect_nothing();
        let state = CircuitState::Open;
        let refusal = CircuitOpenError { operation_name: NAME, state, retry_after: Some(retry_after) };
        self.ends_with(CallError::Open(refusal), when);
    }

    fn ends_with(&mut self, expected: CallError<D::Error>, what: &str) {
        match (self.read)(&mut self.driver) {
            Ok(found) => panic!("{what}: the driver read {found:?}"),
            Err(error) => match (self.cause)(error) {
                Cause::Told(found) => assert_eq!(found, expected, "{what}: what the driver's error carries"),
                Cause::Hidden => (),
            },
        }
        self.device.check();
    }
}
