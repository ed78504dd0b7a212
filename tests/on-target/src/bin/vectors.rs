//! Every vector of `../vectors/*.json` against every shell: a line for each, and how many passed.
//!
//! With the argument `broken` the breaker's clock is a millisecond ahead, which must be seen.
#![no_std]
#![no_main]

use core::fmt::Write;

use conformance::{
    BreakerShell, BreakerSubject, By, Mismatch, Ran, Recorder, Shell, StepShell, Subject, TableShell, Vector, run,
};
use halfopen::{CircuitBreaker, Clock, Config, ConfigError, ManualClock, Timestamp};

board::panic_handler!();

static VECTORS: &[Vector<'static>] = include!(concat!(env!("OUT_DIR"), "/vectors.rs"));
include!(concat!(env!("OUT_DIR"), "/expected.rs"));

#[board::entry]
fn main() -> ! {
    let broken = board::has_argument("broken");
    let breaker: &dyn Shell = if broken { &AheadShell } else { &BreakerShell };
    let mut tally = Tally { passed: 0, failed: 0, skipped: 0 };
    for shell in [&StepShell, breaker, &TableShell] {
        for vector in VECTORS {
            tally.count(vector, shell, run(vector, shell));
        }
        for (rule, name) in LEFT_OUT {
            tally.skipped += 1;
            line(format_args!("skipped {} {rule}: {name} (is about a text, which needs a heap)", shell.name()));
        }
    }
    let Tally { passed, failed, skipped } = tally;
    let complete = passed + failed == RUNS && VECTORS.len() + LEFT_OUT.len() == VECTORS_IN_JSON;
    if !complete {
        board::println!("the {VECTORS_IN_JSON} vectors make {RUNS} runs, but {} were made", passed + failed);
    }
    board::println!("{}: {passed} passed, {failed} failed, {skipped} skipped", board::TARGET);
    board::exit(i32::from(failed > 0 || !complete))
}

struct Tally {
    passed: usize,
    failed: usize,
    skipped: usize,
}

impl Tally {
    fn count(&mut self, vector: &Vector<'_>, shell: &dyn Shell, ran: Result<Ran, Mismatch<'_>>) {
        let (shell, rule, name) = (shell.name(), vector.rule, vector.name);
        match ran {
            Ok(Ran::Passed { checks: 0, .. }) => {
                self.failed += 1;
                line(format_args!("FAILED {shell} {rule}: \"{name}\" checked nothing"));
            }
            Ok(Ran::Passed { .. }) => {
                self.passed += 1;
                line(format_args!("ok {shell} {rule}: {name}"));
            }
            Ok(Ran::Skipped(lacking)) => {
                self.skipped += 1;
                line(format_args!("skipped {shell} {rule}: {name} (lacks {lacking:?})"));
            }
            Err(mismatch) => {
                self.failed += 1;
                line(format_args!("FAILED {shell} {rule}: {mismatch}"));
            }
        }
    }
}

/// Prints a line in one go: each piece of it by itself would stop the chip once more.
fn line(text: core::fmt::Arguments<'_>) {
    let mut line = Line { bytes: [0; 256], length: 0 };
    // Cannot fail: what does not fit is printed at once.
    let _ = writeln!(line, "{text}");
    line.flush();
}

struct Line {
    bytes: [u8; 256],
    length: usize,
}

impl Line {
    fn flush(&mut self) {
        if let Ok(text) = core::str::from_utf8(&self.bytes[..self.length]) {
            board::print!("{text}");
        }
        self.length = 0;
    }
}

impl Write for Line {
    fn write_str(&mut self, piece: &str) -> core::fmt::Result {
        if self.length + piece.len() > self.bytes.len() {
            self.flush();
        }
        match self.bytes.get_mut(self.length..self.length + piece.len()) {
            Some(room) => {
                room.copy_from_slice(piece.as_bytes());
                self.length += piece.len();
            }
            None => board::print!("{piece}"),
        }
        Ok(())
    }
}

/// The breaker by a clock that is a millisecond ahead of what it is told.
struct AheadShell;

impl Shell for AheadShell {
    fn name(&self) -> &'static str {
        "breaker"
    }

    fn build(&self, by: By, config: Config, use_it: &mut dyn FnMut(&mut dyn Subject)) -> Result<(), ConfigError> {
        if by != By::Consecutive {
            return BreakerShell.build(by, config, use_it);
        }
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
