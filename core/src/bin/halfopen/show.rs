//! One circuit with all that is stored of it.

use std::io::Write as _;
use std::time::Duration;

use halfopen::redis::admin::{Admin, Entry, Kept, Record};

use crate::fail::Fail;
use crate::json;
use crate::paint::{FAINT, HEAD, ODD, Out, PLAIN, of_entry};
use crate::table::{reason, state};
use crate::words::{safe, time};

pub(crate) fn show(admin: &Admin, name: &str, as_json: bool, out: &mut Out) -> Result<(), Fail> {
    let entry = admin.show(name)?.ok_or_else(|| Fail::NoCircuit(safe(name.as_bytes())))?;
    if as_json { json::line(&entry, out) } else { print(&entry, out) }
}

pub(crate) fn print(entry: &Entry, out: &mut Out) -> Result<(), Fail> {
    let style = of_entry(entry);
    writeln!(out, "{HEAD}{}{HEAD:#}", safe(entry.name_bytes()))?;
    let record = match entry.kept() {
        Kept::Circuit(record) => record,
        Kept::Other(kind) => {
            writeln!(
                out,
                "  {style}no circuit: a {kind}{style:#} is in its place; a fleet goes on without Redis here"
            )?;
            return Ok(());
        }
        _ => return Ok(()),
    };
    writeln!(out, "  state          {style}{}{style:#}{}", state(record), by_order(record))?;
    for (label, value) in lines(record) {
        let style = if value == "-" { FAINT } else { PLAIN };
        writeln!(out, "  {label:<13}  {style}{value}{style:#}")?;
    }
    for report in &record.reports {
        let (id, age) = (safe(report.id.as_bytes()), time(report.age));
        writeln!(out, "  report         {id}, failures: {}, {age} ago", report.failures)?;
    }
    for probe in &record.probes {
        let more = match probe.put_off {
            _ if probe.last => ", its last".into(),
            by if by.is_zero() => String::new(),
            by => format!(", put off by {}", time(by)),
        };
        writeln!(out, "  probe          {}, lease {}{more}", safe(probe.token.as_bytes()), left(probe.remaining))?;
    }
    for vote in &record.votes {
        writeln!(out, "  vote           {}, holds {}", safe(vote.instance.as_bytes()), left(vote.remaining))?;
    }
    for odd in &record.odd {
        let value =
            if odd.value.is_empty() { "is missing".into() } else { format!("= {}", safe(odd.value.as_bytes())) };
        writeln!(out, "  {ODD}* {} {value}, counts {}{ODD:#}", safe(odd.field.as_bytes()), odd.counts)?;
    }
    Ok(())
}

fn by_order(record: &Record) -> &'static str {
    if record.forced.is_some() { ", forced until a reset" } else { "" }
}

fn left(time_left: Duration) -> String {
    if time_left.is_zero() { "over".into() } else { format!("{} more", time(time_left)) }
}

fn lines(record: &Record) -> [(&'static str, String); 12] {
    let none = || "-".to_owned();
    let ago = |age: Option<Duration>| age.map_or_else(none, |age| format!("{} ago", time(age)));
    let remaining =
        |left: Duration| if left.is_zero() { "over: the next request is a probe".into() } else { time(left) };
    let generation = |age: Duration| format!("{}, {} ago", record.gen_no, time(age));
    [
        ("reason", reason(record)),
        ("failures", record.failures.to_string()),
        ("last failure", ago(record.last_failure_age)),
        ("last success", ago(record.last_success_age)),
        ("remaining", record.remaining.map_or_else(none, remaining)),
        ("generation", record.generation_age.map_or_else(none, generation)),
        ("streak", record.streak.to_string()),
        ("unreported", record.base_age.map_or_else(none, |age| format!("the latest {} ago", time(age)))),
        ("successes", record.successes.to_string()),
        ("no probe for", record.quiet.map_or_else(none, time)),
        ("contact", ago(record.touched_age)),
        ("kept for", record.expires.map_or_else(|| "ever".into(), time)),
    ]
}
