//! The shared breaker as the suite sees it.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use conformance::{By, Capability, Command, PERMITS, Recorder, Shell, Subject};
use halfopen::machine::Ticket;
use halfopen::redis::{Fleet, FleetOptions, SharedBreaker};
use halfopen::rules::Consecutive;
use halfopen::{
    CircuitState, Config, ConfigError, ManualClock, Mode, Observer, Outcome, Receipt, Refusal, Snapshot, SnapshotError,
    Timestamp, Transition,
};

use crate::interpreter::{Interpreter, SERVER_EPOCH_US, with_interpreter};

/// A fleet of one instance, which counts in the fleet.
#[derive(Clone, Copy, Debug)]
pub struct FleetShell;

impl Shell for FleetShell {
    fn name(&self) -> &'static str {
        "fleet"
    }

    fn lacks(&self) -> &'static [Capability] {
        &[
            Capability::Generation,
            Capability::Snapshot,
            Capability::SnapshotText,
            Capability::MemoryOnly,
            Capability::Rules,
            Capability::Shadow,
        ]
    }

    fn build(&self, _: By, config: Config, use_it: &mut dyn FnMut(&mut dyn Subject)) -> Result<(), ConfigError> {
        with_interpreter(|redis| {
            redis.wipe();
            redis.set_time_us(SERVER_EPOCH_US);
        });
        let clock = Arc::new(ManualClock::new());
        // Nobody else is there who could refute a failure. What happens by time alone happens seldom, or there would be
        // millions of renewals in a month.
        let hour = Duration::from_secs(3_600);
        let options = FleetOptions::new()
            .settle(Duration::ZERO)
            .lease(hour)
            .poll_interval(hour)
            .probe_wait(Duration::ZERO)
            .time_to_live(hour * 24 * 365);
        let fleet = Fleet::inline(Interpreter, options, Arc::clone(&clock))?;
        let told = Arc::<Mutex<Vec<Told>>>::default();
        let breaker = fleet.breaker_with::<_, Consecutive>("vector", config, Listener(Arc::clone(&told)))?;
        use_it(&mut FleetSubject { fleet, breaker, clock, told, recorder: Recorder::new(), permits: [None; PERMITS] });
        Ok(())
    }
}

enum Told {
    Transition(Transition),
    Refused(Refusal),
    Late(Receipt),
}

struct Listener(Arc<Mutex<Vec<Told>>>);

impl Listener {
    fn push(&self, told: Told) {
        self.0.lock().unwrap().push(told);
    }
}

impl Observer for Listener {
    fn on_transition(&self, _: &str, transition: &Transition) {
        self.push(Told::Transition(*transition));
    }

    fn on_refused(&self, _: &str, refusal: &Refusal, _: Mode) {
        self.push(Told::Refused(*refusal));
    }

    fn on_late(&self, _: &str, receipt: Receipt) {
        self.push(Told::Late(receipt));
    }
}

struct FleetSubject {
    fleet: Fleet<Arc<ManualClock>>,
    breaker: SharedBreaker<Arc<ManualClock>, Listener>,
    clock: Arc<ManualClock>,
    told: Arc<Mutex<Vec<Told>>>,
    recorder: Recorder,
    permits: [Option<Ticket>; PERMITS],
}

impl FleetSubject {
    /// Both clocks show it.
    fn show(&self, ms: u64) {
        self.clock.set(Timestamp::from_millis(ms));
        with_interpreter(|redis| redis.set_time_us(SERVER_EPOCH_US + ms.saturating_mul(1_000).min(1 << 52)));
        self.fleet.pump();
    }
}

impl Subject for FleetSubject {
    fn set_time(&mut self, ms: u64) {
        // What is due in between is done in between.
        while let Some(next) = self.fleet.wakes_at().map(|us| us.div_ceil(1_000)).filter(|next| *next < ms) {
            self.show(next);
        }
        self.show(ms);
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
        self.permits[slot] = Some(self.breaker.acquire_ticket()?);
        Ok(())
    }

    fn settle(&mut self, slot: usize, outcome: Outcome) -> Receipt {
        let ticket = self.permits[slot].take().expect("a permit");
        self.breaker.settle_ticket(ticket, outcome)
    }

    fn drop_permit(&mut self, slot: usize) {
        self.settle(slot, Outcome::Ignored);
    }

    fn command(&mut self, command: Command) {
        match command {
            Command::Trip => self.breaker.trip(),
            Command::Isolate => self.breaker.isolate(),
            Command::Disable => self.breaker.disable(),
            Command::Reset => self.breaker.reset(),
            Command::Shadow => unreachable!("lacking"),
        }
    }

    fn hold_open(&mut self, _: u32) {
        unreachable!("lacking")
    }

    fn set_random(&mut self, _: u32) {
        unreachable!("lacking")
    }

    fn reopenings(&mut self) -> u8 {
        unreachable!("lacking")
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
        self.breaker.retry_after().map(|wait| u32::try_from(wait.as_millis()).unwrap_or(u32::MAX))
    }

    fn failure_count(&mut self) -> u16 {
        self.breaker.failure_count()
    }

    fn last_failure_ms(&mut self) -> Option<u64> {
        self.breaker.last_failure_time().map(|at| at.as_millis())
    }

    fn generation(&mut self) -> u16 {
        0
    }

    fn snapshot(&mut self) -> Option<Snapshot> {
        None
    }

    fn restore(&mut self, _: &Snapshot) -> Result<(), SnapshotError> {
        unreachable!("lacking")
    }

    fn recorder(&self) -> &Recorder {
        for told in self.told.lock().unwrap().drain(..) {
            match told {
                Told::Transition(transition) => self.recorder.transition((&transition).into(), transition.tally),
                Told::Refused(refusal) => self.recorder.refusal(&refusal, false),
                Told::Late(receipt) => self.recorder.late(receipt),
            }
        }
        &self.recorder
    }
}
