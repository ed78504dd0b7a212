//! Runs scenarios and their controls, some at a time, and says how it goes.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use crate::scenario::{Control, Outcome, Scenario};
use crate::scene::Plan;

/// What came of one run.
#[derive(Clone, Debug)]
pub enum Verdict {
    /// As it must be: nothing wrong, or in a control what had to be.
    Passed,
    /// Not so, and how.
    Failed(String),
    /// It cannot be here, and why.
    Skipped(String),
}

/// One run and what came of it.
#[derive(Clone, Debug)]
pub struct Done {
    /// The scenario's name, of a control with what was broken.
    pub name: String,
    /// What happens in it.
    pub what: &'static str,
    /// It is a control.
    pub control: bool,
    /// What it has seen.
    pub outcome: Outcome,
    /// What that means.
    pub verdict: Verdict,
    /// How long it took.
    pub took: Duration,
}

struct Job {
    at: usize,
    scenario: &'static Scenario,
    control: Option<&'static Control>,
}

/// Runs these, so many at a time, and those that need the machine for themselves afterwards.
///
/// # Panics
///
/// Never: a panic in a scenario is a failure of it.
#[must_use]
pub fn run(scenarios: &[&'static Scenario], plan: Plan, controls: bool, at_once: usize) -> Vec<Done> {
    let mut jobs = VecDeque::new();
    for scenario in scenarios {
        jobs.push_back(Job { at: jobs.len(), scenario, control: None });
        let count = match (controls, plan.long) {
            (false, _) => 0,
            (true, true) => scenario.controls.len(),
            (true, false) => usize::from(scenario.control_in_short),
        };
        for control in &scenario.controls[..count.min(scenario.controls.len())] {
            jobs.push_back(Job { at: jobs.len(), scenario, control: Some(control) });
        }
    }
    let (alone, together): (VecDeque<Job>, VecDeque<Job>) = jobs.into_iter().partition(|job| job.scenario.alone);
    let done = Mutex::new(Vec::new());
    for (jobs, at_once) in [(together, at_once), (alone, 1)] {
        let jobs = Mutex::new(jobs);
        thread::scope(|scope| {
            for _ in 0..at_once {
                scope.spawn(|| {
                    loop {
                        let job = jobs.lock().expect("no panic").pop_front();
                        let Some(job) = job else { break };
                        let result = job.run(plan);
                        println!("{}", crate::table::line(&result));
                        done.lock().expect("no panic").push((job.at, result));
                    }
                });
            }
        });
    }
    let mut done = done.into_inner().expect("no panic");
    done.sort_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, done)| done).collect()
}

impl Job {
    fn run(&self, mut plan: Plan) -> Done {
        let mut name = self.scenario.name.to_owned();
        if let Some(control) = self.control {
            (plan.sabotage, plan.script, plan.awaited) = (control.sabotage, control.script, Some(control.word));
            // One that is short shows it as well.
            plan.long = false;
            name = format!("{name}, broken: {}", broken(control));
        }
        let start = Instant::now();
        let outcome = catch_unwind(AssertUnwindSafe(|| (self.scenario.run)(&plan))).unwrap_or_else(|panic| {
            let text = panic.downcast_ref::<String>().cloned();
            let text = text.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string));
            Ok(crate::scene::Row { wrong: vec![format!("panic: {}", text.unwrap_or_default())], ..Default::default() })
        });
        let verdict = match (&outcome, self.control) {
            (Err(why), _) => Verdict::Skipped(why.clone()),
            (Ok(row), None) if row.wrong.is_empty() => Verdict::Passed,
            (Ok(row), None) => Verdict::Failed(row.wrong.join("; ")),
            (Ok(row), Some(control)) if row.wrong.iter().any(|wrong| wrong.starts_with(control.word)) => {
                Verdict::Passed
            }
            (Ok(row), Some(control)) => {
                Verdict::Failed(format!("nobody noticed ({}): {}", control.word, row.wrong.join("; ")))
            }
        };
        Done {
            name,
            what: self.scenario.what,
            control: self.control.is_some(),
            outcome,
            verdict,
            took: start.elapsed(),
        }
    }
}

fn broken(control: &Control) -> &'static str {
    if control.script == "plain" { control.sabotage.word() } else { control.script }
}
