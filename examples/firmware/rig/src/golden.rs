//! The expected log of an example, `expected.txt` in its folder.

use std::fmt::Write;
use std::fs;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context, Result};

use crate::arguments::Arguments;
use crate::example::Example;
use crate::run::{Ending, Run};
use crate::target::Target;

const FILE: &str = "expected.txt";
const README: &str = "README.md";

/// Runs the example on each target and compares.
pub fn check(arguments: &Arguments) -> Result<ExitCode> {
    let (example, mut targets) = (arguments.example()?, arguments.targets()?);
    if arguments.bless {
        targets.truncate(1);
    }
    let mut failed = false;
    for target in targets {
        let start = Instant::now();
        let (found, ending) = record(arguments, example, target)?;
        let problem = if arguments.bless && matches!(ending, Ending::Exit(0)) {
            bless(example, &found)?;
            None
        } else {
            problem(example, &found, &ending)?
        };
        let what = format!("{} on {} ({:.1} s)", example.name, target.triple(), start.elapsed().as_secs_f32());
        match problem {
            None => println!("ok: {what}"),
            Some(problem) => {
                failed = true;
                println!("FAILED: {what}\n{problem}");
                println!("   see it live: ./x firmware {} {}", example.name, target.triple());
            }
        }
    }
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// The log of a run as it is compared.
fn record(arguments: &Arguments, example: &'static Example, target: Target) -> Result<(String, Ending)> {
    let mut lines = Vec::new();
    let word = arguments.word.as_deref();
    let ending = Run { example, target, word, pace: example.fastest, timeout: arguments.timeout }
        .watch(|line| lines.push(normalise(&line.text, target)))?;
    Ok((fold(&lines), ending))
}

/// What is wrong, if something is.
fn problem(example: &Example, found: &str, ending: &Ending) -> Result<Option<String>> {
    if !matches!(ending, Ending::Exit(0)) {
        return Ok(Some(format!("{found}   {}", ending.explain())));
    }
    let path = example.folder().join(FILE);
    let expected = fs::read_to_string(&path).with_context(|| {
        format!("cannot read {}; `./x firmware --bless {}` writes it", path.display(), example.name)
    })?;
    if let Some(difference) = difference(&expected, found) {
        return Ok(Some(format!("{difference}   if that is right: ./x firmware --bless {}", example.name)));
    }
    let path = example.folder().join(README);
    let readme = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok((!readme.contains(&format!("```text\n{expected}```\n"))).then(|| {
        format!("   {} does not show what {FILE} says: copy it there, between fences of `text`", path.display())
    }))
}

fn bless(example: &Example, found: &str) -> Result<()> {
    let path = example.folder().join(FILE);
    fs::write(&path, found).with_context(|| format!("cannot write {}", path.display()))?;
    println!("wrote {}", path.display());
    Ok(())
}

/// A line without what may differ from run to run and from chip to chip: times and the name of the core.
fn normalise(text: &str, target: Target) -> String {
    let words: Vec<_> = text.split(' ').collect();
    let is_number = |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit());
    let is_unit = |word: &str| matches!(word.trim_end_matches([',', ')']), "ms" | "us");
    let hide = |(index, word): (usize, &&str)| match words.get(index + 1) {
        Some(next) if is_number(word) && is_unit(next) => String::from("#"),
        _ => word.replace(target.chip(), "{chip}"),
    };
    words.iter().enumerate().map(hide).collect::<Vec<_>>().join(" ")
}

/// Equal lines in a row become one, with their number.
fn fold(lines: &[String]) -> String {
    let mut text = String::new();
    for run in lines.chunk_by(|one, next| one == next) {
        let times = if run.len() > 1 { format!("   ({} times)", run.len()) } else { String::new() };
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{}{times}", run[0]);
    }
    text
}

/// Where `found` differs: the lines before in common, then those of both.
fn difference(expected: &str, found: &str) -> Option<String> {
    if expected == found {
        return None;
    }
    let (expected, found): (Vec<_>, Vec<_>) = (expected.lines().collect(), found.lines().collect());
    let same = expected.iter().zip(&found).take_while(|(one, other)| one == other).count();
    let lines = |sign: char, lines: &[&str]| lines.iter().map(|line| format!(" {sign} {line}\n")).collect::<String>();
    Some(lines(' ', &found[..same]) + &lines('-', &expected[same..]) + &lines('+', &found[same..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_the_core_are_hidden_and_nothing_else() {
        let line = |text| normalise(text, Target::CortexM0);
        assert_eq!(line("running on Cortex-M0"), "running on {chip}");
        assert_eq!(line("running on Cortex-M3"), "running on Cortex-M3");
        assert_eq!(line("shed, ask again in 250 ms, 3 failures"), "shed, ask again in # ms, 3 failures");
        assert_eq!(line("took (12 us)"), "took (12 us)");
        assert_eq!(line("reading: 25.5 C"), "reading: 25.5 C");
    }

    #[test]
    fn equal_lines_are_counted() {
        assert_eq!(fold(&["a", "a", "b", "a"].map(String::from)), "a   (2 times)\nb\na\n");
    }

    #[test]
    fn a_difference_shows_both_sides_from_the_first_line_on_that_differs() {
        assert_eq!(difference("a\nb\n", "a\nb\n"), None);
        assert_eq!(difference("a\nb\nc\n", "a\nc\n").unwrap(), "   a\n - b\n - c\n + c\n");
        assert_eq!(difference("a\n", "").unwrap(), " - a\n");
    }
}
