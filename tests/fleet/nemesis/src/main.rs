//! Runs all scenarios, or those that are named, and prints a table.

use std::process::ExitCode;
use std::time::Duration;

use nemesis::run::{Verdict, run};
use nemesis::scenario::{ALL, Scenario};
use nemesis::scene::Plan;
use nemesis::wire::Sabotage;
use nemesis::{page, table, worker};

const USAGE: &str = "\
usage: nemesis [--long] [--write] [--no-controls] [--at-once N] [--minutes N | --hours N] [SCENARIO...]

  --long         all scenarios and controls, 8 processes, longer phases; without it the short ones
  --write        writes what came of it to docs/fleet-faults.md
  --no-controls  breaks nothing on purpose
  --at-once N    so many scenarios at a time, by default 6, with --long 3
  --minutes N    how long the random history is, by default 10

";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.first().is_some_and(|first| first == "worker") {
        worker::run(&arguments[1..]);
        return ExitCode::SUCCESS;
    }
    let mut history = None;
    let (mut long, mut write, mut controls, mut at_once, mut names) = (false, false, true, None, Vec::new());
    let mut words = arguments.iter();
    while let Some(word) = words.next() {
        match word.as_str() {
            "--long" => long = true,
            "--minutes" => history = words.next().and_then(|word| word.parse::<f64>().ok()),
            "--hours" => history = words.next().and_then(|word| word.parse().ok()).map(|hours: f64| hours * 60.0),
            "--write" => write = true,
            "--no-controls" => controls = false,
            "--at-once" => at_once = words.next().and_then(|word| word.parse().ok()),
            name if ALL.iter().any(|scenario| scenario.name == name) => names.push(name),
            other => {
                eprint!("nemesis: there is no '{other}'\n{USAGE}");
                for scenario in ALL {
                    eprintln!("  {:16}{}", scenario.name, scenario.what);
                }
                return ExitCode::from(2);
            }
        }
    }
    let chosen: Vec<&'static Scenario> = ALL
        .iter()
        .filter(|scenario| if names.is_empty() { long || scenario.short } else { names.contains(&scenario.name) })
        .collect();
    let history = Duration::from_secs_f64(history.unwrap_or(10.0) * 60.0);
    let done = run(
        &chosen,
        Plan { long, sabotage: Sabotage::None, script: "plain", awaited: None, history },
        controls,
        at_once.unwrap_or(if long { 3 } else { 6 }),
    );
    println!("\n{}", table::table(&done));
    if write {
        page::write(&done).expect("docs/fleet-faults.md");
    }
    let count = |which: fn(&Verdict) -> bool| done.iter().filter(|done| which(&done.verdict)).count();
    let failed = count(|verdict| matches!(verdict, Verdict::Failed(_)));
    println!(
        "Ends in {} passed, {failed} failed, {} skipped",
        count(|verdict| matches!(verdict, Verdict::Passed)),
        count(|verdict| matches!(verdict, Verdict::Skipped(_)))
    );
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
