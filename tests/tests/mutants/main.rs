//! The suite bites: each of these wrong breakers is caught by a vector that somebody wrote.

#[path = "../common/mod.rs"]
mod common;

mod case;
mod faults;
mod steps;
mod subjects;

use common::{SHELLS, vectors};
use conformance::{Ran, Shell, run};

/// How many vectors catch `shell`, and the first of them.
fn caught(shell: &dyn Shell) -> (usize, Option<String>) {
    let mismatches: Vec<_> =
        vectors().iter().filter_map(|parsed| run(&parsed.vector, shell).err()).map(|found| found.to_string()).collect();
    (mismatches.len(), mismatches.into_iter().next())
}

fn assert_each_is_caught<'a>(mutants: impl Iterator<Item = (&'a str, &'a dyn Shell)>, at_least: usize) {
    let mut survivors = Vec::new();
    let mut count = 0;
    for (name, mutant) in mutants {
        count += 1;
        match caught(mutant) {
            (vectors, Some(first)) => println!("{name}: caught by {vectors}, first by {first}"),
            (_, None) => survivors.push(name.to_owned()),
        }
    }
    assert_eq!(survivors, Vec::<String>::new(), "these live");
    assert!(count >= at_least, "only {count} mutants");
}

#[test]
fn every_wrong_step_is_caught() {
    assert_each_is_caught(steps::ALL.iter().map(|mutant| (mutant.name, mutant as &dyn Shell)), 40);
}

#[test]
fn every_wrong_shell_is_caught() {
    assert_each_is_caught(faults::ALL.iter().map(|mutant| (mutant.name, mutant as &dyn Shell)), 30);
}

#[test]
fn the_same_wrappers_without_a_fault_are_not() {
    let message = "the vectors already fail without a fault: see --test vectors";
    assert_eq!(caught(&steps::RIGHT), (0, None), "{message}");
    assert_eq!(caught(&faults::RIGHT), (0, None), "{message}");
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
