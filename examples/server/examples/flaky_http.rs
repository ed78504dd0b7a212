//! See a circuit breaker work: a caller and a flaky HTTP service in one process, with the breaker and without.
//!
//! `cargo run --release --example flaky_http -- --help` says more.

use std::process::ExitCode;

use halfopen_server_examples::args::{Args, HELP};
use halfopen_server_examples::report;
use halfopen_server_examples::run::run;
use halfopen_server_examples::scenario::Scenario;
use halfopen_server_examples::screen::Screen;

fn main() -> ExitCode {
    let args = match Args::parse(std::env::args().skip(1)) {
        Ok(args) => args,
        Err(error) => {
            eprintln!("flaky_http: {error}\n            --help shows what there is");
            return ExitCode::from(2);
        }
    };
    if args.help {
        print!("{HELP}");
        return ExitCode::SUCCESS;
    }
    match demo(args) {
        Ok(broken) if broken.is_empty() => ExitCode::SUCCESS,
        Ok(broken) => {
            for promise in broken {
                eprintln!("flaky_http: did not hold: {promise}");
            }
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("flaky_http: the server could not be started: {error}");
            ExitCode::FAILURE
        }
    }
}

fn demo(args: Args) -> std::io::Result<Vec<String>> {
    let scenario = if args.fast { Scenario::fast() } else { Scenario::full() };
    let mut screen = Screen::stdout(args.no_color);
    screen.text(&report::introduction(&scenario));
    screen.heading("\nRun 1 of 2: with a circuit breaker");
    let with = run(&scenario, true, &mut screen)?;
    screen.heading("\nRun 2 of 2: the same script without a circuit breaker");
    let without = run(&scenario, false, &mut screen)?;
    screen.heading("\nSummary");
    screen.text(&report::summary(&with, &without));
    Ok(report::broken_promises(&with, &without))
}
