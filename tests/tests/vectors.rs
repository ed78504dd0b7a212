//! Every hand-written vector against every shell: a line for each.

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::process::ExitCode;
use std::sync::Mutex;

use common::{SHELLS, vectors};
use conformance::{Body, Capability, Parsed, RULES, Ran, run};
use libtest_mimic::{Arguments, Failed, Trial};

/// What was compared and what was not, for each shell.
#[derive(Default)]
struct Tally {
    vectors: u32,
    checks: u32,
    skipped_checks: u32,
    skipped_vectors: BTreeMap<Capability, u32>,
}

static TALLIES: Mutex<BTreeMap<&str, Tally>> = Mutex::new(BTreeMap::new());

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let all: &[Parsed] = vectors().leak();
    let mut trials = vec![
        Trial::test("the suite: every rule has at least three vectors, and all together 600", || covers_the_rules(all)),
        Trial::test("the suite: every name is a sentence of its own", || names_are_unique(all)),
    ];
    for parsed in all {
        let vector = &parsed.vector;
        trials.push(Trial::test(format!("{}: {} [reading]", vector.rule, vector.name), || reads(parsed)));
        if vector.body == Body::Rejected(None) {
            continue; // Nothing that can be given to a shell: the reading is all there is.
        }
        for shell in SHELLS {
            let name = format!("{}: {} [{}]", vector.rule, vector.name, shell.name());
            let lacking = vector.misses(shell.lacks());
            if let Some(capability) = lacking {
                note(shell.name(), Ran::Skipped(capability));
            }
            let trial = Trial::test(name, move || {
                note(shell.name(), run(vector, *shell).map_err(|mismatch| mismatch.to_string())?);
                Ok(())
            });
            trials.push(trial.with_ignored_flag(lacking.is_some()));
        }
    }
    let conclusion = libtest_mimic::run(&arguments, trials);
    if !arguments.list {
        report();
    }
    conclusion.exit_code()
}

fn note(shell: &'static str, ran: Ran) {
    let mut tallies = TALLIES.lock().unwrap();
    let tally = tallies.entry(shell).or_default();
    match ran {
        Ran::Passed { checks, skipped } => {
            tally.vectors += 1;
            tally.checks += checks;
            tally.skipped_checks += skipped;
        }
        Ran::Skipped(capability) => *tally.skipped_vectors.entry(capability).or_default() += 1,
    }
}

fn report() {
    for (shell, tally) in &*TALLIES.lock().unwrap() {
        let Tally { vectors, checks, skipped_checks, skipped_vectors } = tally;
        println!("{shell}: {vectors} vectors passed by {checks} checks; skipped: {skipped_checks} checks in them");
        for (capability, count) in skipped_vectors {
            println!("{shell}: {count} vectors skipped, because it lacks {capability:?}");
        }
    }
    println!();
}

/// What no shell does by itself: a configuration is read as it is written, or refused in the right words.
fn reads(parsed: &Parsed) -> Result<(), Failed> {
    let read = serde_json::from_value::<halfopen::Config>(parsed.config.clone());
    match (read, &parsed.reading_fails) {
        (Ok(config), None) if config == parsed.vector.setup.config() => Ok(()),
        (Err(error), Some(text)) if error.to_string() == *text => Ok(()),
        (read, expected) => Err(format!("read {read:?}, expected {expected:?}").into()),
    }
}

fn covers_the_rules(all: &[Parsed]) -> Result<(), Failed> {
    if all.len() < 600 {
        return Err(format!("only {} vectors", all.len()).into());
    }
    for (rule, _) in RULES {
        let count = all.iter().filter(|parsed| parsed.vector.rule == *rule).count();
        if count < 3 {
            return Err(format!("only {count} vectors for {rule}").into());
        }
    }
    Ok(())
}

fn names_are_unique(all: &[Parsed]) -> Result<(), Failed> {
    let mut seen = BTreeSet::new();
    for Parsed { vector, .. } in all {
        if !seen.insert(vector.name) || vector.name.len() < 20 {
            return Err(format!("\"{}\" is there twice, or says too little", vector.name).into());
        }
    }
    Ok(())
}
