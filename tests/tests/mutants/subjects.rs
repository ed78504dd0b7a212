//! Wrong shells: the atomic breaker behind a wrapper that gets one thing wrong.

use std::cell::Cell;

use conformance::{BreakerShell, By, Command, Recorder, Shell, Subject};
use halfopen::{CircuitState, Config, ConfigError, Mode, Outcome, Receipt, Refusal, Snapshot, SnapshotError, Tally};

use crate::faults::{Fault, Mutant};
use crate::kept;

impl Shell for Mutant {
    fn name(&self) -> &'static str {
        self.name
    }

    fn build(&self, by: By, config: Config, use_it: &mut dyn FnMut(&mut dyn Subject)) -> Result<(), ConfigError> {
        let replaced = self.fault == Fault::AnyConfig && BreakerShell.build(by, config, &mut |_| {}).is_err();
        let config = if replaced { Config::new() } else { config };
        BreakerShell.build(by, config, &mut |inner| {
            use_it(&mut Wrong {
                fault: self.fault,
                inner,
                told: Recorder::new(),
                tally: Cell::default(),
                most: Cell::default(),
            });
        })
    }
}

struct Wrong<'a> {
    fault: Fault,
    inner: &'a mut dyn Subject,
    told: Recorder,
    /// The latest window that was told.
    tally: Cell<Option<Tally>>,
    /// The most reopenings that there were.
    most: Cell<u8>,
}

impl Wrong<'_> {
    fn has(&self, fault: Fault) -> bool {
        self.fault == fault
    }

    /// Passes on what the inner breaker has told by now.
    fn pass_on(&self) {
        let from = self.inner.recorder();
        let mut changes: Vec<_> = std::iter::from_fn(|| Some((from.next_transition()?, from.tally()))).collect();
        if self.has(Fault::TransitionsBackwards) {
            changes.reverse();
        }
        for (change, tally) in changes {
            let tally = self.wrong_tally(tally);
            let restored = change.reason == halfopen::Reason::Restored && self.has(Fault::RestoreIsNotTold);
            if !restored && !self.has(Fault::TransitionsNotTold) {
                self.told.transition(change, tally);
            }
            if self.has(Fault::TransitionsTwice) {
                self.told.transition(change, tally);
            }
        }
        while let Some(told) = from.next_refusal() {
            let refusal = Refusal { state: told.state, retry_after_ms: told.retry_after_ms };
            let times = [1, 2, 0]
                [usize::from(self.has(Fault::RefusalsTwice)) + 2 * usize::from(self.has(Fault::RefusalsNotTold))];
            for _ in 0..times {
                self.told.refusal(&refusal, told.shadow && !self.has(Fault::RefusalsWithoutShadow));
            }
        }
        while let Some(late) = from.next_late() {
            let times =
                [1, 2, 0][usize::from(self.has(Fault::LateTwice)) + 2 * usize::from(self.has(Fault::LateNotTold))];
            for _ in 0..times {
                self.told.late(late);
            }
        }
    }

    fn wrong_tally(&self, tally: Option<Tally>) -> Option<Tally> {
        self.tally.set(tally.or(self.tally.get()));
        match self.fault {
            Fault::TallyNotTold => None,
            Fault::TallyStays => self.tally.get(),
            Fault::TallyWithoutTheLast => tally.map(|mut tally| {
                tally.calls -= 1;
                tally
            }),
            _ => tally,
        }
    }

    /// What happens to the breaker after an event, before it is told.
    fn go_on(&mut self, before: CircuitState) {
        let after = self.inner.state();
        let closed = before != CircuitState::Closed && after == CircuitState::Closed;
        if closed && self.has(Fault::WindowIsKept) {
            self.inner.record(Outcome::Failure);
        }
        let opened = before == CircuitState::Closed && after == CircuitState::Open;
        if opened && self.has(Fault::GrowthIsNeverReset) && self.most.get() > 0 {
            self.inner.hold_open(u32::MAX);
        }
        self.most.set(self.most.get().max(self.inner.reopenings()));
    }

    fn after<T>(&self, answer: T) -> T {
        self.pass_on();
        answer
    }

    fn receipt(&self, receipt: Receipt) -> Receipt {
        if self.has(Fault::StaleIsRecorded) { Receipt::Recorded } else { receipt }
    }
}

