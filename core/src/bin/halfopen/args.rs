//! What can be asked on the command line.

use std::time::Duration;

use clap::{Parser, Subcommand, ValueEnum};

const EXIT_CODES: &str = "\
Exit codes:
  0  done
  1  show: nothing is stored of this circuit
  2  the command line, or the URL, is wrong
  3  Redis cannot be reached, or cannot do it now
  4  Redis does not let us: password, user, rights
  5  not possible as things are: the circuit is forced, or its key holds something else

Examples:
  halfopen list
  halfopen --redis redis-cluster://redis.example/ watch
  halfopen open payments --reason 'the bank is down until 14:00'
  halfopen list --json | jq -r 'select(.state == \"open\") | .name'

REDIS_URL keeps the password out of the list of processes.
rediss:// needs a program that was built with the feature redis-tls-rustls.
Names and reasons are shown with what a terminal would not print as \\x1b or \\u{202e}.";

/// See and command the circuits that a fleet shares through Redis.
#[derive(Debug, Parser)]
#[command(name = "halfopen", version, after_help = EXIT_CODES, disable_help_subcommand = true)]
pub(crate) struct Args {
    #[command(flatten)]
    pub(crate) common: Common,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Common {
    /// Where Redis is: redis://, rediss://, unix://, redis-cluster://, redis-sentinel://
    #[arg(long, global = true, value_name = "URL", env = "REDIS_URL", hide_env_values = true)]
    #[arg(default_value = "redis://127.0.0.1/")]
    pub(crate) redis: String,
    /// What the keys begin with: redis_key_prefix of the configuration
    #[arg(long, global = true, value_name = "TEXT", default_value = "circuit_breaker:")]
    pub(crate) prefix: String,
    /// One JSON object a line, times in milliseconds
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Colours; auto: on a terminal, unless NO_COLOR is set
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub(crate) color: When,
    /// How long to wait for a connection, and for each answer
    #[arg(long, global = true, value_name = "SECONDS", default_value = "2", value_parser = seconds)]
    pub(crate) timeout: Duration,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum When {
    Auto,
    Always,
    Never,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// List every circuit of which something is stored
    ///
    /// One that has never failed is not stored: while all is well nobody writes to Redis.
    #[command(after_help = "Example:\n  halfopen list --prefix billing:")]
    List,
    /// Look on: a table that is kept up to date, or a line for each change where the output is no terminal
    #[command(after_help = "Examples:\n  halfopen watch\n  halfopen watch --json >>changes.jsonl")]
    Watch {
        /// A line for each change on a terminal too
        #[arg(long = "lines")]
        every_line: bool,
    },
    /// Show all that is stored of one circuit
    #[command(after_help = "Example:\n  halfopen show payments")]
    Show {
        /// Its name: the key without the prefix
        #[arg(value_parser = name)]
        name: String,
    },
    /// Refuse every request of the whole fleet, until a reset
    #[command(after_help = "Example:\n  halfopen open payments --reason 'the bank is down until 14:00'")]
    Open {
        /// Its name: the key without the prefix
        #[arg(value_parser = name)]
        name: String,
        /// For whoever finds it so
        #[arg(long, value_name = "TEXT", value_parser = reason)]
        reason: String,
    },
    /// Let every request of the whole fleet through and record nothing, until a reset
    #[command(after_help = "Example:\n  halfopen close payments --reason 'false alarm: the health check was wrong'")]
    Close {
        /// Its name: the key without the prefix
        #[arg(value_parser = name)]
        name: String,
        /// For whoever finds it so
        #[arg(long, value_name = "TEXT", value_parser = reason)]
        reason: String,
    },
    /// Close a circuit with nothing counted, and take an order back
    #[command(after_help = "Example:\n  halfopen reset payments")]
    Reset {
        /// Its name: the key without the prefix
        #[arg(value_parser = name)]
        name: String,
    },
    /// Open a circuit once; it recovers by itself
    #[command(after_help = "Example:\n  halfopen trip payments --for 60")]
    Trip {
        /// Its name: the key without the prefix
        #[arg(value_parser = name)]
        name: String,
        /// How long until the first probe, 30 where it is not given; the fleet cuts it to its own recovery timeout
        #[arg(long = "for", value_name = "SECONDS", value_parser = seconds)]
        opening: Option<Duration>,
    },
}

fn name(text: &str) -> Result<String, &'static str> {
    if text.is_empty() { Err("a circuit has a name") } else { Ok(text.to_owned()) }
}

fn reason(text: &str) -> Result<String, &'static str> {
    if text.trim().is_empty() { Err("whoever finds it so wants to know why") } else { Ok(text.to_owned()) }
}

fn seconds(text: &str) -> Result<Duration, String> {
    let number: f64 = text.parse().map_err(|_| "it is no number of seconds".to_owned())?;
    match Duration::try_from_secs_f64(number) {
        Ok(time) if time >= Duration::from_millis(1) && number <= 2_147_483.647 => Ok(time),
        _ => Err("it must be 0.001 to 2147483.647".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Args::command().debug_assert();
    }

    #[test]
    fn seconds_are_a_number_in_a_range() {
        assert_eq!(seconds("0.25"), Ok(Duration::from_millis(250)));
        for wrong in ["", "x", "0", "-1", "nan", "inf", "1e300"] {
            assert!(seconds(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn every_command_has_an_example() {
        for command in Args::command().get_subcommands() {
            let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            assert!(help.contains(&format!("\n  halfopen {}", command.get_name())), "{}", command.get_name());
        }
    }
}
