//! Checks the fleet's protocol and prints a table: `cargo run --release -- [--long] [NAME]...`.

use fleet_model::cases::{self, Case};
use fleet_model::check::{Outcome, check};
use stateright::Model;
use std::process::ExitCode;

fn main() -> ExitCode {
    let mut long = false;
    let mut trace = false;
    let mut names = Vec::new();
    for argument in std::env::args().skip(1) {
        match argument.as_str() {
            "--long" => long = true,
            "--trace" => trace = true,
            name if !name.starts_with('-') => names.push(name.to_owned()),
            _ => {
                eprintln!(
                    "usage: fleet-model [--long] [--trace] [NAME]...\n  --trace  prints the histories that violate a property"
                );
                return ExitCode::from(2);
            }
        }
    }
    let mut all = if long { cases::long() } else { cases::short() };
    all.extend(cases::controls());
    all.retain(|case| names.is_empty() || names.iter().any(|name| case.name == name));
    println!("{:<36} {:>12} {:>12} {:>6} {:>8}", "case", "states", "generated", "depth", "seconds");
    let mut good = true;
    for case in &all {
        let outcome = check(case);
        let said = outcome.complaints(case);
        print(case, &outcome, trace);
        said.iter().for_each(|complaint| println!("    NOT AS IT SHOULD BE: {complaint}"));
        good &= said.is_empty();
    }
    if all.is_empty() {
        eprintln!("no case has such a name");
        return ExitCode::from(2);
    }
    if good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn print(case: &Case, outcome: &Outcome, trace: bool) {
    let Outcome { unique, generated, depth, .. } = outcome;
    println!("{:<36} {unique:>12} {generated:>12} {depth:>6} {:>8.1}", case.name, outcome.took.as_secs_f64());
    for property in case.properties() {
        let name = property.name;
        match (outcome.violated.get(name), outcome.examples.get(name)) {
            (Some(history), _) => println!("    {name}: VIOLATED in {} steps", history.len() - 1),
            (None, Some(history)) => println!("    {name}: seen after {} steps", history.len() - 1),
            (None, None) if case.examples.contains(&name) => println!("    {name}: never seen"),
            // A control stops at the first violation: of the rest it says nothing.
            (None, None) if !case.control => println!("    {name}: holds"),
            (None, None) => {}
        }
        let history = outcome.violated.get(name).into_iter().flatten();
        for (world, action) in history.filter(|_| trace) {
            println!("        {}", world.told());
            action.iter().for_each(|action| println!("        {action:?}"));
        }
    }
}
