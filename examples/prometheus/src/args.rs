//! What can be asked on the command line.

use std::net::SocketAddr;
use std::process::ExitCode;

const HELP: &str = "\
usage: prometheus-example [--address ADDRESS:PORT] [--seconds N]

Shows three circuits on http://ADDRESS:PORT/metrics while their dependencies fail, grow slow and work, in turns of 20 s.
  --address   default: 127.0.0.1:9464; port 0: one that is free
  --seconds   ends after so many; default: never";

/// What was asked.
#[derive(Clone, Copy)]
pub(crate) struct Args {
    pub(crate) address: SocketAddr,
    pub(crate) seconds: Option<u64>,
}

impl Args {
    /// What the words say; else the exit code, after the help.
    pub(crate) fn parse(mut words: impl Iterator<Item = String>) -> Result<Self, ExitCode> {
        let mut args = Self { address: SocketAddr::from(([127, 0, 0, 1], 9464)), seconds: None };
        while let Some(word) = words.next() {
            let value = words.next().unwrap_or_default();
            let understood = match word.as_str() {
                "--address" => value.parse().map(|address| args.address = address).is_ok(),
                "--seconds" => value.parse().map(|seconds| args.seconds = Some(seconds)).is_ok(),
                "--help" | "-h" => {
                    println!("{HELP}");
                    return Err(ExitCode::SUCCESS);
                }
                _ => false,
            };
            if !understood {
                eprintln!("{word} {value}: not understood\n\n{HELP}");
                return Err(ExitCode::from(2));
            }
        }
        Ok(args)
    }
}
