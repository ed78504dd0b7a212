//! Minimum times of several functions that take turns, so that their ratios come from one run.
//!
//! A bar is a ratio of two rows, and both must see the same machine at the same moment. Criterion and divan measure one
//! function after the other, seconds apart, so that a neighbour's load or a change of frequency falls on one side
//! alone. Here the rows run in turn, many short rounds each, and each keeps its minimum.
//!
//! Every function runs in the same loop, each result made opaque. The loop's own cost is in every time, and the same in
//! all of them.

use std::hint::black_box;
use std::time::{Duration, Instant};

use crate::pair;
use crate::subject::{Shared, Subject};

/// How long a row with much memory runs at a time, so that it is in the cache again after the others' turns, and in how many of
/// the rounds it does.
const LONG_ROUND: Duration = Duration::from_millis(2);
const ONE_IN: usize = 20;

/// Short enough for most rounds to fall between two interruptions, long enough for the timer not to matter.
const ROUND: Duration = Duration::from_micros(20);

/// Runs so many turns. What the last call answered.
pub(crate) type Body = Box<dyn FnMut(u32) -> bool + Send>;

/// A row: a function under measurement, for one thread and for two at once, and what came of it.
pub(crate) struct Row {
    what: &'static str,
    /// What every call answers.
    answer: bool,
    calls_of_a_turn: u32,
    /// Whether its rounds are long and few.
    roams: bool,
    turns: u32,
    one: Body,
    /// For each of two threads; or why there is no such thing.
    pub(crate) two: Result<[Body; 2], &'static str>,
    /// Nanoseconds of a call: of one thread, taking turns with all rows.
    pub(crate) alone: f64,
    /// Nanoseconds of a call: of two threads, and of one between their rounds. `None` if they never ran side by side.
    pub(crate) together: Option<pair::Times>,
}

impl Row {
    fn new(
        what: &'static str,
        answer: bool,
        calls_of_a_turn: u32,
        one: Body,
        two: Result<[Body; 2], &'static str>,
    ) -> Self {
        Self { what, answer, calls_of_a_turn, roams: false, turns: 1, one, two, alone: f64::INFINITY, together: None }
    }

    /// The same row, whose calls go through more memory than fits into the caches that are near.
    pub(crate) fn roaming(mut self) -> Self {
        self.roams = true;
        self
    }

    /// A call, over and over, by one thread and by two.
    pub(crate) fn shared<S: Send + 'static>(
        what: &'static str,
        answer: bool,
        make: impl Fn() -> [S; 2],
        call: impl Fn(&mut S) -> bool + Copy + Send + 'static,
    ) -> Self {
        let turn = move |state: &mut S| eight(state, call);
        let ([one, _], [first, second]) = (make(), make());
        Self::new(what, answer, 8, body(one, turn), Ok([body(first, turn), body(second, turn)]))
    }

    /// A call, over and over, where `why` says why no two threads can do it.
    pub(crate) fn single<S: Send + 'static>(
        what: &'static str,
        answer: bool,
        state: S,
        why: &'static str,
        call: impl Fn(&mut S) -> bool + Send + 'static,
    ) -> Self {
        Self::new(what, answer, 8, body(state, move |state: &mut S| eight(state, &call)), Err(why))
    }

    /// Calls of which every tenth fails.
    pub(crate) fn mixed_shared<S: Shared>(what: &'static str, subject: S) -> Self {
        let two = Ok([body(subject.again(), ten), body(subject.again(), ten)]);
        Self::new(what, true, 10, body(subject, ten), two)
    }

    /// Calls of which every tenth fails, where `why` says why there is no second thread.
    pub(crate) fn mixed_single<S: Subject>(what: &'static str, subject: S, why: &'static str) -> Self {
        Self::new(what, true, 10, body(subject, ten), Err(why))
    }

    fn one_in(&self) -> usize {
        if self.roams { ONE_IN } else { 1 }
    }

    /// Whether it still does what it is measured for.
    fn check(&mut self, name: &str) {
        assert_eq!((self.one)(1), self.answer, "{name}, {}: not the answer that is measured", self.what);
        if let Ok(two) = &mut self.two {
            for body in two {
                assert_eq!(body(1), self.answer, "{name}, {}: not the answer that is measured", self.what);
            }
        }
    }
}

/// Keeps what one thread writes off the cache lines of the other.
#[repr(align(128))]
struct Apart<S>(S);

fn body<S: Send + 'static>(state: S, turn: impl Fn(&mut S) -> bool + Send + 'static) -> Body {
    let mut state = Apart(state);
    Box::new(move |turns| {
        // All of it is captured, not its field.
        let Apart(state) = &mut state;
        let mut answer = false;
        for _ in 0..turns {
            answer = turn(state);
        }
        answer
    })
}

#[inline(always)]
fn eight<S>(state: &mut S, call: impl Fn(&mut S) -> bool) -> bool {
    black_box(call(state));
    black_box(call(state));
    black_box(call(state));
    black_box(call(state));
    black_box(call(state));
    black_box(call(state));
    black_box(call(state));
    black_box(call(state))
}

#[inline(always)]
fn ten<S: Subject>(subject: &mut S) -> bool {
    black_box(subject.call_ok());
    black_box(subject.call_ok());
    black_box(subject.call_ok());
    black_box(subject.call_ok());
    black_box(subject.call_ok());
    black_box(subject.call_ok());
    black_box(subject.call_ok());
    black_box(subject.call_ok());
    black_box(subject.call_err());
    black_box(subject.call_ok())
}

/// Runs each row in turn, `rounds` times by one thread, then `rounds` times by two.
pub(crate) fn take_turns(mut rows: Vec<(&str, &mut Row)>, rounds: usize) {
    for (name, row) in &mut rows {
        row.check(name);
        row.turns = turns_for(&mut row.one, if row.roams { LONG_ROUND } else { ROUND });
    }
    for round in 0..rounds {
        for (_, row) in rows.iter_mut().filter(|(_, row)| round % row.one_in() == 0) {
            let start = Instant::now();
            black_box((row.one)(row.turns));
            row.alone = row.alone.min(each(start.elapsed(), row.turns, row.calls_of_a_turn));
        }
    }
    let mut pairs: Vec<pair::Pair<'_>> = Vec::new();
    for (_, row) in &mut rows {
        let one_in = row.one_in();
        if let Ok(bodies) = &mut row.two {
            let (turns, calls) = (row.turns, row.calls_of_a_turn);
            pairs.push(pair::Pair { bodies, turns, calls, one_in, times: &mut row.together });
        }
    }
    pair::take_turns(pairs, rounds);
    for (name, row) in &mut rows {
        row.check(name);
    }
}

/// How many turns fill a round.
fn turns_for(run: &mut Body, round: Duration) -> u32 {
    let mut turns = 1;
    loop {
        let start = Instant::now();
        black_box(run(turns));
        if start.elapsed() >= round || turns >= 1 << 20 {
            return turns;
        }
        turns += turns.div_ceil(4);
    }
}

/// Nanoseconds of a call.
pub(crate) fn each(passed: Duration, turns: u32, calls: u32) -> f64 {
    passed.as_nanos() as f64 / (f64::from(turns) * f64::from(calls))
}
