//! The corpus, which the fuzzer found and left behind, as an ordinary test.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use conformance::reference::live;
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

fn corpus() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    let mut files: Vec<_> =
        fs::read_dir(folder).expect("a corpus").map(|entry| entry.expect("a file").path()).collect();
    files.sort();
    files
}

#[test]
fn the_breakers_agree_in_every_life_of_the_corpus() {
    let mut counts = BTreeMap::<String, usize>::new();
    let mut ops = 0;
    for file in corpus() {
        let _witness = Witness(&file);
        let life = life(&fs::read(&file).expect("a file"));
        ops += life.ops.len();
        live(&life, &mut |_, told| {
            told.iter().for_each(|told| *counts.entry(told.kind()).or_default() += 1);
        });
    }
    println!("{ops} operations, {counts:#?}");
    // All ten reasons, four refusals, and two ways to be late.
    assert_eq!(counts.len(), 16, "{counts:?}");
}

#[test]
fn the_corpus_is_small() {
    let files = corpus();
    let bytes: u64 = files.iter().map(|file| file.metadata().expect("a file").len()).sum();
    assert!(files.len() <= 200 && bytes <= 100 * 1024, "{} files, {bytes} bytes", files.len());
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
