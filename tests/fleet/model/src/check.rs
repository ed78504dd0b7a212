//! Checks one case, and says what came of it.

use crate::actions::Action;
use crate::cases::Case;
use crate::world::World;
use stateright::{Checker, Expectation, Model};
use std::collections::BTreeMap;
use std::io::{IsTerminal, Write};
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

/// More states than any case should have: what reaches this was not looked at whole.
const CAP: usize = 300_000_000;

/// A state, and what happened then.
pub type Step = (World, Option<Action>);

/// What came of a case.
pub struct Outcome {
    pub unique: usize,
    pub generated: usize,
    pub depth: usize,
    pub took: Duration,
    /// Every state was looked at.
    pub exhausted: bool,
    /// The properties that do not hold, each with its shortest history.
    pub violated: BTreeMap<&'static str, Vec<Step>>,
    /// The examples that were found, each with its shortest history.
    pub examples: BTreeMap<&'static str, Vec<Step>>,
}

impl Outcome {
    /// What is not as the case says; nothing where all is.
    pub fn complaints(&self, case: &Case) -> Vec<String> {
        let mut said = Vec::new();
        for name in self.violated.keys().filter(|name| Some(**name) != case.violated && !case.also.contains(name)) {
            said.push(format!("violated: {name}"));
        }
        if let Some(name) = case.violated.filter(|name| !self.violated.contains_key(name)) {
            said.push(format!("not violated, as it must be here: {name}"));
        }
        for name in case.examples.iter().filter(|name| !self.examples.contains_key(*name)) {
            said.push(format!("never seen: {name}"));
        }
        if !case.control && !self.exhausted {
            said.push("not every state was looked at".into());
        }
        if self.unique < case.at_least {
            said.push(format!("only {} states, less than {}", self.unique, case.at_least));
        }
        said
    }
}

/// Looks at every state of a case; of a control, until something is violated.
pub fn check(case: &Case) -> Outcome {
    let start = Instant::now();
    let checker = case.clone().checker().threads(2).target_state_count(CAP).spawn_bfs();
    watch(case, &checker);
    let checker = checker.join();
    // The histories are found by going them again.
    case.stop.store(false, Relaxed);
    let found = checker.discoveries().into_iter().map(|(name, path)| (name, path.into_vec()));
    let is_example = |name: &str| {
        let property = case.properties().into_iter().find(|property| property.name == name);
        property.is_some_and(|property| matches!(property.expectation, Expectation::Sometimes))
    };
    let (examples, violated) = found.partition(|(name, _)| is_example(name));
    Outcome {
        unique: checker.unique_state_count(),
        generated: checker.state_count(),
        depth: checker.max_depth(),
        took: start.elapsed(),
        exhausted: checker.state_count() < CAP,
        violated,
        examples,
    }
}

/// Tells on a terminal how far a check is, until it is done.
fn watch(case: &Case, checker: &impl Checker<Case>) {
    let mut err = std::io::stderr();
    while err.is_terminal() && !checker.is_done() {
        let (unique, depth) = (checker.unique_state_count(), checker.max_depth());
        let _ = write!(err, "\r{}: {unique} states, depth {depth}\x1b[K", case.name);
        let _ = err.flush();
        std::thread::sleep(Duration::from_millis(100));
        let _ = write!(err, "\r\x1b[K");
    }
}
