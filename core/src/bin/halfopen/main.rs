//! The program `halfopen`: sees and commands the circuits that a fleet shares through Redis.
//!
//! `halfopen --help` says the rest.

mod args;
mod fail;
mod json;
mod orders;
mod paint;
mod show;
mod table;
mod watch;
mod words;

use std::io;
use std::process::ExitCode;

use anstream::{AutoStream, ColorChoice};
use clap::Parser;
use halfopen::redis::admin::Admin;
use halfopen::redis::v1::{RedisConnect, Timeouts};

use args::{Args, Command, When};
use fail::Fail;

fn main() -> ExitCode {
    let args = Args::parse();
    let color = match args.common.color {
        When::Auto => AutoStream::choice(&io::stdout()),
        When::Always => ColorChoice::Always,
        When::Never => ColorChoice::Never,
    };
    match run(args, color) {
        Ok(()) => ExitCode::SUCCESS,
        Err(fail) if fail.is_silent() => ExitCode::SUCCESS,
        Err(fail) => {
            eprintln!("halfopen: {fail}");
            fail.code()
        }
    }
}

fn run(args: Args, color: ColorChoice) -> Result<(), Fail> {
    let timeouts = Timeouts::new().connect(args.common.timeout).response(args.common.timeout);
    let redis = RedisConnect::from_url(&args.common.redis, timeouts).map_err(Fail::Url)?;
    let admin = Admin::new(redis, args.common.prefix);
    // By color_choice, and not by what the terminal is, so that `--color always` reaches a file.
    let mut out = AutoStream::new(io::stdout(), color);
    let json = args.common.json;
    match args.command {
        Command::List => table::list(&admin, json, &mut out),
        Command::Watch { every_line } => watch::watch(&admin, json, every_line, &mut out),
        Command::Show { name } => show::show(&admin, &name, json, &mut out),
        Command::Open { name, reason } => {
            orders::order(&admin, &name, json, &mut out, |name| admin.force_open(name, &reason))
        }
        Command::Close { name, reason } => {
            orders::order(&admin, &name, json, &mut out, |name| admin.force_closed(name, &reason))
        }
        Command::Reset { name } => orders::order(&admin, &name, json, &mut out, |name| admin.reset(name)),
        Command::Trip { name, opening } => orders::trip(&admin, &name, opening, json, &mut out),
    }
}