impl Subject for Wrong<'_> {
    fn set_time(&mut self, ms: u64) {
        self.inner.set_time(ms);
    }

    fn allow_request(&mut self) -> bool {
        let first = self.inner.allow_request();
        let answer = if self.has(Fault::AsksTwice) { self.inner.allow_request() } else { first };
        self.after(answer)
    }

    fn record(&mut self, outcome: Outcome) -> Receipt {
        let wrong = outcome == Outcome::Ignored && self.has(Fault::IgnoredIsSuccess);
        let before = self.inner.state();
        let receipt = self.inner.record(if wrong { Outcome::Success } else { outcome });
        self.go_on(before);
        self.after(self.receipt(receipt))
    }

    fn record_after(&mut self, outcome: Outcome, ms: u32) -> Receipt {
        let timed = !self.has(Fault::RecordsNoDuration);
        let receipt = if timed { self.inner.record_after(outcome, ms) } else { self.inner.record(outcome) };
        self.after(self.receipt(receipt))
    }

    fn acquire(&mut self, slot: usize) -> Result<(), Refusal> {
        let mut answer = self.inner.acquire(slot);
        if let (Err(refusal), true) = (&mut answer, self.has(Fault::RefusalIsAlwaysOpen)) {
            refusal.state = CircuitState::Open;
        }
        self.after(answer)
    }

    fn settle(&mut self, slot: usize, outcome: Outcome) -> Receipt {
        let receipt = self.inner.settle(slot, outcome);
        self.after(self.receipt(receipt))
    }

    fn drop_permit(&mut self, slot: usize) {
        match self.fault {
            Fault::DropIsNothing => {}
            Fault::DropIsFailure => drop(self.inner.settle(slot, Outcome::Failure)),
            Fault::DropIsSuccess => drop(self.inner.settle(slot, Outcome::Success)),
            _ => self.inner.drop_permit(slot),
        }
        self.pass_on();
    }

    fn command(&mut self, command: Command) {
        self.inner.command(command);
        self.pass_on();
    }

    fn hold_open(&mut self, ms: u32) {
        match (self.fault, self.inner.state()) {
            (Fault::HoldsNothing, _) => {}
            (Fault::HoldsTwice, _) => self.inner.hold_open(ms.saturating_mul(2)),
            (Fault::HoldBeginsAnew, CircuitState::Open) | (Fault::HoldOpens, CircuitState::Closed) => {
                self.inner.command(Command::Trip);
                self.inner.hold_open(ms);
            }
            _ => self.inner.hold_open(ms),
        }
        self.pass_on();
    }

    fn set_random(&mut self, number: u32) {
        self.inner.set_random(if self.has(Fault::ChanceIsAlwaysZero) { 0 } else { number });
    }

    fn reopenings(&mut self) -> u8 {
        if self.has(Fault::ReopeningsStay) { self.most.get() } else { self.inner.reopenings() }
    }

    fn state(&mut self) -> CircuitState {
        let state = self.inner.state();
        match (self.fault, state) {
            (Fault::StateTakesPlace, CircuitState::HalfOpen) => drop(self.inner.allow_request()),
            (Fault::StateRestartsWait, CircuitState::Open) => self.inner.command(Command::Trip),
            (Fault::StateIsStored, _) => return self.inner.snapshot().map_or(state, |kept| kept.state()),
            _ => {}
        }
        self.after(state)
    }

    fn mode(&mut self) -> Mode {
        if self.has(Fault::ModeIsNormal) { Mode::Normal } else { self.inner.mode() }
    }

    fn would_allow(&mut self) -> bool {
        let would = self.inner.would_allow();
        if self.has(Fault::WouldAllowTakesPlace) || (self.has(Fault::WouldAllowTellsRefusal) && !would) {
            let allowed = self.inner.allow_request();
            return self.after(allowed);
        }
        would
    }

    fn retry_after_ms(&mut self) -> Option<u32> {
        let ms = self.inner.retry_after_ms();
        match self.fault {
            Fault::RetryInSeconds => ms.map(|ms| ms.div_ceil(1_000) * 1_000),
            Fault::RetryIsZeroWhenNever => Some(ms.unwrap_or(0)),
            _ => ms,
        }
    }

    fn failure_count(&mut self) -> u16 {
        let cleared = self.has(Fault::CountIsClearedByOpening) && self.inner.state() != CircuitState::Closed;
        if cleared { 0 } else { self.inner.failure_count() }
    }

    fn last_failure_ms(&mut self) -> Option<u64> {
        let ms = self.inner.last_failure_ms();
        match self.fault {
            Fault::LatestFailureIn32Bits => ms.map(|ms| ms & u64::from(u32::MAX)),
            Fault::LatestFailureIsForgotten => ms.filter(|_| self.inner.failure_count() > 0),
            _ => ms,
        }
    }

    fn generation(&mut self) -> u16 {
        self.inner.generation() + u16::from(self.has(Fault::GenerationFromOne))
    }

    fn snapshot(&mut self) -> Option<Snapshot> {
        if self.has(Fault::KeepsWhatIsRead) && self.inner.state() == CircuitState::HalfOpen {
            self.inner.allow_request();
            self.pass_on();
        }
        Some(kept::wrong(self.fault, &self.inner.snapshot()?))
    }

    fn restore(&mut self, snapshot: &Snapshot) -> Result<(), SnapshotError> {
        let answer = if self.has(Fault::RestoresNothing) { Ok(()) } else { self.inner.restore(snapshot) };
        self.after(answer)
    }

    fn recorder(&self) -> &Recorder {
        &self.told
    }
}
