//! A circuit as a line of JSON.

use std::io::Write as _;
use std::time::Duration;

use halfopen::redis::admin::{Entry, Kept, Record};
use halfopen::redis::wire::Order;
use serde::Serialize;

use crate::fail::Fail;
use crate::paint::Out;
use crate::table::state;

/// A field that does not apply is `null`, never missing.
#[derive(Serialize)]
struct Circuit<'a> {
    name: String,
    /// In hexadecimal digits, where the name is no UTF-8.
    name_bytes: Option<String>,
    /// `closed`, `open`, `half_open`; `null` where the key holds something else.
    state: Option<&'a str>,
    stored_state: Option<&'a str>,
    forced: Option<&'a str>,
    forced_reason: Option<&'a str>,
    reason: Option<&'a str>,
    failures: Option<u64>,
    successes: Option<u64>,
    streak: Option<u64>,
    remaining_ms: Option<u64>,
    last_failure_age_ms: Option<u64>,
    last_success_age_ms: Option<u64>,
    generation: Option<u64>,
    generation_age_ms: Option<u64>,
    reports: Vec<Report<'a>>,
    base_age_ms: Option<u64>,
    probes: Vec<Probe<'a>>,
    votes: Vec<Vote<'a>>,
    quiet_ms: Option<u64>,
    touched_age_ms: Option<u64>,
    expires_ms: Option<u64>,
    odd: Vec<Odd<'a>>,
    /// What the key holds, if that is no HASH.
    other: Option<&'a str>,
}

#[derive(Serialize)]
struct Report<'a> {
    id: &'a str,
    failures: u64,
    age_ms: u64,
}

#[derive(Serialize)]
struct Probe<'a> {
    token: &'a str,
    remaining_ms: u64,
    put_off_ms: u64,
    last: bool,
}

#[derive(Serialize)]
struct Vote<'a> {
    instance: &'a str,
    remaining_ms: u64,
}

#[derive(Serialize)]
struct Odd<'a> {
    field: &'a str,
    value: &'a str,
    counts: &'a str,
}

/// One object, and the end of the line.
pub(crate) fn line(entry: &Entry, out: &mut Out) -> Result<(), Fail> {
    write(&circuit(entry), out)
}

/// A change: what was there and what is there now, `null` where there is nothing, and when that was seen.
pub(crate) fn change(at: &str, before: Option<&Entry>, after: Option<&Entry>, out: &mut Out) -> Result<(), Fail> {
    #[derive(Serialize)]
    struct Change<'a> {
        at: &'a str,
        name: String,
        before: Option<Circuit<'a>>,
        after: Option<Circuit<'a>>,
    }
    let name = before.or(after).map_or_else(String::new, |entry| entry.name().into_owned());
    write(&Change { at, name, before: before.map(circuit), after: after.map(circuit) }, out)
}

fn write(value: &impl Serialize, out: &mut Out) -> Result<(), Fail> {
    let text = serde_json::to_string(value).map_err(std::io::Error::other)?;
    writeln!(out, "{text}")?;
    Ok(())
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

fn circuit(entry: &Entry) -> Circuit<'_> {
    let record = entry.record();
    let number = |of: fn(&Record) -> u64| record.map(of);
    let age = |of: fn(&Record) -> Option<Duration>| record.and_then(of).map(millis);
    let text = |of: fn(&Record) -> &str| record.map(of).filter(|text| !text.is_empty());
    let hex = || entry.name_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    Circuit {
        name: entry.name().into_owned(),
        name_bytes: std::str::from_utf8(entry.name_bytes()).is_err().then(hex),
        state: record.map(state),
        stored_state: record.map(|record| record.state.as_str()),
        forced: record.and_then(|record| record.forced).map(Order::as_str),
        forced_reason: text(|record| &record.forced_reason),
        reason: text(|record| &record.reason),
        failures: number(|record| record.failures),
        successes: number(|record| record.successes),
        streak: number(|record| record.streak),
        remaining_ms: age(|record| record.remaining),
        last_failure_age_ms: age(|record| record.last_failure_age),
        last_success_age_ms: age(|record| record.last_success_age),
        generation: number(|record| record.gen_no),
        generation_age_ms: age(|record| record.generation_age),
        reports: record.map_or_else(Vec::new, |record| record.reports.iter().map(Report::of).collect()),
        base_age_ms: age(|record| record.base_age),
        probes: record.map_or_else(Vec::new, |record| record.probes.iter().map(Probe::of).collect()),
        votes: record.map_or_else(Vec::new, |record| record.votes.iter().map(Vote::of).collect()),
        quiet_ms: age(|record| record.quiet),
        touched_age_ms: age(|record| record.touched_age),
        expires_ms: age(|record| record.expires),
        odd: record.map_or_else(Vec::new, |record| record.odd.iter().map(Odd::of).collect()),
        other: match entry.kept() {
            Kept::Other(kind) => Some(kind),
            _ => None,
        },
    }
}

impl<'a> Report<'a> {
    fn of(report: &'a halfopen::redis::admin::StoredReport) -> Self {
        Self { id: &report.id, failures: report.failures, age_ms: millis(report.age) }
    }
}

impl<'a> Probe<'a> {
    fn of(probe: &'a halfopen::redis::admin::Probe) -> Self {
        let (remaining_ms, put_off_ms) = (millis(probe.remaining), millis(probe.put_off));
        Self { token: &probe.token, remaining_ms, put_off_ms, last: probe.last }
    }
}

impl<'a> Vote<'a> {
    fn of(vote: &'a halfopen::redis::admin::StoredVote) -> Self {
        Self { instance: &vote.instance, remaining_ms: millis(vote.remaining) }
    }
}

impl<'a> Odd<'a> {
    fn of(odd: &'a halfopen::redis::admin::Odd) -> Self {
        Self { field: &odd.field, value: &odd.value, counts: &odd.counts }
    }
}
