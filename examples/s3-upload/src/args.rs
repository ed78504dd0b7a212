//! The command line.

/// What `--help` prints.
pub(crate) const HELP: &str = "\
Uploads objects to an S3 server that throttles, fails, hangs and is well again, by retries: with a circuit breaker around each
attempt, and without. All objects are read back at the end. Takes about 12 s.

usage: s3-upload [--fast] [--broken]

  --fast    shorter, about 4 s
  --broken  the breaker of the first run is disabled: shows what it is for, and ends with exit code 1

There are no colours where NO_COLOR is set or the output is no terminal.
Exit code 1: something that the demo promises did not hold, or the server could not be started. 2: an argument is wrong.
";

/// What was asked for.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Args {
    pub(crate) fast: bool,
    pub(crate) broken: bool,
    pub(crate) help: bool,
}

impl Args {
    /// Reads the words after the program's name.
    pub(crate) fn parse(words: impl IntoIterator<Item = String>) -> Result<Self, String> {
        let mut args = Self::default();
        for word in words {
            match word.as_str() {
                "--fast" => args.fast = true,
                "--broken" => args.broken = true,
                "--help" | "-h" => args.help = true,
                _ => return Err(format!("'{word}' is not known")),
            }
        }
        Ok(args)
    }
}
