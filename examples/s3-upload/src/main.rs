//! See uploads to a real S3 server survive its illness: retries with a circuit breaker around each attempt, and without.
//!
//! `./x demo s3` runs it; `./x demo s3 --help` says more.

mod args;
mod client;
mod demo;
mod gate;
mod scenario;
mod screen;
mod server;
mod summary;
mod tally;
mod uploads;

use std::process::ExitCode;

use args::{Args, HELP};

fn main() -> ExitCode {
    let args = match Args::parse(std::env::args().skip(1)) {
        Ok(args) => args,
        Err(error) => {
            eprintln!("s3-upload: {error}\n           --help shows what there is");
            return ExitCode::from(2);
        }
    };
    if args.help {
        print!("{HELP}");
        return ExitCode::SUCCESS;
    }
    match demo::run(args) {
        Ok(broken) if broken.is_empty() => ExitCode::SUCCESS,
        Ok(broken) => {
            for promise in broken {
                eprintln!("s3-upload: did not hold: {promise}");
            }
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("s3-upload: {error}");
            ExitCode::FAILURE
        }
    }
}
