//! Orders, and what came of them.

use std::io::Write as _;
use std::time::Duration;

use halfopen::redis::admin::{Admin, AdminError, Entry};

use crate::fail::Fail;
use crate::json;
use crate::paint::{Out, of_entry};
use crate::table;
use crate::words::{safe, time};

/// How long a trip lasts where nobody says it.
const TRIP: Duration = Duration::from_secs(30);

/// Trips a circuit. What the fleet makes of a time that was asked for cannot be known: a recovery timeout is stored nowhere.
pub(crate) fn trip(
    admin: &Admin,
    name: &str,
    opening: Option<Duration>,
    as_json: bool,
    out: &mut Out,
) -> Result<(), Fail> {
    order(admin, name, as_json, out, |name| admin.trip(name, opening.unwrap_or(TRIP)))?;
    if let Some(opening) = opening {
        let most = time(opening);
        eprintln!("note: for {most} at most: where its recovery timeout is shorter, an instance cuts it to that");
    }
    Ok(())
}

/// Gives an order, and says what was there before and what is there now.
pub(crate) fn order(
    admin: &Admin,
    name: &str,
    as_json: bool,
    out: &mut Out,
    give: impl FnOnce(&str) -> Result<Option<Entry>, AdminError>,
) -> Result<(), Fail> {
    let before = give(name)?;
    let after = admin.show(name)?;
    if as_json {
        return after.as_ref().map_or(Ok(()), |after| json::line(after, out));
    }
    write!(out, "{}: {} -> ", safe(name.as_bytes()), words(before.as_ref()))?;
    match &after {
        Some(after) => {
            let style = of_entry(after);
            writeln!(out, "{style}{}{style:#}", words(Some(after)))?;
        }
        None => writeln!(out, "nothing stored")?,
    }
    if before.is_none() {
        eprintln!("note: nothing was stored of it before: it has never failed, or nobody has a circuit of this name");
    }
    Ok(())
}

fn words(entry: Option<&Entry>) -> String {
    let Some(record) = entry.and_then(Entry::record) else { return "nothing stored".into() };
    let forced = if record.forced.is_some() { "forced " } else { "" };
    let reason = table::reason(record);
    let reason = if reason == "-" { String::new() } else { format!(" ({reason})") };
    format!("{forced}{}{reason}", table::state(record))
}
