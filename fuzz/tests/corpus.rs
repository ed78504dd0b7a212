//! The corpus, which the fuzzer found and left behind, as an ordinary test.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use conformance::reference::{Rules, Trip, live};
use halfopen_fuzz::life;

/// Shows the input in which the breakers differ.
struct Witness<'a>(&'a Path);

impl Drop for Witness<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("in {}: ./x fuzz {0} shows it", self.0.display());
        }
    }
}

fn files(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut files: Vec<_> =
        fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("a file").path()).collect();
    files.sort();
    files
}

#[test]
fn the_breakers_agree_in_every_life_of_the_corpus() {
    let mut counts = BTreeMap::<String, usize>::new();
    let mut ops = 0;
    for file in files("corpus") {
        let _witness = Witness(&file);
        let life = life(&fs::read(&file).expect("a file"));
        ops += life.ops.len();
        live(&life, &mut |_, told| {
            told.iter().for_each(|told| *counts.entry(told.kind()).or_default() += 1);
        });
    }
    println!("{ops} operations, {counts:#?}");
    // All twelve reasons, six refusals, and two ways to be late.
    assert_eq!(counts.len(), 20, "{counts:?}");
}

/// The rule, and whether its way back adapts.
fn by(rules: &Rules) -> (&'static str, bool) {
    let name = match rules.trip {
        Trip::InARow => "consecutive",
        Trip::InARowSlow(_) => "consecutive_slow",
        Trip::Calls(..) => "count_window",
        Trip::Time(2, ..) => "time_window of two",
        Trip::Time(..) => "time_window of five",
    };
    (name, rules.back.is_some())
}

#[test]
fn the_seeds_open_close_and_restore_by_every_rule() {
    let mut counts = BTreeMap::<_, BTreeMap<String, usize>>::new();
    for file in files("seeds") {
        let _witness = Witness(&file);
        let life = life(&fs::read(&file).expect("a file"));
        let counts = counts.entry(by(&life.rules)).or_default();
        live(&life, &mut |_, told| told.iter().for_each(|told| *counts.entry(told.kind()).or_default() += 1));
    }
    println!("{counts:#?}");
    assert_eq!(counts.len(), 9);
    for ((rule, adapts), told) in counts {
        let opens: &[_] = match rule {
            "consecutive" | "consecutive_slow" => &["consecutive_failures"],
            _ => &["failure_rate", "slow_call_rate"],
        };
        let ramps: &[_] = if adapts { &["closed refused, shadow false"] } else { &[] };
        for kind in [&["probe_failed", "probes_succeeded", "restored"], opens, ramps].concat() {
            assert!(told.contains_key(kind), "{rule}, {adapts}: {kind} is not in {told:?}");
        }
    }
}

#[test]
fn the_corpus_is_small() {
    let files = files("corpus");
    let bytes: u64 = files.iter().map(|file| file.metadata().expect("a file").len()).sum();
    assert!(files.len() <= 240 && bytes <= 100 * 1024, "{} files, {bytes} bytes", files.len());
}

#[test]
fn every_input_is_a_life() {
    for first in 0..=u8::MAX {
        for second in 0..=u8::MAX {
            let bytes = [second, first, second, second, first, first, first, second, first, second, first];
            live(&life(&bytes), &mut |_, _| {});
        }
    }
}
