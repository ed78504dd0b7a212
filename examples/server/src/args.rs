//! The command line of `flaky_http`.

/// What `--help` prints.
pub const HELP: &str = "\
usage: cargo run --release --example flaky_http [-- FLAGS]

A caller and a flaky HTTP service in one process, with a circuit breaker and
without: what happens in real time, then what the breaker saved.

  --fast      shorter phases: 4 s instead of 14 s
  --no-color  no colour (as with NO_COLOR, or when the output is no terminal)
  --help      this text

exit code: 0 what the demo promises held, 1 it did not, 2 wrong usage
";

/// What the user asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Args {
    /// Shorter phases.
    pub fast: bool,
    /// Never colour.
    pub no_color: bool,
    /// Print [`HELP`] and nothing else.
    pub help: bool,
}

impl Args {
    /// Reads the flags that follow the program's name.
    ///
    /// # Errors
    ///
    /// A sentence that names the first argument that is not a flag of this program.
    pub fn parse(arguments: impl IntoIterator<Item = String>) -> Result<Self, String> {
        let mut args = Self::default();
        for argument in arguments {
            match argument.as_str() {
                "--fast" => args.fast = true,
                "--no-color" => args.no_color = true,
                "--help" | "-h" => args.help = true,
                other => return Err(format!("there is no flag '{other}'")),
            }
        }
        Ok(args)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Args, String> {
        Args::parse(line.split_whitespace().map(String::from))
    }

    #[test]
    fn flags_come_in_any_order_and_default_to_off() {
        assert_eq!(parse(""), Ok(Args::default()));
        assert_eq!(parse("--no-color --fast"), Ok(Args { fast: true, no_color: true, help: false }));
        assert_eq!(parse("-h").map(|args| args.help), Ok(true));
    }

    #[test]
    fn an_unknown_flag_is_named() {
        assert_eq!(parse("--fast --fats"), Err("there is no flag '--fats'".into()));
    }

    #[test]
    fn the_help_names_every_flag_and_fits_80_columns() {
        for flag in ["--fast", "--no-color", "--help"] {
            assert!(HELP.contains(flag), "{flag}");
        }
        assert!(HELP.lines().all(|line| line.chars().count() <= 80));
    }
}
