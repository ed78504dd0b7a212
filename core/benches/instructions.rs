//! How many instructions, reads and writes each path through a breaker executes, counted by valgrind.
//!
//! `cargo bench -p halfopen --bench instructions` runs itself under `valgrind --tool=callgrind`, prints one table and
//! fails if a path is over its bar. The counts are the same on every run and under any load.
//!
//! Each case runs in a process of its own, once without a turn and once with [`TURNS`] of them. The difference is what
//! the turns cost; start and end of the process cancel out. The case [`EMPTY`] is the loop alone, and is taken off the
//! others. Results are added up in a register, so that whatever is written to memory was written by the breaker; the
//! instructions that add them up are counted in.

mod support {
    #[cfg(feature = "redis")]
    pub(crate) mod fleet;
    pub(crate) mod table;
}

use std::hint::black_box;
use std::process::{Command, ExitCode};
use std::sync::atomic::{AtomicU32, Ordering::Acquire};

use halfopen::{CircuitBreaker, Config, ManualClock, Receipt};
use support::table::print_table;

const HELP: &str = "\
usage: cargo bench -p halfopen --bench instructions

Counts instructions, reads and writes of each path by valgrind; exits with 1 if one is over its bar.
With `-- --run CASE TURNS` it runs one case instead, for a profiler of your choice. The cases:";

const TURNS: &str = "1000000";
const NO_TURNS: &str = "0000000";
const EMPTY: &str = "empty";

/// Instructions, reads and writes of a turn.
type Counts = [f64; 3];

/// Name, what it does, and the most that it may cost.
const CASES: &[(&str, &str, Option<Counts>)] = &[
    (EMPTY, "the loop alone", None),
    ("loads", "two atomic loads", None),
    ("closed", "closed: allow_request + record_success", Some([16.0, 2.0, 0.0])),
    ("permit", "closed: try_acquire + success", Some([16.0, 2.0, 0.0])),
    ("call", "closed: call(Ok)", Some([16.0, 2.0, 0.0])),
    ("refused", "open: allow_request, ManualClock", None),
    ("error", "open: try_acquire with its error, ManualClock", None),
    #[cfg(feature = "metrics")]
    ("counted", "closed, with a MetricsObserver: try_acquire + success", None),
    #[cfg(feature = "redis")]
    ("fleet", "closed, shared by a fleet: allow_request + record_success", Some([13.0, 3.0, 0.0])),
    #[cfg(feature = "redis")]
    ("member", "closed, shared by a fleet: try_acquire + success", Some([14.0, 3.0, 0.0])),
    #[cfg(feature = "redis")]
    ("halted", "open, shared by a fleet: allow_request, ManualClock", Some([41.0, 7.0, 1.0])),
    #[cfg(feature = "redis")]
    ("stopped", "open, shared by a fleet: try_acquire with its error, ManualClock", Some([76.0, 13.0, 6.0])),
];

fn main() -> ExitCode {
    // Cargo passes `--bench`, last, to a benchmark that it measures, and nothing to one that it only tests.
    let (cargo, arguments): (Vec<String>, Vec<String>) = std::env::args().skip(1).partition(|it| it == "--bench");
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] if !cargo.is_empty() => judge(),
        // Built without optimization: show that every case runs.
        [] if CASES.iter().all(|(name, ..)| run(name, 1)) => ExitCode::SUCCESS,
        ["--run", name, turns] if turns.parse().is_ok_and(|turns| run(name, turns)) => ExitCode::SUCCESS,
        ["--help" | "-h"] => {
            usage();
            ExitCode::SUCCESS
        }
        _ => usage(),
    }
}

fn usage() -> ExitCode {
    println!("{HELP}");
    for (name, what, _) in CASES {
        println!("  {name:8} {what}");
    }
    ExitCode::from(2)
}

