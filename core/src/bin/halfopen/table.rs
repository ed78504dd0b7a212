//! Circuits as a table.

use std::fmt::Write as _;
use std::io::Write as _;

use anstyle::Style;
use halfopen::redis::admin::{Admin, Entry, Kept, Record};
use halfopen::redis::wire::Order;

use crate::fail::Fail;
use crate::json;
use crate::paint::{FAINT, HEAD, ODD, Out, PLAIN, of_entry};
use crate::words::{cut, safe, time, width};

const HEADS: [&str; 10] =
    ["NAME", "STATE", "FORCED", "FAILURES", "REMAINING", "LAST FAILURE", "SINCE", "PROBES", "VOTES", "REASON"];
/// The columns that are cut where the screen is too narrow, the last one first, and their least width.
const NAME: usize = 0;
const LEAST_NAME: usize = 12;
const REASON: usize = HEADS.len() - 1;
const LEAST_REASON: usize = 8;
const GAP: usize = 2;
/// What follows the name of an entry with something odd.
const MARK: &str = " *";

/// Everything that is stored.
pub(crate) fn list(admin: &Admin, as_json: bool, out: &mut Out) -> Result<(), Fail> {
    let entries = admin.list()?;
    if as_json {
        return entries.iter().try_for_each(|entry| json::line(entry, out));
    }
    if entries.is_empty() {
        eprintln!(
            "nothing is stored under {}: no circuit has failed yet, or the prefix is another one",
            admin.prefix()
        );
        return Ok(());
    }
    out.write_all(table(entries.iter(), columns()).as_bytes())?;
    Ok(())
}

/// Columns of the terminal; as many as it takes where there is none.
pub(crate) fn columns() -> usize {
    terminal_size::terminal_size_of(std::io::stdout()).map_or(usize::MAX, |(width, _)| usize::from(width.0))
}

/// The table, with a line for each mark below it.
pub(crate) fn table<'a>(entries: impl Iterator<Item = &'a Entry>, columns: usize) -> String {
    let mut rows: Vec<([String; HEADS.len()], Style)> = vec![(HEADS.map(Into::into), HEAD)];
    let mut notes = String::new();
    for entry in entries {
        rows.push((row(entry), of_entry(entry)));
        write_notes(entry, columns, &mut notes);
    }
    let mut widths = [0; HEADS.len()];
    for (cells, _) in &rows {
        for (most, cell) in widths.iter_mut().zip(cells) {
            *most = width(cell).max(*most);
        }
    }
    fit(&mut widths, columns);
    let mut text = String::new();
    for (place, (cells, style)) in rows.iter().enumerate() {
        let mut gap = 0;
        for (column, (cell, &most)) in cells.iter().zip(&widths).enumerate() {
            let cell = cut(cell, most);
            // The state stands out; a whole line of colour would say nothing.
            let style = if place == 0 || column == 1 || column == 2 { *style } else { PLAIN };
            let style = if cell == "-" { FAINT } else { style };
            let _ = write!(text, "{:gap$}{style}{cell}{style:#}", "");
            gap = most - width(&cell).min(most) + GAP;
        }
        text.push('\n');
    }
    text + &notes
}

/// Makes the two columns that may be of any width as narrow as it takes, if that is enough.
fn fit(widths: &mut [usize; HEADS.len()], columns: usize) {
    for (column, least) in [(REASON, LEAST_REASON), (NAME, LEAST_NAME)] {
        let all: usize = widths.iter().sum::<usize>() + GAP * (HEADS.len() - 1);
        let over = all.saturating_sub(columns);
        widths[column] = widths[column].saturating_sub(over).max(least.min(widths[column]));
    }
}

fn row(entry: &Entry) -> [String; HEADS.len()] {
    let name = safe(entry.name_bytes());
    match entry.kept() {
        Kept::Circuit(record) => of_record(name, record),
        Kept::Other(kind) => {
            let mut cells: [String; HEADS.len()] = std::array::from_fn(|_| "-".into());
            cells[NAME] = name + MARK;
            cells[1] = "?".into();
            cells[REASON] = format!("no circuit: a {kind}");
            cells
        }
        _ => std::array::from_fn(|_| "?".into()),
    }
}

fn of_record(name: String, record: &Record) -> [String; HEADS.len()] {
    let none = || "-".to_owned();
    let number = |number: u64| if number == 0 { none() } else { number.to_string() };
    let mark = if record.odd.is_empty() { "" } else { MARK };
    [
        name + mark,
        state(record).into(),
        record.forced.map_or_else(none, |order| order.as_str().into()),
        number(record.failures),
        record.remaining.map_or_else(none, |left| if left.is_zero() { "due".into() } else { time(left) }),
        record.last_failure_age.map_or_else(none, |age| format!("{} ago", time(age))),
        record.generation_age.map_or_else(none, time),
        number(record.probes_out() as u64),
        number(record.votes_held() as u64),
        reason(record),
    ]
}

/// The state in force: an order counts, and not what is under it.
pub(crate) fn state(record: &Record) -> &'static str {
    record.forced.map_or(record.state.as_str(), Order::as_str)
}

/// Why, in the words of whoever has ordered it if somebody has.
pub(crate) fn reason(record: &Record) -> String {
    match (record.forced_reason.as_str(), record.reason.as_str()) {
        ("", "") => "-".into(),
        ("", reason) => reason.into(),
        (said, "") => safe(said.as_bytes()),
        (said, reason) => format!("{reason}: {}", safe(said.as_bytes())),
    }
}

fn write_notes(entry: &Entry, columns: usize, notes: &mut String) {
    let name = safe(entry.name_bytes());
    for odd in entry.record().map_or(&[][..], |record| &record.odd) {
        let value =
            if odd.value.is_empty() { "is missing".into() } else { format!("= {}", safe(odd.value.as_bytes())) };
        let note = format!("* {name}: {} {value}, counts {}", safe(odd.field.as_bytes()), odd.counts);
        let _ = writeln!(notes, "{ODD}{}{ODD:#}", cut(&note, columns));
    }
}
