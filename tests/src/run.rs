//! Runs a vector against a shell. Small, without a heap: it also runs on a Cortex-M0.

use halfopen::Snapshot;

use crate::fact::{Counted, Fact};
use crate::mismatch::Mismatch;
use crate::setup::Setup;
use crate::subject::{Capability, Shell, Subject};
use crate::vector::{Action, Body, Millis, SNAPSHOTS, Step, Vector};

/// What came of a vector that did not fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ran {
    /// Everything was as expected.
    Passed {
        /// Facts that were compared, at least one.
        checks: u32,
        /// Facts that the shell cannot show.
        skipped: u32,
    },
    /// The shell lacks what the vector is about.
    Skipped(Capability),
}

/// Runs `vector` against a new breaker of `shell`.
///
/// # Errors
///
/// The first [`Mismatch`].
#[expect(clippy::result_large_err, reason = "one per failed run, and there may be no heap to box it")]
pub fn run<'a>(vector: &Vector<'a>, shell: &dyn Shell) -> Result<Ran, Mismatch<'a>> {
    let lacks = shell.lacks();
    if let Some(missing) = vector.misses(lacks).or_else(|| vector.misses(NEVER_HERE)) {
        return Ok(Ran::Skipped(missing));
    }
    let steps = match vector.body {
        Body::Steps(steps) => steps,
        Body::Rejected(text) => return rejected(vector, text.unwrap_or_default(), shell),
    };
    let mut run = Run {
        vector: vector.name,
        steps,
        lacks,
        setup: vector.setup,
        now: 0,
        next: 0,
        snapshots: [None; SNAPSHOTS],
        latest: None,
        checks: 0,
        skipped: 0,
        lacking: None,
        failed: None,
    };
    // Once for each breaker: a restart ends one and begins the next.
    while run.next < steps.len() && run.failed.is_none() {
        let (by, config) = (run.setup.by, run.setup.config());
        if let Err(error) = shell.build(by, config, &mut |subject| run.go(subject)) {
            run.fail(0, Fact::Accepted(true), Fact::Accepted(false));
            run.failed = run.failed.map(|failed| Mismatch { refused: Some(error), ..failed });
        }
    }
    match (run.failed, run.lacking) {
        (Some(failed), _) => Err(failed),
        // Nothing of what it is about can be shown: say so rather than pass.
        (None, Some(lacking)) if run.checks == 0 => Ok(Ran::Skipped(lacking)),
        (None, _) => Ok(Ran::Passed { checks: run.checks, skipped: run.skipped }),
    }
}

/// What this build of the runner cannot do for any shell.
const NEVER_HERE: &[Capability] = if cfg!(feature = "json") {
    // Reading a configuration is no shell's own business: the suite checks it once, apart.
    &[Capability::ConfigText]
} else {
    &[Capability::ConfigText, Capability::SnapshotText]
};

#[expect(clippy::result_large_err, reason = "as of `run`")]
fn rejected<'a>(vector: &Vector<'a>, text: &'a str, shell: &dyn Shell) -> Result<Ran, Mismatch<'a>> {
    let refused = shell.build(vector.setup.by, vector.setup.config(), &mut |_| {}).err();
    if refused.is_some_and(|error| error.text().as_str() == text) {
        return Ok(Ran::Passed { checks: 1, skipped: 0 });
    }
    let (expected, found) = (Fact::NotRestored(text), Fact::Accepted(refused.is_none()));
    Err(Mismatch { vector: vector.name, step: 0, repetition: 0, expected, found, refused })
}

struct Run<'a> {
    vector: &'a str,
    steps: &'a [Step<'a>],
    lacks: &'static [Capability],
    setup: Setup<'a>,
    now: u64,
    next: usize,
    snapshots: [Option<Snapshot>; SNAPSHOTS],
    latest: Option<Snapshot>,
    checks: u32,
    skipped: u32,
    lacking: Option<Capability>,
    failed: Option<Mismatch<'a>>,
}

impl<'a> Run<'a> {
    /// Goes on with `subject` to the end or to the next restart.
    fn go(&mut self, subject: &mut dyn Subject) {
        subject.set_time(self.now);
        while let (Some(step), None) = (self.steps.get(self.next), self.failed) {
            self.next += 1;
            if let Action::Restart(now, setup) = step.action {
                self.now = now.get();
                self.setup = setup.copied().unwrap_or(self.setup);
                return;
            }
            for repetition in 1..=step.times {
                let answer = self.act(subject, step.action);
                for fact in step.facts.iter().filter(|fact| fact.is_answer()) {
                    self.check(repetition, *fact, answer);
                }
            }
            for fact in step.facts.iter().filter(|fact| !fact.is_answer()) {
                let found = self.look(subject, *fact);
                self.check(step.times, *fact, found);
            }
        }
    }

