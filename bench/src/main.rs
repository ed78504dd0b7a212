//! `halfopen` beside other circuit breakers, all in one run.
//!
//! Prints the tables of `BENCHMARKS.md` and judges no time: a time belongs to a machine and its load. What belongs to the
//! code alone, instructions and memory accesses, is counted by `../core/benches/instructions.rs`.

mod bar;
mod candidate;
mod growth;
mod heap;
mod lookup;
mod machine;
mod pair;
mod reference;
mod report;
mod rounds;
mod service;
mod subject;
mod subjects;
mod table;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use candidate::Candidate;
use growth::Growth;
use lookup::Lookup;
use reference::Reference;
use rounds::Row;

const HELP: &str = "\
usage: cargo run --release -- [--quick | --out FILE]

Prints how long each call of each breaker takes, by many short rounds in which all rows take turns.
  --quick      a few rounds: shows that it works, not how fast it is
  --out FILE   writes the same text to FILE when all is measured";

/// How much is measured.
struct Effort {
    rounds: usize,
    /// For one size of one breaker in the table of calls after many.
    growth: Duration,
    /// The largest size in that table.
    most: usize,
}

const FULL: Effort = Effort { rounds: 4_000, growth: Duration::from_millis(300), most: usize::MAX };
const QUICK: Effort = Effort { rounds: 20, growth: Duration::ZERO, most: 1_000 };

/// Everything that has figures.
pub(crate) struct Measured {
    pub(crate) candidates: Vec<Candidate>,
    pub(crate) references: Vec<Reference>,
    pub(crate) lookups: Vec<Lookup>,
    pub(crate) growths: Vec<Growth>,
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (effort, out) = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => (FULL, None),
        ["--quick"] => (QUICK, None),
        ["--out", file] => (FULL, Some(PathBuf::from(file))),
        ["--help" | "-h"] => {
            println!("{HELP}");
            return ExitCode::SUCCESS;
        }
        _ => {
            eprintln!("{HELP}");
            return ExitCode::from(2);
        }
    };
    let text = report::report(&Measured::measure(&effort));
    print!("{text}");
    if effort.rounds < FULL.rounds {
        println!("\nA few rounds only: this shows that it works, not how fast it is.");
    }
    if let Some(file) = out
        && let Err(error) = std::fs::write(&file, text)
    {
        eprintln!("cannot write {}: {error}", file.display());
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

impl Measured {
    fn measure(effort: &Effort) -> Self {
        let mut all = Self {
            candidates: subjects::candidates(),
            references: reference::references(),
            lookups: lookup::lookups(),
            growths: subjects::growths(),
        };
        let mut rows: Vec<(&str, &mut Row)> = Vec::new();
        rows.extend(all.references.iter_mut().map(|it| (it.name, &mut it.row)));
        rows.extend(all.candidates.iter_mut().flat_map(Candidate::rows));
        rows.extend(all.lookups.iter_mut().map(|it| (it.way, &mut it.row)));
        rounds::take_turns(rows, effort.rounds);
        for growth in &mut all.growths {
            growth.measure(effort.growth, effort.most);
        }
        all
    }

    /// The breaker of this name.
    pub(crate) fn candidate(&self, name: &str) -> &Candidate {
        self.candidates.iter().find(|it| it.facts.name == name).expect("bars are about breakers of the table")
    }

    /// What became of the breaker of this name after many calls.
    pub(crate) fn growth(&self, name: &str) -> &Growth {
        self.growths.iter().find(|it| it.name == name).expect("bars are about breakers of the table")
    }

    /// The reference of this name.
    pub(crate) fn reference(&self, name: &str) -> &Reference {
        self.references.iter().find(|it| it.name == name).expect("bars are about references of the table")
    }
}
