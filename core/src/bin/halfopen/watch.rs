//! Looking on: a table that is kept up to date, or a line for each change.

use std::fmt::Write as _;
use std::io::{IsTerminal, Write as _};
use std::time::{Duration, SystemTime};

use anstream::ColorChoice;
use anstream::adapter::strip_str;
use halfopen::redis::admin::{Admin, Change, Entry, Watch};

use crate::fail::Fail;
use crate::json;
use crate::paint::{HEAD, ODD, Out, of_entry};
use crate::table;
use crate::words::{cut, safe, time};

/// How often the times in the table are written anew.
const REDRAW: Duration = Duration::from_millis(500);
const RETRY: Duration = Duration::from_secs(1);
/// To the first column of the first line; a line is cleared behind what is written, the screen below the last one.
const HOME: &str = "\x1b[H";
const CLEAR_LINE: &str = "\x1b[K";
const CLEAR_BELOW: &str = "\x1b[J";

/// Goes on until it is interrupted. Ends with an error only if Redis cannot be reached at first.
pub(crate) fn watch(admin: &Admin, as_json: bool, lines: bool, out: &mut Out) -> Result<(), Fail> {
    let mut watch = admin.watch();
    let changes = watch.changes(Duration::ZERO)?;
    if !as_json && !lines && std::io::stdout().is_terminal() {
        return on_screen(admin, &mut watch, out);
    }
    for change in &changes {
        line(change, as_json, out)?;
    }
    loop {
        match watch.changes(Duration::from_secs(3_600)) {
            Ok(changes) => {
                for change in &changes {
                    line(change, as_json, out)?;
                }
            }
            Err(trouble) => {
                eprintln!("{} Redis is away: {trouble}", now());
                while let Err(trouble) = retry(&mut watch, as_json, out) {
                    if !matches!(trouble, Fail::Redis(_)) {
                        return Err(trouble);
                    }
                }
                eprintln!("{} Redis is back", now());
            }
        }
    }
}

fn retry(watch: &mut Watch, as_json: bool, out: &mut Out) -> Result<(), Fail> {
    std::thread::sleep(RETRY);
    watch.changes(Duration::ZERO)?.iter().try_for_each(|change| line(change, as_json, out))
}

fn line(change: &Change, as_json: bool, out: &mut Out) -> Result<(), Fail> {
    let (before, after) = (change.before.as_ref(), change.after.as_ref());
    if as_json {
        return json::change(&now(), before, after, out);
    }
    let Some(entry) = after.or(before) else { return Ok(()) };
    write!(out, "{} {} ", now(), safe(entry.name_bytes()))?;
    match after {
        Some(after) => {
            let style = of_entry(after);
            writeln!(out, "{style}{}{style:#}", gist(after))?;
        }
        None => writeln!(out, "gone")?,
    }
    out.flush()?;
    Ok(())
}

/// What there is, in a few words.
fn gist(entry: &Entry) -> String {
    let Some(record) = entry.record() else { return "no circuit".into() };
    let mut gist = String::new();
    let forced = if record.forced.is_some() { "forced " } else { "" };
    let _ = write!(gist, "{forced}{} failures={}", table::state(record), record.failures);
    if let Some(left) = record.remaining {
        let _ = write!(gist, " remaining={}", time(left));
    }
    for (label, count) in [("probes", record.probes_out()), ("votes", record.votes_held())] {
        if count > 0 {
            let _ = write!(gist, " {label}={count}");
        }
    }
    let reason = table::reason(record);
    if reason != "-" {
        let _ = write!(gist, " reason={reason}");
    }
    for odd in &record.odd {
        let _ = write!(gist, " *{}={}", safe(odd.field.as_bytes()), safe(odd.value.as_bytes()));
    }
    gist
}

fn on_screen(admin: &Admin, watch: &mut Watch, out: &mut Out) -> Result<(), Fail> {
    // Without colours the cursor still has to move.
    let plain = out.current_choice() == ColorChoice::Never;
    let mut away = None;
    std::io::stdout().write_all(format!("{HOME}{CLEAR_BELOW}").as_bytes())?;
    loop {
        draw(admin, watch, away.as_deref(), plain)?;
        away = match watch.changes(REDRAW) {
            Ok(_) => None,
            Err(trouble) => {
                draw(admin, watch, Some(&trouble.text), plain)?;
                std::thread::sleep(RETRY);
                Some(trouble.text)
            }
        };
    }
}

fn draw(admin: &Admin, watch: &Watch, away: Option<&str>, plain: bool) -> Result<(), Fail> {
    let size = terminal_size::terminal_size_of(std::io::stdout());
    let (columns, rows) = size.map_or((80, 24), |(width, height)| (usize::from(width.0), usize::from(height.0)));
    let count = watch.entries().len();
    let mut text = format!("{HEAD}{}{HEAD:#} {count} stored, {}\n", safe(admin.prefix().as_bytes()), now());
    if let Some(away) = away {
        let _ = writeln!(text, "{ODD}{}{ODD:#}", cut(&format!("Redis is away: {away}"), columns));
    }
    text += &table::table(watch.entries(), columns);
    if plain {
        text = strip_str(&text).to_string();
    }
    let mut frame = HOME.to_owned();
    let lines: Vec<&str> = text.lines().collect();
    let shown = if lines.len() < rows { lines.len() } else { rows.saturating_sub(2) };
    for line in &lines[..shown] {
        let _ = write!(frame, "{line}{CLEAR_LINE}\r\n");
    }
    if shown < lines.len() {
        let _ = write!(frame, "… {} more lines{CLEAR_LINE}", lines.len() - shown);
    }
    frame += CLEAR_BELOW;
    let mut screen = std::io::stdout().lock();
    screen.write_all(frame.as_bytes())?;
    screen.flush()?;
    Ok(())
}

/// The time of this machine in UTC, to the millisecond.
fn now() -> String {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    utc(since)
}

fn utc(since: Duration) -> String {
    let (days, of_day) = (since.as_secs() / 86_400, since.as_secs() % 86_400);
    // Days of the calendar from a year that begins in March, so that the leap day is its last.
    let days = days + 719_468;
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year + era * 400 + u64::from(month <= 2);
    let (hour, minute, second) = (of_day / 3_600, of_day / 60 % 60, of_day % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{:03}Z", since.subsec_millis())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_a_date() {
        // By date -u -d @…
        assert_eq!(utc(Duration::from_millis(0)), "1970-01-01T00:00:00.000Z");
        assert_eq!(utc(Duration::from_millis(951_782_400_123)), "2000-02-29T00:00:00.123Z");
        assert_eq!(utc(Duration::from_millis(1_764_240_059_999)), "2025-11-27T10:40:59.999Z");
    }
}
