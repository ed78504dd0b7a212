//! The text of `BENCHMARKS.md`, where it was measured, the tables, and how to read them.

use std::fmt::Write;

use crate::Measured;
use crate::bar::bars;
use crate::growth::SIZES;
use crate::machine;
use crate::rounds::Row;
use crate::table::{Notes, grouped, nanos, table};

/// What this was built from.
const LOCK_FILE: &str = include_str!("../Cargo.lock");

const PEERS: [&str; 5] =
    ["recloser", "failsafe", "circuitbreaker-rs", "tower-resilience-circuitbreaker", "reliakit-circuit"];

const HOW_TO_READ: &str = "\
Nanoseconds of one call through the breaker, from asking to telling how it ended; the operation itself takes no time.
A figure is the shortest of many short rounds in which all rows took turns. *2 threads* is that of the slower of two
threads on one breaker: the middle one of the rounds in which both ran side by side, because how they meet differs from
round to round. *Refused* is a call while OPEN; *cycle* goes from CLOSED over OPEN and HALF_OPEN back to CLOSED, with as
few calls as the breaker can (recloser: 4, else 2) and no time to wait. *Bytes* are those of the value and of what it
holds on the heap after 1,000 calls.";

const LOOKUP: &str = "\
Finding a circuit and asking it with `allow_request`, name after name. A handle needs no search. By name, our table
compares the hashes of its names one after the other, needs no heap, and reads the clock to note the use. The registry holds
its parts apart for threads, and notes the use without a clock. Rounds with 10,000 circuits go through all of them a few times.";

const GROWTH: &str = "\
Nanoseconds of a call that works, after so many others within the time that the breaker looks back over. What has no
window counts everything since its last change.";

/// All of it.
pub(crate) fn report(measured: &Measured) -> String {
    let versions: Vec<String> = PEERS.iter().map(|name| machine::version(LOCK_FILE, name)).collect();
    let mut text = format!(
        "# Benchmarks\n\nWritten by `./x bench` on {}: do not edit.\n\n{}; {}; release, LTO, one codegen unit.\n{} beside {}.\n\n",
        machine::day(),
        machine::processor(),
        machine::compiler(),
        machine::version(LOCK_FILE, "halfopen"),
        versions.join(", "),
    );
    let mut section = |title: &str, body: String| _ = write!(text, "## {title}\n\n{body}\n");
    section("Calls", format!("{HOW_TO_READ}\n{}\n\n{}", side_by_side(measured), calls(measured)));
    section("Bars", bars(measured));
    section("What each does", facts(measured));
    section("What they are made of", references(measured));
    section("One circuit of many", format!("{LOOKUP}\n\n{}", lookups(measured)));
    section("After many calls", format!("{GROWTH}\n\n{}", growths(measured)));
    text.truncate(text.trim_end().len());
    text + "\n"
}

/// How good the figures of two threads are.
fn side_by_side(measured: &Measured) -> String {
    let rows = measured.candidates.iter().flat_map(|it| [&it.closed, &it.mixed, &it.refused]);
    let rows = rows.chain(measured.references.iter().map(|it| &it.row));
    let rows = rows.chain(measured.lookups.iter().map(|it| &it.row));
    match rows.filter_map(|row| row.together).map(|times| times.percent).min() {
        Some(least) => format!("Side by side they ran in {least} % of the rounds of a row, or more."),
        None => "Side by side they never ran.".to_owned(),
    }
}

fn calls(measured: &Measured) -> String {
    let mut notes = Notes::default();
    let lines: Vec<_> = measured
        .candidates
        .iter()
        .map(|it| {
            let mut line =
                [&it.closed, &it.mixed, &it.refused].into_iter().flat_map(|row| one_and_two(row, &mut notes));
            let mut next = || line.next().unwrap_or_default();
            let figures = [next(), next(), next(), next(), next(), next()];
            let [closed, closed2, mixed, mixed2, refused, refused2] = figures;
            let (name, cycle) = (it.facts.name.to_owned(), nanos(Some(it.cycle.alone)));
            [name, closed, closed2, mixed, mixed2, refused, refused2, cycle, grouped(it.bytes as u64)]
        })
        .collect();
    let titles = ["", "closed", "2 threads", "1 in 10 fails", "2 threads", "refused", "2 threads", "cycle", "bytes"];
    with_notes(table(titles, &[], &lines), &notes)
}

fn with_notes(table: String, notes: &Notes) -> String {
    let text = notes.text();
    if text.is_empty() { table } else { format!("{table}\n{text}") }
}

/// The figures of one thread and of two, or why there are none.
fn one_and_two(row: &Row, notes: &mut Notes) -> [String; 2] {
    let two = match &row.two {
        Err(why) => notes.mark(why),
        Ok(_) => row.together.map_or_else(|| notes.mark(NEVER), |times| nanos(Some(times.two))),
    };
    [nanos(Some(row.alone)), two]
}

const NEVER: &str = "the two threads never ran side by side: it needs two free cores, or one kept the other out";

fn facts(measured: &Measured) -> String {
    let lines: Vec<_> = measured
        .candidates
        .iter()
        .map(|it| {
            let (works, refused) = it.facts.clock;
            [it.facts.name, it.facts.counts, it.facts.window.word(), works, refused, it.facts.shares].map(str::to_owned)
        })
        .collect();
    table(["", "opens by", "window", "clock reads, closed", "refused", "threads meet at"], &[1, 2, 3, 4, 5], &lines)
}

fn references(measured: &Measured) -> String {
    let mut notes = Notes::default();
    let lines: Vec<_> = measured
        .references
        .iter()
        .map(|it| {
            let [one, two] = one_and_two(&it.row, &mut notes);
            [it.name.to_owned(), one, two]
        })
        .collect();
    with_notes(table(["", "1 thread", "2 threads"], &[], &lines), &notes)
}

fn lookups(measured: &Measured) -> String {
    let mut notes = Notes::default();
    let lines: Vec<_> = measured
        .lookups
        .iter()
        .map(|it| {
            let [one, two] = one_and_two(&it.row, &mut notes);
            [it.way.to_owned(), grouped(it.circuits as u64), one, two]
        })
        .collect();
    with_notes(table(["", "circuits", "1 thread", "2 threads"], &[], &lines), &notes)
}

fn growths(measured: &Measured) -> String {
    let mut notes = Notes::default();
    let lines: Vec<[String; SIZES.len() + 1]> = measured
        .growths
        .iter()
        .map(|it| {
            let mut cells =
                it.times.iter().map(|time| time.map_or_else(|| notes.mark(TOO_LONG), |time| nanos(Some(time))));
            std::array::from_fn(|at| if at == 0 { it.name.to_owned() } else { cells.next().unwrap_or_default() })
        })
        .collect();
    let sizes = SIZES.map(|size| format!("after {}", grouped(size as u64)));
    let titles = std::array::from_fn(|at| if at == 0 { "" } else { sizes[at - 1].as_str() });
    with_notes(table(titles, &[], &lines), &notes)
}

const TOO_LONG: &str = "not measured: the calls before would take too long";
