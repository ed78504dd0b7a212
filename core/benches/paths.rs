//! How long each path through a breaker takes, beside what it cannot do without.
//!
//! `cargo bench -p halfopen --bench paths` prints one table and asserts nothing: a time belongs to a machine and its
//! load. What belongs to the code alone, instructions and memory accesses, is counted and judged by `instructions.rs`.
//!
//! A bar here is a ratio of two rows, and both must see the same machine at the same moment. Criterion and divan
//! measure one function after the other, seconds apart, so that a neighbour's load or a change of frequency falls on
//! one side alone. Hence the loop of our own in `support/rounds.rs`, which takes the rows in turn, many short rounds
//! each, and keeps each row's minimum.

mod support {
    pub(crate) mod machine;
    pub(crate) mod rounds;
    pub(crate) mod table;
}

use std::future::{Future, ready};
use std::hint::black_box;
use std::pin::pin;
use std::process::ExitCode;
use std::sync::atomic::{AtomicU32, Ordering::Acquire};
use std::task::{Context, Waker};
use std::time::{Duration, Instant};

use halfopen::{CircuitBreaker, Clock, Config, ManualClock, SystemClock};
use support::rounds::{Row, one_and_two_threads, row, take_turns};
use support::table::print_table;

const HELP: &str = "\
usage: cargo bench -p halfopen --bench paths [-- --quick]

Prints how long each path takes, as the minimum of many short rounds in which all rows take turns.
  --quick   a few rounds: shows that it works, not how fast it is";

/// What the closed pair is judged by: the two loads that it consists of.
const LOADS: &str = "two atomic loads";
const INSTANT: &str = "Instant::now()";
const CLOCK: &str = "SystemClock.now()";
const CALLED: &str = "the closure alone";
const POLLED: &str = "the future alone";

/// A path, the row that it is compared with, and how many times as long it may take.
const PATHS: [(&str, &str, Option<f64>); 11] = [
    ("closed: allow_request + record_success", LOADS, Some(1.5)),
    ("closed: try_acquire + success", LOADS, None),
    ("closed: call(Ok)", CALLED, None),
    ("closed: call_async(Ok), one poll", POLLED, None),
    ("closed: record_failure + record_success", CLOCK, None),
    ("open: allow_request", INSTANT, Some(1.3)),
    ("open: allow_request", CLOCK, None),
    ("open: try_acquire, with its error", INSTANT, Some(1.3)),
    ("open: try_acquire, with its error", CLOCK, None),
    ("SystemClock.now()", INSTANT, None),
    ("closed, open, probe, closed: ManualClock", LOADS, None),
];

fn main() -> ExitCode {
    let mut rounds = 4_000;
    // Cargo passes `--bench` to a benchmark that it measures, and nothing to one that it only tests.
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.is_empty() {
        arguments.push("--quick".into());
    }
    for argument in arguments {
        match argument.as_str() {
            "--bench" => {}
            "--quick" => rounds = 40,
            "--help" | "-h" => {
                println!("{HELP}");
                return ExitCode::SUCCESS;
            }
            _ => {
                eprintln!("what is '{argument}'?\n{HELP}");
                return ExitCode::from(2);
            }
        }
    }

    let closed = CircuitBreaker::new("closed", Config::new());
    let open = CircuitBreaker::new("open", Config::new().recovery_timeout(Duration::from_secs(86_400)));
    open.trip();
    let clock = ManualClock::new();
    let once = Config::new().failure_threshold(1).success_threshold(1).recovery_timeout(Duration::from_secs(1));
    let cycling = CircuitBreaker::with_clock("cycling", once, &clock);
    let words = [AtomicU32::new(1), AtomicU32::new(2)];

    // The breakers are opaque, so that nothing about them is known inside the loops.
    let (closed, open, cycling, words) = black_box((&closed, &open, &cycling, &words));
    let mut rows = [
        row(LOADS, || (words[0].load(Acquire), words[1].load(Acquire))),
        row("closed: allow_request + record_success", || (closed.allow_request(), closed.record_success())),
        row("closed: try_acquire + success", || closed.try_acquire().map(|permit| permit.success())),
        row(CALLED, || black_box(|| Ok::<u32, ()>(7))()),
        row("closed: call(Ok)", || closed.call(black_box(|| Ok::<u32, ()>(7)))),
        row(POLLED, || poll_once(ready(black_box(Ok::<u32, ()>(7))))),
        row("closed: call_async(Ok), one poll", || poll_once(closed.call_async(|| ready(black_box(Ok::<u32, ()>(7)))))),
        row("closed: record_failure + record_success", || (closed.record_failure(), closed.record_success())),
        row(INSTANT, Instant::now),
        row(CLOCK, || SystemClock.now()),
        row("open: allow_request", || open.allow_request()),
        row("open: try_acquire, with its error", || wait_of(open)),
        row("closed, open, probe, closed: ManualClock", || {
            cycling.record_failure();
            clock.advance(Duration::from_secs(1));
            (cycling.allow_request(), cycling.record_success())
        }),
    ];

    support::machine::print_header(size_of::<CircuitBreaker>());
    take_turns(&mut rows, rounds);
    let mut lines: Vec<[String; 6]> = PATHS.iter().map(|path| compare(&rows, *path)).collect();
    lines.insert(1, two_threads(closed, rounds));
    let references = [LOADS, CALLED, POLLED, INSTANT].map(|name| {
        let none = || "-".to_owned();
        [name.to_owned(), nanos(time_of(&rows, name)), none(), none(), none(), none()]
    });
    lines.extend(references);
    print_table(["what", "ns", "compared with", "ratio", "bar", ""], &lines);
    ExitCode::SUCCESS
}

/// Reads the refusal where it stands, as a caller does: to move it would cost more than to make it.
fn wait_of(open: &CircuitBreaker) -> u64 {
    match open.try_acquire() {
        Ok(_) => 0,
        Err(error) => error.retry_after.map_or(0, |wait| wait.as_secs()),
    }
}

/// Polls a future that is ready at once.
fn poll_once<F: Future>(future: F) -> bool {
    pin!(future).poll(&mut Context::from_waker(Waker::noop())).is_ready()
}

fn time_of(rows: &[Row<'_>], name: &str) -> f64 {
    rows.iter().find(|row| row.name == name).map_or(f64::NAN, |row| row.best)
}

fn compare(rows: &[Row<'_>], (name, reference, bar): (&str, &str, Option<f64>)) -> [String; 6] {
    line(name, time_of(rows, name), reference, time_of(rows, reference), bar)
}

/// The closed pair from two threads at once. Rounds in which the two did not run side by side do not count.
fn two_threads(closed: &CircuitBreaker, rounds: usize) -> [String; 6] {
    let pair = || (closed.allow_request(), closed.record_success());
    let name = "closed: the same, per thread of 2";
    match one_and_two_threads(pair, 10 * rounds) {
        Some((one, two)) => line(name, two, "the same from 1 thread", one, Some(1.1)),
        None => [name, "-", "the same from 1 thread", "-", "1.1", "needs two free cores"].map(str::to_owned),
    }
}

fn line(name: &str, time: f64, reference: &str, other: f64, bar: Option<f64>) -> [String; 6] {
    let ratio = time / other;
    let (bar, verdict) = match bar {
        Some(bar) => (format!("{bar:.1}"), if ratio <= bar { "within" } else { "over" }),
        None => ("-".to_owned(), "-"),
    };
    [name.to_owned(), nanos(time), reference.to_owned(), format!("{ratio:.2}"), bar, verdict.to_owned()]
}

fn nanos(time: f64) -> String {
    format!("{time:.2}")
}
