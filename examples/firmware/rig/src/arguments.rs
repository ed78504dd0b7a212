//! The command line.

use std::time::Duration;

use anyhow::{Result, anyhow, bail};
use lexopt::prelude::*;

use crate::example::{self, Example};
use crate::target::Target;

pub const HELP: &str = "\
usage: rig VERB [NAME] [OPTIONS]

Runs a firmware example in QEMU and plays the world around it: pulls its devices out, and plugs them back, when the log
has said enough. The images must have been built: `./x firmware NAME` does that, and calls this.

  list          the examples, and the targets of each
  run NAME      shows the log live, with the firmware's milliseconds; ends with the firmware's exit code
                (124: it hung, 125: it could not be run, 130: interrupted)
  check NAME    compares the log with NAME/expected.txt, and that with what NAME/README.md shows; on every target of it

  --target T    on this target; for `run` the first one in the list, if you do not say
  --word W      gives the firmware a word: `broken` makes it use a breaker that never opens, so that `check` must fail
  --fast        run: where the firmware sleeps, time jumps
  --bless       check: writes expected.txt anew instead, from the first target; the README is for you
  --timeout S   stops after S seconds of real time, by default 60
  --help        this

In expected.txt, times are `#`, the core is `{chip}`, and equal lines in a row are one line with their number.";

pub enum Verb {
    Help,
    List,
    Run,
    Check,
}

pub struct Arguments {
    pub verb: Verb,
    name: Option<String>,
    targets: Vec<Target>,
    pub word: Option<String>,
    pub fast: bool,
    pub bless: bool,
    pub timeout: Duration,
}

impl Arguments {
    pub fn example(&self) -> Result<&'static Example> {
        let name = self.name.as_deref().ok_or_else(|| anyhow!("which example? `rig list` shows what there is"))?;
        example::find(name)
    }

    /// Those that were asked for, or all that the example runs on.
    pub fn targets(&self) -> Result<Vec<Target>> {
        let example = self.example()?;
        if let Some(target) = self.targets.iter().find(|target| !example.targets.contains(target)) {
            bail!("{} does not run on {}: `rig list` shows what does", example.name, target.triple());
        }
        Ok(if self.targets.is_empty() { example.targets.to_vec() } else { self.targets.clone() })
    }

    pub fn first_target(&self) -> Result<Target> {
        Ok(self.targets()?[0])
    }
}

pub fn parse() -> Result<Arguments> {
    parse_from(lexopt::Parser::from_env()).map_err(|error| anyhow!("{error:#}\n     rig --help shows what there is"))
}

fn parse_from(mut parser: lexopt::Parser) -> Result<Arguments> {
    let (mut verb, mut name) = (None, None);
    let (mut targets, mut word, mut fast, mut bless, mut timeout) = (Vec::new(), None, false, false, 60);
    while let Some(argument) = parser.next()? {
        match argument {
            Short('h') | Long("help") => verb = Some(Verb::Help),
            Long("target") => targets.push(Target::by_triple(&parser.value()?.string()?)?),
            Long("word") => word = Some(parser.value()?.string()?),
            Long("fast") => fast = true,
            Long("bless") => bless = true,
            Long("timeout") => timeout = parser.value()?.parse()?,
            Value(value) if verb.is_none() => {
                verb = Some(match value.string()?.as_str() {
                    "help" => Verb::Help,
                    "list" => Verb::List,
                    "run" => Verb::Run,
                    "check" => Verb::Check,
                    other => bail!("there is no verb '{other}'"),
                });
            }
            Value(value) if name.is_none() => name = Some(value.string()?),
            other => return Err(other.unexpected().into()),
        }
    }
    let verb = verb.unwrap_or(Verb::Help);
    Ok(Arguments { verb, name, targets, word, fast, bless, timeout: Duration::from_secs(timeout) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(words: &[&str]) -> Result<Arguments> {
        parse_from(lexopt::Parser::from_args(words))
    }

    #[test]
    fn without_a_target_all_of_the_example_are_meant() {
        let arguments = parse(&["check", "sensor"]).unwrap();
        assert_eq!(arguments.targets().unwrap(), [Target::CortexM0, Target::CortexM3]);
    }

    #[test]
    fn a_target_that_the_example_does_not_run_on_is_refused() {
        let arguments = parse(&["run", "sensor", "--target", "riscv32imc-unknown-none-elf"]).unwrap();
        assert!(arguments.targets().unwrap_err().to_string().contains("does not run on"));
    }

    #[test]
    fn unknown_words_are_refused() {
        assert!(parse(&["fly"]).is_err());
        assert!(parse(&["run", "sensor", "twice"]).is_err());
        assert!(parse(&["run", "nothing"]).unwrap().example().is_err());
    }
}