    fn act(&mut self, subject: &mut dyn Subject, action: Action<'a>) -> Fact<'a> {
        match action {
            Action::AllowRequest => return Fact::Allowed(subject.allow_request()),
            Action::Record(outcome) => return Fact::Receipt(subject.record(outcome)),
            Action::RecordAfter(outcome, ms) => return Fact::Receipt(subject.record_after(outcome, ms)),
            Action::Acquire(slot) => {
                return match subject.acquire(slot.into()) {
                    Ok(()) => Fact::Admitted,
                    Err(refusal) => Fact::Refused(refusal),
                };
            }
            Action::Settle(slot, outcome) => return Fact::Receipt(subject.settle(slot.into(), outcome)),
            Action::Drop(slot) => subject.drop_permit(slot.into()),
            Action::Command(command) => subject.command(command),
            Action::HoldOpen(ms) => subject.hold_open(ms),
            Action::SetRandom(number) => subject.set_random(number),
            Action::Advance(ms) => self.set_time(subject, self.now.saturating_add(ms.into())),
            Action::SetClock(ms) => self.set_time(subject, ms.get()),
            Action::Snapshot(slot) => {
                self.latest = subject.snapshot();
                self.snapshots[usize::from(slot) % SNAPSHOTS] = self.latest;
            }
            Action::Restore(slot) => return self.restore(subject, slot),
            Action::RestoreText(text) => return text::restore(subject, text),
            Action::Look | Action::Restart(..) => {}
        }
        Fact::Silent
    }

    fn set_time(&mut self, subject: &mut dyn Subject, ms: u64) {
        self.now = ms;
        subject.set_time(ms);
    }

    fn restore(&mut self, subject: &mut dyn Subject, slot: u8) -> Fact<'a> {
        let snapshot = self.snapshots[usize::from(slot) % SNAPSHOTS];
        match snapshot.map(|snapshot| subject.restore(&snapshot)) {
            Some(Ok(())) => Fact::Restored,
            Some(Err(_)) => Fact::NotRestored("a snapshot that was taken a moment ago"),
            None => Fact::NotRestored("nothing was kept"),
        }
    }

    /// Sees what `fact` is about.
    fn look(&self, subject: &mut dyn Subject, fact: Fact<'a>) -> Fact<'a> {
        match (fact, self.latest) {
            (Fact::State(_), _) => Fact::State(subject.state()),
            (Fact::Mode(_), _) => Fact::Mode(subject.mode()),
            (Fact::WouldAllow(_), _) => Fact::WouldAllow(subject.would_allow()),
            (Fact::RetryAfter(_), _) => Fact::RetryAfter(subject.retry_after_ms()),
            (Fact::FailureCount(_), _) => Fact::FailureCount(subject.failure_count()),
            (Fact::LastFailure(_), _) => Fact::LastFailure(subject.last_failure_ms().map(Millis::new)),
            (Fact::Generation(_), _) => Fact::Generation(subject.generation()),
            (Fact::Reopenings(_), _) => Fact::Reopenings(subject.reopenings()),
            (Fact::Transition(_), _) => Fact::Transition(subject.recorder().next_transition()),
            (Fact::Tally(_), _) => Fact::Tally(subject.recorder().tally().map(Counted::from)),
            (Fact::Over(_), _) => Fact::Over(subject.recorder().tally().map(|tally| tally.window)),
            (Fact::Told(_), _) => Fact::Told(subject.recorder().next_refusal()),
            (Fact::Late(_), _) => Fact::Late(subject.recorder().next_late()),
            (Fact::KeptState(_), Some(kept)) => Fact::KeptState(kept.state()),
            (Fact::KeptMode(_), Some(kept)) => Fact::KeptMode(kept.mode()),
            (Fact::KeptFailureCount(_), Some(kept)) => Fact::KeptFailureCount(kept.failure_count()),
            (Fact::KeptRemaining(_), Some(kept)) => Fact::KeptRemaining(kept.remaining_ms()),
            (Fact::KeptLastFailureAgo(_), Some(kept)) => {
                Fact::KeptLastFailureAgo(kept.last_failure_ago_ms().map(Millis::new))
            }
            (Fact::KeptReopenings(_), Some(kept)) => Fact::KeptReopenings(kept.reopenings()),
            (Fact::KeptProbeFailures(_) | Fact::KeptRampLeft(_), Some(kept)) => text::look(&kept, fact),
            (Fact::KeptText(text), Some(kept)) => text::compare(&kept, text),
            _ => Fact::Silent,
        }
    }

    fn check(&mut self, repetition: u16, expected: Fact<'a>, found: Fact<'a>) {
        if let Some(lacking) = expected.needs().filter(|need| self.lacks.contains(need)) {
            self.lacking = Some(lacking);
            self.skipped += 1;
            return;
        }
        self.checks += 1;
        if !expected.is_met_by(&found, !self.lacks.contains(&Capability::Generation)) {
            self.fail(repetition, expected, found);
        }
    }

    /// Keeps the first mismatch.
    fn fail(&mut self, repetition: u16, expected: Fact<'a>, found: Fact<'a>) {
        let step = self.next.saturating_sub(1);
        self.failed.get_or_insert(Mismatch { vector: self.vector, step, repetition, expected, found, refused: None });
    }
}

#[cfg(feature = "json")]
use crate::json::text;

/// Never reached: without a heap, vectors that need a text are skipped.
#[cfg(not(feature = "json"))]
mod text {
    use super::{Fact, Snapshot, Subject};

    pub(super) fn restore<'a>(_: &mut dyn Subject, _: &'a str) -> Fact<'a> {
        Fact::Silent
    }

    pub(super) fn look<'a>(_: &Snapshot, _: Fact<'a>) -> Fact<'a> {
        Fact::Silent
    }

    pub(super) fn compare<'a>(_: &Snapshot, _: &'a str) -> Fact<'a> {
        Fact::Silent
    }
}
