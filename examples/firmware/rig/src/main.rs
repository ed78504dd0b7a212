//! Runs the firmware examples in QEMU, and plays the world around them.

use std::io::{IsTerminal, Write};
use std::process::ExitCode;

mod arguments;
mod example;
mod examples;
mod golden;
mod interrupt;
mod log;
mod machine;
mod modem;
mod qmp;
mod run;
mod script;
mod sockets;
mod target;

use arguments::{Arguments, Verb};
use run::{Ending, Pace, Run};

/// What `timeout` of coreutils ends with.
const HUNG: u8 = 124;
/// Nothing was run, or not as it should be.
const NO_RUN: u8 = 125;
/// What a shell says of a program that Ctrl-C has ended.
const INTERRUPTED: u8 = 130;

fn main() -> ExitCode {
    match arguments::parse().and_then(|arguments| obey(&arguments)) {
        Ok(code) => code,
        Err(_) if interrupt::came() => ExitCode::from(INTERRUPTED),
        Err(error) => {
            eprintln!("rig: {error:#}");
            ExitCode::from(NO_RUN)
        }
    }
}

fn obey(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    interrupt::expect()?;
    match arguments.verb {
        Verb::Help => println!("{}", arguments::HELP),
        Verb::List => print!("{}", example::list()),
        Verb::Run => return run_live(arguments),
        Verb::Check => return golden::check(arguments),
    }
    Ok(ExitCode::SUCCESS)
}

fn run_live(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let (example, target) = (arguments.example()?, arguments.first_target()?);
    let pace = if arguments.fast { example.fastest } else { Pace::RealTime };
    let colored = std::io::stdout().is_terminal();
    let ending =
        Run { example, target, word: arguments.word.as_deref(), pace, timeout: arguments.timeout }.watch(|line| {
            // Whoever reads may have seen enough.
            let _ = writeln!(std::io::stdout(), "{}", line.live(colored));
        })?;
    Ok(ExitCode::from(match ending {
        Ending::Exit(code) => {
            if code != 0 {
                eprintln!("rig: {}", ending.explain());
            }
            code
        }
        Ending::Hung(_) => {
            eprintln!("rig: {}", ending.explain());
            HUNG
        }
    }))
}
