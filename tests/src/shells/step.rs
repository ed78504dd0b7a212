//! `step` itself, in the smallest shell that there can be: what every other shell is compared with.

use halfopen::machine::{Event, Policy, State, Step, Ticket, Verdict, step};
use halfopen::{
    CircuitState, Config, ConfigError, Mode, Outcome, Receipt, Refusal, Snapshot, SnapshotError, Timestamp,
};

use crate::by::By;
use crate::recorder::Recorder;
use crate::subject::{Capability, Shell, Subject};
use crate::vector::{Command, PERMITS};

/// The shape of [`halfopen::machine::step`], so that the suite can be proved by wrong ones.
pub type StepFn<'a> = &'a mut dyn FnMut(&Policy, State, Event, Timestamp) -> Step;

/// `step` itself.
#[derive(Clone, Copy, Debug)]
pub struct StepShell;

impl StepShell {
    /// A state that is not in a breaker can neither be kept nor restored, and is shared with nobody; what a rule remembers
    /// beside the state is the breaker's too.
    pub const LACKS: &'static [Capability] =
        &[Capability::Snapshot, Capability::SnapshotText, Capability::MemoryOnly, Capability::Rules];
}

impl Shell for StepShell {
    fn name(&self) -> &'static str {
        "step"
    }

    fn lacks(&self) -> &'static [Capability] {
        Self::LACKS
    }

    fn build(&self, _: By, config: Config, use_it: &mut dyn FnMut(&mut dyn Subject)) -> Result<(), ConfigError> {
        let mut right = |policy: &Policy, state, event, now| step(policy, state, event, now);
        use_it(&mut StepSubject::new(config.validate()?, &mut right));
        Ok(())
    }
}

/// A state, its policy, and what a shell keeps beside them.
pub struct StepSubject<'a> {
    step: StepFn<'a>,
    policy: Policy,
    state: State,
    now: Timestamp,
    last_failure: Option<Timestamp>,
    tickets: [Option<Ticket>; PERMITS],
    recorder: Recorder,
}

impl<'a> StepSubject<'a> {
    /// A new circuit that is stepped by `step`.
    pub fn new(policy: Policy, step: StepFn<'a>) -> Self {
        Self {
            step,
            policy,
            state: State::NEW,
            now: Timestamp::ZERO,
            last_failure: None,
            tickets: [None; PERMITS],
            recorder: Recorder::new(),
        }
    }

    fn run(&mut self, event: Event) -> Verdict {
        loop {
            let step = (self.step)(&self.policy, self.state, event, self.now);
            self.state = step.next.unwrap_or(self.state);
            if step.effect.failed {
                self.last_failure = Some(self.now);
            }
            if let Some(transition) = &step.effect.transition {
                self.recorder.transition(transition.into(), transition.tally);
            }
            if let (true, Verdict::Settled(receipt)) = (step.effect.late, step.effect.verdict) {
                self.recorder.late(receipt);
            }
            if step.effect.verdict != Verdict::Again {
                return step.effect.verdict;
            }
        }
    }

    fn ask(&mut self) -> Result<Ticket, Refusal> {
        match self.run(Event::Acquire) {
            Verdict::Admitted(ticket) => Ok(ticket),
            Verdict::Shadowed(ticket, refusal) => {
                self.recorder.refusal(&refusal, true);
                Ok(ticket)
            }
            Verdict::Refused(refusal) => {
                self.recorder.refusal(&refusal, false);
                Err(refusal)
            }
            other => unreachable!("step answered {other:?} to Acquire"),
        }
    }

    fn hand_in(&mut self, ticket: Option<Ticket>, outcome: Outcome) -> Receipt {
        match self.run(Event::Settle(ticket, outcome)) {
            Verdict::Settled(receipt) => receipt,
            other => unreachable!("step answered {other:?} to Settle"),
        }
    }
}

impl Subject for StepSubject<'_> {
    fn set_time(&mut self, ms: u64) {
        self.now = Timestamp::from_millis(ms);
    }

    fn allow_request(&mut self) -> bool {
        self.ask().is_ok()
    }

    fn record(&mut self, outcome: Outcome) -> Receipt {
        self.hand_in(None, outcome)
    }

    fn record_after(&mut self, outcome: Outcome, _: u32) -> Receipt {
        self.record(outcome)
    }

    fn acquire(&mut self, slot: usize) -> Result<(), Refusal> {
        self.tickets[slot] = Some(self.ask()?);
        Ok(())
    }

    fn settle(&mut self, slot: usize, outcome: Outcome) -> Receipt {
        match self.tickets[slot].take() {
            Some(ticket) => self.hand_in(Some(ticket), outcome),
            None => Receipt::Stale,
        }
    }

    fn drop_permit(&mut self, slot: usize) {
        self.settle(slot, Outcome::Ignored);
    }

    fn command(&mut self, command: Command) {
        self.run(match command {
            Command::Trip => Event::Trip,
            Command::Isolate => Event::Isolate,
            Command::Disable => Event::Disable,
            Command::Shadow => Event::Shadow,
            Command::Reset => Event::Reset,
        });
    }

    fn hold_open(&mut self, _: u32) {}

    fn set_random(&mut self, _: u32) {}

    fn reopenings(&mut self) -> u8 {
        0
    }

    fn state(&mut self) -> CircuitState {
        self.state.in_force(&self.policy, self.now)
    }

    fn mode(&mut self) -> Mode {
        self.state.mode()
    }

    fn would_allow(&mut self) -> bool {
        self.retry_after_ms() == Some(0)
    }

    fn retry_after_ms(&mut self) -> Option<u32> {
        match self.run(Event::Inquire) {
            Verdict::Refused(refusal) => refusal.retry_after_ms,
            _ => Some(0),
        }
    }

    fn failure_count(&mut self) -> u16 {
        self.state.failure_count()
    }

    fn last_failure_ms(&mut self) -> Option<u64> {
        self.last_failure.map(Timestamp::as_millis)
    }

    fn generation(&mut self) -> u16 {
        self.state.generation()
    }

    fn snapshot(&mut self) -> Option<Snapshot> {
        None
    }

    fn restore(&mut self, _: &Snapshot) -> Result<(), SnapshotError> {
        Err(SnapshotError::Version(0))
    }

    fn recorder(&self) -> &Recorder {
        &self.recorder
    }
}

impl core::fmt::Debug for StepSubject<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("StepSubject").field("state", &self.state).field("now", &self.now).finish_non_exhaustive()
    }
}
