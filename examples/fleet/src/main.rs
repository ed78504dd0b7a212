//! See four processes share a circuit: they trip together, send one probe, recover together, and go on when Redis is killed.
//!
//! `./x demo fleet` runs it; `cargo run -p halfopen-fleet-example -- --help` says more.

mod args;
mod demo;
mod redis;
mod screen;
mod service;
mod summary;
mod tally;
mod worker;
mod workers;

use std::process::ExitCode;

use args::{Args, HELP};

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    if let [first, number, redis, service] = &words[..]
        && first == worker::WORD
    {
        return worker::run(number, redis, service);
    }
    let args = match Args::parse(words) {
        Ok(args) => args,
        Err(error) => {
            eprintln!("fleet: {error}\n       --help shows what there is");
            return ExitCode::from(2);
        }
    };
    if args.help {
        print!("{HELP}");
        return ExitCode::SUCCESS;
    }
    match demo::run(&args) {
        Ok(broken) if broken.is_empty() => ExitCode::SUCCESS,
        Ok(broken) => {
            for promise in broken {
                eprintln!("fleet: did not hold: {promise}");
            }
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("fleet: {error}");
            ExitCode::FAILURE
        }
    }
}
