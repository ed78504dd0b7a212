//! What came of a game.

use core::fmt;

#[derive(Default)]
pub struct Found {
    pub interrupts: u32,
    pub landed: u32,
    pub calls: u32,
    /// Calls that began anew because the state had changed since they looked; counted in one game alone.
    pub anew: u32,
    pub transitions: u32,
    /// Probes whose lease ran out and who were replaced.
    pub reclaimed: u32,
    /// Probes, and requests of the interrupt while one of the task's was on its way.
    pub probes: u32,
    pub contended: u32,
    /// Of windows: outcomes that had to be in them, how often the count was known exactly, openings by the rule, those that
    /// both sides were about to make, and reopenings.
    pub recorded: u32,
    pub exact: u32,
    pub openings: u32,
    pub raced: u32,
    pub reopened: u32,
    wrong: u32,
    first: Option<&'static str>,
}

impl Found {
    pub fn wrong_if(&mut self, wrong: bool, what: &'static str) {
        if wrong {
            self.wrong += 1;
            self.first.get_or_insert(what);
        }
    }

    pub fn is_wrong(&self) -> bool {
        self.wrong > 0
    }
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} interrupts, {} of them inside one of {} calls", self.interrupts, self.landed, self.calls)?;
        for (number, what) in [
            (self.anew, "calls began anew"),
            (self.transitions, "transitions"),
            (self.reclaimed, "probes replaced"),
            (self.probes, "probes"),
            (self.contended, "requests during one"),
            (self.recorded, "outcomes recorded"),
            (self.exact, "times a count that is known"),
            (self.openings, "openings by the rule"),
            (self.raced, "of those raced for"),
            (self.reopened, "reopenings"),
        ] {
            if number > 0 {
                write!(f, ", {number} {what}")?;
            }
        }
        match self.first {
            Some(first) => write!(f, "; WRONG {} times, first: {first}", self.wrong),
            None => write!(f, "; nothing wrong"),
        }
    }
}