/// Runs a case; `false` if there is none of this name.
fn run(name: &str, turns: u32) -> bool {
    let clock = ManualClock::new();
    let closed = CircuitBreaker::with_clock("closed", Config::new(), &clock);
    let open = CircuitBreaker::with_clock("open", Config::new(), &clock);
    open.trip();
    let words = [AtomicU32::new(1), AtomicU32::new(2)];
    // Opaque, so that nothing about them is known inside the loops.
    let (closed, open, words) = black_box((&closed, &open, &words));
    match name {
        EMPTY => repeat(turns, || 0),
        "loads" => repeat(turns, || words[0].load(Acquire) + words[1].load(Acquire)),
        "closed" => repeat(turns, || u32::from(closed.allow_request()) + recorded(closed.record_success())),
        "permit" => repeat(turns, || closed.try_acquire().map_or(0, |permit| recorded(permit.success()))),
        "call" => repeat(turns, || closed.call(|| Ok::<u32, ()>(7)).unwrap_or(0)),
        "refused" => repeat(turns, || u32::from(open.allow_request())),
        "error" => repeat(turns, || open.try_acquire().map_or_else(|error| error.operation_name.len() as u32, |_| 0)),
        #[cfg(feature = "metrics")]
        "counted" => {
            // Nothing is installed that would keep the counts: what is left is what stands before the recorder.
            let observer = halfopen::metrics::MetricsObserver::with_clock(&clock);
            let counted = CircuitBreaker::with_observer("counted", Config::new(), &clock, observer);
            counted.observer().register("counted");
            let counted = black_box(&counted);
            repeat(turns, || counted.try_acquire().map_or(0, |permit| recorded(permit.success())));
        }
        #[cfg(feature = "redis")]
        "fleet" | "member" => {
            let shared = support::fleet::closed();
            let shared = black_box(&shared);
            if name == "fleet" {
                repeat(turns, || u32::from(shared.allow_request()) + recorded(shared.record_success()));
            } else {
                repeat(turns, || shared.try_acquire().map_or(0, |permit| recorded(permit.success())));
            }
        }
        #[cfg(feature = "redis")]
        "halted" | "stopped" => {
            let shared = support::fleet::open();
            let shared = black_box(&shared);
            if name == "halted" {
                repeat(turns, || u32::from(shared.allow_request()));
            } else {
                repeat(turns, || shared.try_acquire().map_or_else(|error| error.operation_name.len() as u32, |_| 0));
            }
        }
        _ => return false,
    }
    true
}

fn recorded(receipt: Receipt) -> u32 {
    u32::from(receipt == Receipt::Recorded)
}

#[inline(never)]
fn repeat(turns: u32, mut turn: impl FnMut() -> u32) {
    let mut sum = 0u32;
    for _ in 0..turns {
        sum = sum.wrapping_add(turn());
        // No instruction, but the loop stays a loop of single turns.
        black_box(());
    }
    black_box(sum);
}

fn judge() -> ExitCode {
    let counted: Result<Vec<Counts>, String> = CASES.iter().map(|(name, ..)| count(name)).collect();
    let counted = match counted {
        Ok(counted) => counted,
        Err(problem) => {
            eprintln!("{problem}");
            return ExitCode::FAILURE;
        }
    };
    let [loop_alone, paths @ ..] = &counted[..] else { unreachable!("the first case is the loop alone") };
    let mut over = false;
    let mut lines = Vec::new();
    for (counts, (_, what, bar)) in paths.iter().zip(&CASES[1..]) {
        let own: Counts = std::array::from_fn(|i| counts[i] - loop_alone[i]);
        let verdict = match bar {
            None => "-",
            Some(bar) if own.iter().zip(bar).all(|(own, bar)| own <= bar) => "ok",
            Some(_) => {
                over = true;
                "OVER"
            }
        };
        let bar =
            bar.map_or("-".to_owned(), |[instructions, reads, writes]| format!("{instructions}/{reads}/{writes}"));
        let [instructions, reads, writes] = own.map(|count| (count + 0.0).to_string());
        lines.push([(*what).to_owned(), instructions, reads, writes, bar, verdict.to_owned()]);
    }
    print_table(["what", "instructions", "reads", "writes", "bar", ""], &lines);
    if over { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// What one turn of a case costs, the loop included.
fn count(name: &str) -> Result<Counts, String> {
    // As many digits in both, so that reading the argument costs the same.
    let (none, all) = (collect(name, NO_TURNS)?, collect(name, TURNS)?);
    let turns: f64 = TURNS.parse().expect("a number");
    // A handful of instructions may differ between two processes, over a million turns.
    Ok(std::array::from_fn(|i| ((all[i] - none[i]) / turns * 100.0).round() / 100.0))
}

/// Runs a case under valgrind and reads `Collected : Ir Dr Dw …` from what it says.
fn collect(name: &str, turns: &str) -> Result<Counts, String> {
    let this = std::env::current_exe().map_err(|error| format!("cannot find this program: {error}"))?;
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--cache-sim=yes", "--callgrind-out-file=/dev/null"])
        .arg(this)
        .args(["--run", name, turns])
        .output()
        .map_err(|error| {
            format!("cannot run valgrind ({error}); install it: apt-get install valgrind (or ./x setup tools)")
        })?;
    let said = String::from_utf8_lossy(&output.stderr);
    let collected = said.lines().find_map(|line| line.split_once("Collected :"));
    let counts: Vec<f64> =
        collected.iter().flat_map(|(_, rest)| rest.split_whitespace()).map_while(|n| n.parse().ok()).collect();
    match counts[..] {
        [instructions, reads, writes, ..] if output.status.success() => Ok([instructions, reads, writes]),
        _ => Err(format!("valgrind failed on '{name}':\n{said}")),
    }
}
