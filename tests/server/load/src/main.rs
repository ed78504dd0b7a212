//! Lets the load test happen, and writes what became of it.

use std::error::Error;
use std::fs;
use std::path::Path;
use std::process::ExitCode;

use load::{Scenario, document, plot, report, run};

const HELP: &str = "\
usage: load [--quick] [--write FOLDER]

  --quick         3 s instead of 20
  --write FOLDER  writes load.md and load.svg there";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let done = match words[..] {
        [] => measure(&Scenario::FULL, None),
        ["--quick"] => measure(&Scenario::SHORT, None),
        ["--write", folder] => measure(&Scenario::FULL, Some(Path::new(folder))),
        ["--quick", "--write", folder] => measure(&Scenario::SHORT, Some(Path::new(folder))),
        _ => {
            println!("{HELP}");
            return if words == ["--help"] { ExitCode::SUCCESS } else { ExitCode::from(2) };
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("{problem}");
            ExitCode::FAILURE
        }
    }
}

fn measure(scenario: &Scenario, folder: Option<&Path>) -> Result<(), Box<dyn Error>> {
    let (without, with) = (run(scenario, false), run(scenario, true));
    println!("{}", report(scenario, &without, &with));
    if let Some(folder) = folder {
        fs::write(folder.join("load.svg"), plot(scenario, &without, &with)?)?;
        fs::write(folder.join("load.md"), document(scenario, &without, &with))?;
    }
    Ok(())
}
