//! The log of a run: a line for each event, after one for the attempts that were made since the last.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anstream::println;
use halfopen::{CircuitState, Observer, Transition};

use crate::tally::Tally;

/// What is shown and counted of a run, by whoever takes part in it.
#[derive(Clone)]
pub(crate) struct Log {
    inner: Arc<Mutex<Inner>>,
}

struct Inner {
    started: Instant,
    /// Since the last line.
    lately: Tally,
    all: Tally,
    transitions: Vec<Transition>,
}

impl Log {
    pub(crate) fn new() -> Self {
        let (lately, all, transitions) = Default::default();
        Self { inner: Arc::new(Mutex::new(Inner { started: Instant::now(), lately, all, transitions })) }
    }

    /// An attempt ended.
    pub(crate) fn attempt(&self, failed: Option<&'static str>) {
        let mut inner = self.inner();
        inner.lately.add(failed);
        inner.all.add(failed);
    }

    /// Something happened.
    pub(crate) fn event(&self, who: &str, what: &str) {
        self.inner().line(who, what);
    }

    /// What there was in all, and what the circuit did, until now.
    pub(crate) fn totals(&self) -> (Tally, Vec<Transition>, Duration) {
        let inner = self.inner();
        (inner.all.clone(), inner.transitions.clone(), inner.started.elapsed())
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Observer for Log {
    fn on_transition(&self, _: &str, transition: &Transition) {
        // To be disabled is one that changes no state.
        if transition.from == transition.to {
            return;
        }
        let mut inner = self.inner();
        inner.transitions.push(*transition);
        let Transition { from, to, reason, failure_count, .. } = transition;
        inner.line("circuit", &format!("{from} -> {to} ({reason}, failure_count {failure_count})"));
    }
}

const PLAIN: &str = "\x1b[0m";

impl Inner {
    fn line(&mut self, who: &str, what: &str) {
        let at = self.started.elapsed().as_secs_f64();
        let lately = std::mem::take(&mut self.lately);
        if lately.attempts() > 0 {
            println!("{at:>6.2} s  uploads  {lately}");
        }
        println!("{}{at:>6.2} s  {who:<8} {what}{PLAIN}", color(who, what));
    }
}

fn color(who: &str, what: &str) -> &'static str {
    let goes_to = |state: CircuitState| what.contains(&format!("-> {state} "));
    match who {
        "circuit" if goes_to(CircuitState::Open) => "\x1b[31m",
        "circuit" if goes_to(CircuitState::HalfOpen) => "\x1b[33m",
        "circuit" => "\x1b[32m",
        _ => "\x1b[1m",
    }
}
