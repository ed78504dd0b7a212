//! The page of results in `docs/`, which nobody writes by hand.

use std::path::Path;
use std::process::Command;
use std::{fs, io};

use rig::Kind;

use crate::run::{Done, Verdict};
use crate::table;

const HEAD: &str = "\
# What happened to a fleet

Written by `./x fleet nemesis --long --write`. Processes call a dependency through one circuit, and what the table names
happens to them, to Redis or to the network, again and again: first while one call of 32 fails, when none may be refused;
then while everything fails, when none may be let through but probes; then it is over, and the fleet must agree and close.
What is promised, and how a fleet is used: [the guide](guide/src/fleet.md).

The dependency counts probes by itself, from when one says that it is one to its answer, or to the end of the process
that made it: at most two at once are allowed, and one where Redis goes twice in a row. *Blocked* is the longest time for
which a call stood still in the library, neither running nor waiting for a processor. Calls that cannot be probes must not
wait for anything; one that may be a probe waits for 50 ms at most. *The library's failures* are panics and calls that were
refused while the dependency was well.

";

/// Writes the page.
///
/// # Errors
///
/// It cannot be written.
pub fn write(done: &[Done]) -> io::Result<()> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../docs/fleet-faults.md");
    fs::write(path, text(done))
}

fn text(done: &[Done]) -> String {
    let mut text = format!("{HEAD}{}\n\n{}", machine(), table::table(done));
    text.push_str("\n## What else was seen\n\n");
    for one in done.iter().filter(|one| !one.control) {
        match &one.outcome {
            Ok(row) if !row.notes.is_empty() => text.push_str(&format!("- {}: {}\n", one.what, row.notes.join("; "))),
            _ => {}
        }
    }
    text.push_str(OTHERS);
    text.push_str(CONTROLS);
    for one in done.iter().filter(|one| one.control) {
        let noticed = match (&one.verdict, &one.outcome) {
            (Verdict::Passed, Ok(row)) => row.wrong.join("; "),
            (Verdict::Failed(why), _) | (Verdict::Skipped(why), _) => format!("NOT NOTICED: {why}"),
            (Verdict::Passed, Err(why)) => why.clone(),
        };
        text.push_str(&format!("| {} | {noticed} |\n", one.name));
    }
    text
}

/// By their source, not run here.
const OTHERS: &str = "
Of others, by their source, for each call that succeeds: `DistributedCircuitBreaker` of sony/gobreaker v2 sends four commands (`GET`,
`SET NX`, `SET`, `EVAL`), `CircuitRedisStorage` of pybreaker 1.4 two; that is 4,000 and 2,000 for 1,000 calls.
";

const CONTROLS: &str = "
## What was broken on purpose, and noticed

A worker that probes without a permit (`probe`), makes refused calls (`ignore`), refuses while Redis is away (`refuse`) or
waits for Redis (`wait`); a script without quiet time after a loss (`no_quiet`), without grace for leases that nobody could
renew (`no_grace`), with one for the first outage alone (`grace_once`), or without the join (`no_join`).

| scenario | what it found wrong |
| --- | --- |
";

/// On what this was seen.
fn machine() -> String {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let cpu = read("/proc/cpuinfo");
    let model = cpu.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or_default();
    let model = model.trim_start_matches(['\t', ' ', ':']);
    let cores = cpu.lines().filter(|line| line.starts_with("processor")).count();
    let kernel = read("/proc/sys/kernel/osrelease");
    let release = kernel.trim().split('-').next().unwrap_or_default().to_owned();
    let redis = Kind::Debian.program().and_then(|program| Command::new(program).arg("--version").output().ok());
    let redis = redis.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
    let redis = redis.split_whitespace().find_map(|word| word.strip_prefix("v=")).unwrap_or("?").to_owned();
    format!(
        "{cores} cores ({model}), Linux {release}, Redis {redis}, halfopen {}, {} build.",
        env!("CARGO_PKG_VERSION"),
        if cfg!(debug_assertions) { "debug" } else { "release" }
    )
}
