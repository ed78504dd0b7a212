//! The breaker of one owner, whose rule is a value: what the npm package is made of.

use halfopen::local::{At, LocalBreaker, LocalRule};
use halfopen::machine::{Event, Ticket, Verdict};
use halfopen::{
    CircuitState, Config, ConfigError, Mode, Outcome, Receipt, Refusal, Snapshot, SnapshotError, Timestamp,
};

use crate::by::By;
use crate::recorder::Recorder;
use crate::subject::{Shell, Subject};
use crate::vector::{Command, PERMITS};

/// The breaker of one owner.
#[derive(Clone, Copy, Debug)]
pub struct LocalShell;

impl Shell for LocalShell {
    fn name(&self) -> &'static str {
        "local"
    }

    fn build(&self, by: By, config: Config, use_it: &mut dyn FnMut(&mut dyn Subject)) -> Result<(), ConfigError> {
        let rule = match by {
            By::Consecutive | By::Adaptive => LocalRule::Consecutive,
            By::ConsecutiveSlow | By::AdaptiveConsecutiveSlow => LocalRule::ConsecutiveSlow,
            By::CountWindow | By::AdaptiveCountWindow => LocalRule::CountWindow(64),
            By::CountWindow1024 | By::AdaptiveCountWindow1024 => LocalRule::CountWindow(1_024),
            By::TimeWindow | By::AdaptiveTimeWindow => LocalRule::TimeWindow,
        };
        let policy = rule.check(&config, by.is_adaptive())?;
        // With something in them, which must not matter.
        let mut words = [u32::MAX; 64];
        let breaker = LocalBreaker::new(policy, &mut words[..policy.words()]);
        let at = At { now: Timestamp::ZERO, random: 0 };
        use_it(&mut LocalSubject { breaker, at, tickets: [None; PERMITS], recorder: Recorder::new() });
        Ok(())
    }
}

struct LocalSubject<'a> {
    breaker: LocalBreaker<'a>,
    at: At,
    tickets: [Option<Ticket>; PERMITS],
    recorder: Recorder,
}

impl LocalSubject<'_> {
    fn run(&mut self, event: Event, took: Option<u32>) -> Verdict {
        self.breaker.dispatch(event, took, self.at, &&self.recorder)
    }

    /// As JavaScript asks: first without the time.
    fn ask(&mut self) -> Result<Ticket, Refusal> {
        if let Some(ticket) = self.breaker.acquire_untimed() {
            return Ok(ticket);
        }
        match self.run(Event::Acquire, None) {
            Verdict::Admitted(ticket) | Verdict::Shadowed(ticket, _) => Ok(ticket),
            Verdict::Refused(refusal) => Err(refusal),
            other => unreachable!("dispatch answered {other:?} to Acquire"),
        }
    }

    fn hand_in(&mut self, ticket: Option<Ticket>, outcome: Outcome, took: Option<u32>) -> Receipt {
        match self.run(Event::Settle(ticket, outcome), took) {
            Verdict::Settled(receipt) => receipt,
            other => unreachable!("dispatch answered {other:?} to Settle"),
        }
    }
}

impl Subject for LocalSubject<'_> {
    fn set_time(&mut self, ms: u64) {
        self.at.now = Timestamp::from_millis(ms);
    }

    fn allow_request(&mut self) -> bool {
        self.breaker.allow_untimed() || self.ask().is_ok()
    }

    fn record(&mut self, outcome: Outcome) -> Receipt {
        if outcome == Outcome::Success && self.breaker.record_success_untimed() {
            return Receipt::Recorded;
        }
        self.hand_in(None, outcome, None)
    }

    fn record_after(&mut self, outcome: Outcome, ms: u32) -> Receipt {
        self.hand_in(None, outcome, Some(ms))
    }

    fn acquire(&mut self, slot: usize) -> Result<(), Refusal> {
        self.tickets[slot] = Some(self.ask()?);
        Ok(())
    }

    fn settle(&mut self, slot: usize, outcome: Outcome) -> Receipt {
        let Some(ticket) = self.tickets[slot].take() else { return Receipt::Stale };
        // Through the two numbers that JavaScript keeps.
        let ticket = Ticket::from_parts(ticket.to_parts());
        if self.breaker.settle_untimed(ticket, outcome) {
            return Receipt::Recorded;
        }
        self.hand_in(Some(ticket), outcome, None)
    }

    fn drop_permit(&mut self, slot: usize) {
        self.settle(slot, Outcome::Ignored);
    }

    fn command(&mut self, command: Command) {
        let event = match command {
            Command::Trip => Event::Trip,
            Command::Isolate => Event::Isolate,
            Command::Disable => Event::Disable,
            Command::Shadow => Event::Shadow,
            Command::Reset => Event::Reset,
        };
        assert_eq!(self.run(event, None), Verdict::Done);
    }

    fn hold_open(&mut self, ms: u32) {
        self.breaker.hold_open(ms, self.at.now);
    }

    fn set_random(&mut self, number: u32) {
        self.at.random = number;
    }

    fn reopenings(&mut self) -> u8 {
        self.breaker.reopenings()
    }

    fn state(&mut self) -> CircuitState {
        self.breaker.state(self.at.now)
    }

    fn mode(&mut self) -> Mode {
        self.breaker.mode()
    }

    fn would_allow(&mut self) -> bool {
        self.breaker.allow_untimed() || self.retry_after_ms() == Some(0)
    }

    fn retry_after_ms(&mut self) -> Option<u32> {
        match self.run(Event::Inquire, None) {
            Verdict::Refused(refusal) => refusal.retry_after_ms,
            _ => Some(0),
        }
    }

    fn failure_count(&mut self) -> u16 {
        self.breaker.failure_count(self.at.now)
    }

    fn last_failure_ms(&mut self) -> Option<u64> {
        self.breaker.last_failure_time().map(Timestamp::as_millis)
    }

    fn generation(&mut self) -> u16 {
        self.breaker.generation()
    }

    fn snapshot(&mut self) -> Option<Snapshot> {
        Some(self.breaker.snapshot(self.at.now))
    }

    fn restore(&mut self, snapshot: &Snapshot) -> Result<(), SnapshotError> {
        let snapshot = Snapshot::from_numbers(&snapshot.to_numbers())?;
        self.breaker.restore(&snapshot, self.at.now, &&self.recorder);
        Ok(())
    }

    fn recorder(&self) -> &Recorder {
        &self.recorder
    }
}
