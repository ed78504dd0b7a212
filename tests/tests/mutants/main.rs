//! The suite bites: each of these wrong breakers is caught by a vector that somebody wrote.

#[path = "../common/mod.rs"]
mod common;

mod case;
mod faults;
mod kept;
mod steps;
mod subjects;
mod twists;

use std::sync::LazyLock;

use common::{SHELLS, vectors};
use conformance::{BreakerShell, Parsed, Ran, Shell, run};

/// The vectors that the right breaker passes: one that it fails catches nothing.
static VECTORS: LazyLock<Vec<Parsed>> =
    LazyLock::new(|| vectors().into_iter().filter(|parsed| run(&parsed.vector, &BreakerShell).is_ok()).collect());

/// The vectors that catch `shell`: rule and mismatch.
fn caught(shell: &dyn Shell) -> Vec<(&'static str, String)> {
    let found = VECTORS.iter().filter_map(|parsed| Some((parsed.vector.rule, run(&parsed.vector, shell).err()?)));
    found.map(|(rule, mismatch)| (rule, mismatch.to_string())).collect()
}

/// Each mutant with the rule whose vectors must catch it, if not any.
fn assert_each_is_caught<'a>(
    mutants: impl Iterator<Item = (&'a str, Option<&'a str>, &'a dyn Shell)>,
    at_least: usize,
) {
    let mut survivors = Vec::new();
    let mut count = 0;
    for (name, rule, mutant) in mutants {
        count += 1;
        let mut caught = caught(mutant);
        caught.retain(|(by, _)| rule.is_none_or(|rule| rule == *by));
        match caught.first() {
            Some((_, first)) => println!("{name}: caught by {}, first by {first}", caught.len()),
            None => survivors.push(name.to_owned()),
        }
    }
    assert_eq!(survivors, Vec::<String>::new(), "these live");
    assert!(count >= at_least, "only {count} mutants");
}

#[test]
fn every_wrong_step_is_caught() {
    assert_each_is_caught(steps::ALL.iter().map(|mutant| (mutant.name, None, mutant as &dyn Shell)), 40);
}

#[test]
fn every_wrong_shell_is_caught() {
    assert_each_is_caught(faults::ALL.iter().map(|mutant| (mutant.name, None, mutant as &dyn Shell)), 50);
}

#[test]
fn every_wrong_configuration_is_caught_by_the_vectors_of_its_rule() {
    let mutants = twists::ALL.iter().map(|mutant| (mutant.name, Some(mutant.rule), mutant as &dyn Shell));
    assert_each_is_caught(mutants, 30);
}

#[test]
fn the_same_wrappers_without_a_fault_are_not() {
    for right in [&steps::RIGHT as &dyn Shell, &faults::RIGHT, &twists::RIGHT] {
        assert_eq!(caught(right), [], "{}", right.name());
    }
}

#[test]
fn no_vector_passes_without_a_check() {
    for parsed in vectors() {
        for shell in SHELLS {
            if let Ok(Ran::Passed { checks, .. }) = run(&parsed.vector, *shell) {
                assert!(checks > 0, "{}", parsed.vector.name);
            }
        }
    }
}
