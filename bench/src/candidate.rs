//! One breaker of the table, with what is told of it and its rows.

use std::time::Duration;

use crate::rounds::Row;
use crate::subject::{DAY, Shared, Subject, open};

const CLOSED: &str = "closed";
const MIXED: &str = "one of ten fails";
const REFUSED: &str = "refused";
const CYCLE: &str = "cycle";

/// Why a row has no second thread.
const NOT_SHARED: &str = "it is for one thread";
const CYCLE_IS_ALONE: &str = "a cycle is one thread's";

/// Whose it is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Ours,
    Peer,
}

/// How far back it looks, beyond failures in a row.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Window {
    None,
    /// What is old leaves it.
    Slides,
    /// It begins at the last change of state and holds everything since.
    Grows,
}

impl Window {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Slides => "slides",
            Self::Grows => "only grows",
        }
    }
}

/// What is told of a breaker beside its figures.
pub(crate) struct Facts {
    pub(crate) name: &'static str,
    pub(crate) side: Side,
    pub(crate) window: Window,
    /// What it opens by.
    pub(crate) counts: &'static str,
    /// How often it reads a clock: for a call that works, and for one that it refuses.
    pub(crate) clock: (&'static str, &'static str),
    /// What threads meet at.
    pub(crate) shares: &'static str,
}

/// A breaker with its rows.
pub(crate) struct Candidate {
    pub(crate) facts: Facts,
    /// Of the value, and of what it holds on the heap.
    pub(crate) bytes: usize,
    pub(crate) closed: Row,
    pub(crate) mixed: Row,
    pub(crate) refused: Row,
    pub(crate) cycle: Row,
}

/// From CLOSED over OPEN and HALF_OPEN back to CLOSED.
pub(crate) struct Cycle<M, P> {
    /// Makes a breaker that opens as soon as it can, and waits this long then.
    pub(crate) make: M,
    /// How many failures open it.
    pub(crate) failures: u32,
    /// How many successes close it.
    pub(crate) successes: u32,
    /// How long it waits in the rows. Zero, where its time cannot be put forward.
    pub(crate) wait: Duration,
    /// Puts its time forward by that, where it can be.
    pub(crate) pass: P,
}

impl Candidate {
    /// A breaker that threads share. `make` makes one that is OPEN for this long.
    pub(crate) fn shared<S: Shared, C: Subject>(
        facts: Facts,
        bytes: usize,
        make: impl Fn(Duration) -> S,
        cycle: Cycle<impl Fn(Duration) -> C, impl Fn() + Send + 'static>,
    ) -> Self {
        let two = || {
            let subject = make(DAY);
            [subject.again(), subject]
        };
        let two_open = || {
            let mut subject = make(DAY);
            open(&mut subject);
            [subject.again(), subject]
        };
        Self {
            facts,
            bytes,
            closed: Row::shared(CLOSED, true, two, |subject| subject.call_ok()),
            mixed: Row::mixed_shared(MIXED, make(DAY)),
            refused: Row::shared(REFUSED, false, two_open, |subject| subject.call_ok()),
            cycle: cycle.into_row(),
        }
    }

    /// A breaker for one thread.
    pub(crate) fn single<S: Subject, C: Subject>(
        facts: Facts,
        bytes: usize,
        make: impl Fn(Duration) -> S,
        cycle: Cycle<impl Fn(Duration) -> C, impl Fn() + Send + 'static>,
    ) -> Self {
        let mut opened = make(DAY);
        open(&mut opened);
        Self {
            facts,
            bytes,
            closed: Row::single(CLOSED, true, make(DAY), NOT_SHARED, |subject| subject.call_ok()),
            mixed: Row::mixed_single(MIXED, make(DAY), NOT_SHARED),
            refused: Row::single(REFUSED, false, opened, NOT_SHARED, |subject| subject.call_ok()),
            cycle: cycle.into_row(),
        }
    }

    /// Takes the second thread of the refusals away.
    pub(crate) fn without_shared_refusals(mut self, why: &'static str) -> Self {
        self.refused.two = Err(why);
        self
    }

    pub(crate) fn rows(&mut self) -> Vec<(&str, &mut Row)> {
        let name = self.facts.name;
        [&mut self.closed, &mut self.mixed, &mut self.refused, &mut self.cycle].map(|row| (name, row)).into()
    }
}

impl<S: Subject, M: Fn(Duration) -> S, P: Fn() + Send + 'static> Cycle<M, P> {
    fn into_row(self) -> Row {
        self.check();
        let Self { make, failures, successes, wait, pass } = self;
        Row::single(CYCLE, true, make(wait), CYCLE_IS_ALONE, move |subject| {
            for _ in 0..failures {
                subject.call_err();
            }
            pass();
            // A wait of zero can be over a tick later.
            while !subject.call_ok() {}
            let mut answer = true;
            for _ in 1..successes {
                answer = subject.call_ok();
            }
            answer
        })
    }

    /// That so many failures open it and one less does not, and that so many successes close it.
    fn check(&self) {
        let mut subject = (self.make)(DAY);
        for _ in 0..self.failures {
            assert!(subject.call_err(), "it opens sooner");
        }
        assert!(!subject.call_ok(), "it opens later");

        let millisecond = Duration::from_millis(1);
        let mut subject = (self.make)(self.wait.max(millisecond));
        open(&mut subject);
        std::thread::sleep(2 * millisecond);
        (self.pass)();
        for _ in 0..self.successes {
            assert!(subject.call_ok(), "it is not HALF_OPEN");
        }
        for _ in 0..self.failures {
            assert!(subject.call_err(), "it has not closed");
        }
    }
}
