//! Runs vectors against shells: a line for each, and how many passed.

use core::fmt::Write;

use conformance::{Mismatch, Ran, Shell, Vector, run};

/// The vectors of an image, as the build script counted them.
pub struct Suite {
    /// Those that need no heap.
    pub vectors: &'static [Vector<'static>],
    /// Rule and name of those that do.
    pub left_out: &'static [(&'static str, &'static str)],
    /// How many there are in the JSON for this image.
    pub in_json: usize,
    /// How many runs they make.
    pub runs: usize,
}

impl Suite {
    /// Runs all of them and ends the program, with 0 if all passed and none is missing.
    pub fn run(&self, shells: &[&dyn Shell]) -> ! {
        let mut tally = Tally { passed: 0, failed: 0, skipped: 0 };
        for shell in shells {
            for vector in self.vectors {
                tally.count(vector, *shell, run(vector, *shell));
            }
            for (rule, name) in self.left_out {
                tally.skipped += 1;
                line(format_args!("skipped {} {rule}: {name} (is about a text, which needs a heap)", shell.name()));
            }
        }
        let Tally { passed, failed, skipped } = tally;
        let complete = passed + failed == self.runs && self.vectors.len() + self.left_out.len() == self.in_json;
        if !complete {
            crate::println!("the {} vectors make {} runs, but {} were made", self.in_json, self.runs, passed + failed);
        }
        crate::println!("{}: {passed} passed, {failed} failed, {skipped} skipped", crate::TARGET);
        crate::exit(i32::from(failed > 0 || !complete))
    }
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
            crate::print!("{text}");
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
            None => crate::print!("{piece}"),
        }
        Ok(())
    }
}
