//! The command line.

use std::path::PathBuf;

/// What `--help` prints.
pub(crate) const HELP: &str = "\
Four processes send requests to a flaky HTTP service, through a circuit that they share in Redis. The service falls sick
and recovers; then Redis is killed, and comes back empty. Takes about 20 s.

usage: fleet [--redis-server PATH] [--alone] [--record] [--no-color]

  --redis-server PATH  the program of Redis or Valkey; default: redis-server. It is started on a free port of 127.0.0.1
  --alone              the workers are not told where Redis is: shows what a fleet is for, and ends with exit code 1
  --record             writes what was shown into README.md of this example, if all held
  --no-color           no colours; there are none either where NO_COLOR is set or the output is no terminal

Exit code 1: something that a fleet promises did not hold, or Redis could not be started. 2: an argument is wrong.
";

/// What was asked for.
#[derive(Debug)]
pub(crate) struct Args {
    pub(crate) redis_server: PathBuf,
    pub(crate) alone: bool,
    pub(crate) record: bool,
    pub(crate) no_color: bool,
    pub(crate) help: bool,
}

impl Args {
    /// Reads the words after the program's name.
    pub(crate) fn parse(words: impl IntoIterator<Item = String>) -> Result<Self, String> {
        let mut args =
            Self { redis_server: "redis-server".into(), alone: false, record: false, no_color: false, help: false };
        let mut words = words.into_iter();
        while let Some(word) = words.next() {
            match word.as_str() {
                "--redis-server" => args.redis_server = words.next().ok_or("--redis-server needs a path")?.into(),
                "--alone" => args.alone = true,
                "--record" => args.record = true,
                "--no-color" => args.no_color = true,
                "--help" | "-h" => args.help = true,
                _ => return Err(format!("'{word}' is not known")),
            }
        }
        Ok(args)
    }
}
