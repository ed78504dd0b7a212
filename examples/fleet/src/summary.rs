//! What is said before and after, and what has to hold.

use std::fs;
use std::io;
use std::path::Path;
use std::time::Duration;

use crate::tally::Totals;

pub(crate) const INTRODUCTION: &str = "\
Four worker processes call a flaky HTTP service, each every 50 ms, through one circuit that they share in Redis. It opens
at 5 failures in a row, wherever they happen, lets a probe through after 2 s, and closes after one that succeeds.
";

/// All four open within this: the settle time and a notice, on a machine that may be busy.
const TOGETHER: Duration = Duration::from_millis(500);
/// No call that is no probe waits for Redis. One that did would wait for a response timeout, which is 300 ms.
const WAIT: Duration = Duration::from_millis(250);

/// The summary, and the promises that were broken.
pub(crate) fn of(totals: &Totals) -> (String, Vec<String>) {
    let spread = totals.spreads.iter().max().copied().unwrap_or(Duration::MAX);
    let rows = [
        ("calls that the workers made", totals.all.made.to_string()),
        ("  of these, while Redis was away", totals.made_without_redis.to_string()),
        ("requests that would have reached the sick service", totals.made_while_sick.to_string()),
        ("requests that reached it", totals.sent_while_sick.to_string()),
        ("from the first worker that opened to the last, at most", millis(spread)),
        ("probes while Redis was there", totals.probes_shared.to_string()),
        ("  most at once, as the service saw them", totals.most_probes_shared.to_string()),
        ("probes while Redis was away, each worker for itself", totals.probes_alone.to_string()),
        ("  most at once", totals.most_probes_alone.to_string()),
        ("calls that failed because of Redis", totals.spoiled.to_string()),
        ("longest that a call spent in its breaker", millis(totals.longest_wait)),
    ];
    let mut text = "\nSummary\n".to_owned();
    for (label, value) in rows {
        text.push_str(&format!("{label:<58}{value:>10}\n"));
    }
    let promises = [
        (totals.sent_while_sick < totals.made_while_sick / 2, "most requests were kept from the sick service"),
        (totals.spreads.len() == 2 && spread <= TOGETHER, "the workers open together"),
        (totals.probes_shared >= 3, "there is a probe in each recovery"),
        (totals.most_probes_shared == 1, "one probe at once while Redis is there"),
        (totals.made_without_redis > 0, "the workers go on without Redis"),
        (totals.spoiled == 0, "no call fails because of Redis"),
        (totals.longest_wait < WAIT, "no call waits for Redis"),
    ];
    let broken = promises.into_iter().filter(|(holds, _)| !holds).map(|(_, promise)| promise.to_owned());
    (text, totals.missed.iter().cloned().chain(broken).collect())
}

fn millis(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1e3)
}

/// Writes what was shown between the marks in README.md.
pub(crate) fn record(shown: &str) -> io::Result<()> {
    const BEGIN: &str = "<!-- recording -->\n";
    const END: &str = "<!-- end -->";
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let text = fs::read_to_string(&path)?;
    let marked = text.split_once(BEGIN).and_then(|(head, rest)| Some((head, rest.split_once(END)?.1)));
    let (head, tail) = marked.ok_or_else(|| io::Error::other("README.md has no place for a recording"))?;
    fs::write(path, format!("{head}{BEGIN}```text\n{}\n```\n{END}{tail}", shown.trim_end()))
}
