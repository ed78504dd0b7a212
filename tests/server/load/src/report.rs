//! The figures as a table, and the page around it.

use std::time::Duration;

use crate::callers::Run;
use crate::scenario::Scenario;
use crate::summary::{Phase, Summary, recovery};
use crate::{machine, table};

const LOCK_FILE: &str = include_str!("../../Cargo.lock");

/// The table: one run beside the other.
#[must_use]
pub fn report(scenario: &Scenario, without: &Run, with: &Run) -> String {
    let mut lines = Vec::new();
    for (phase, when) in [(Phase::Sick, "while it is sick"), (Phase::After, "after that"), (Phase::All, "in all")] {
        let [a, b] = [without, with].map(|run| Summary::of(run, scenario, phase));
        let mut line = |what: &str, value: &dyn Fn(&Summary) -> String| {
            lines.push([format!("{what}, {when}"), value(&a), value(&b)]);
        };
        line("calls", &|summary| count(summary.calls));
        line("requests sent to the service", &|summary| count(summary.sent));
        line("answers in time", &|summary| count(summary.answered));
        line("answers in time, a second", &|summary| format!("{:.0}", summary.goodput));
        line("p50 of the callers' wait", &|summary| millis(summary.p50));
        line("p99 of the callers' wait", &|summary| millis(summary.p99));
    }
    let recovered = |run| {
        recovery(run, scenario).map_or_else(|| "never".into(), |time: Duration| format!("{:.1} s", time.as_secs_f64()))
    };
    lines.push(["until 95 of 100 are answered again".into(), recovered(without), recovered(with)]);
    table::table(["", "without a breaker", "with it"], &[], &lines)
}

fn count(number: usize) -> String {
    table::grouped(number as u64)
}

fn millis(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1_000.0)
}

/// The page for `docs`.
#[must_use]
pub fn document(scenario: &Scenario, without: &Run, with: &Run) -> String {
    let Scenario { pause, calls, sick, timeout, service } = scenario;
    let seconds = |call: usize| pause.as_secs_f64() * call as f64;
    let text = format!(
        "# Under load\n\n\
         Written by `./x bench load`: do not edit. It lets both runs happen, one after the other, on one machine. \
         How to choose such numbers: [the guide](guide/src/server.md#what-to-choose).\n\n\
         An HTTP service on the loopback interface works on {} requests at a time, {} ms each: {:.0} a second. From second \
         {:.0} to second {:.0} of {:.0} it has {} of its places left. Up to {} requests wait for a place, more are turned \
         away by 503; it works on what was asked even if the caller has gone away. The callers come at {:.0} a second, \
         whether they are answered or not, and wait {} ms. Nobody tries again: that would make it worse for who has no \
         breaker.\n\n\
         The breaker goes by `Adaptive<TimeWindow<10>>`, with the configuration in `tests/server/load/src/callers.rs`: half \
         of the calls of a second failed, or 80 of 100 took longer than 100 ms; open for 500 ms, growing by half up to \
         1.5 s, with 20 % of jitter; three probes; a ramp of a second.\n\n\
         {}\n![both runs over time](load.svg)\n\n\
         Grey: the service is sick. A refused call waits for nothing, and counts as a caller that was not answered. Until 95 \
         of 100 are answered again: from the end of the sickness to the begin of the first second of calls that had it so.\n\n\
         {}, {}, {}; {}, {}, {}. {}.\n",
        service.places,
        service.work.as_millis(),
        service.places as f64 / service.work.as_secs_f64(),
        seconds(sick.0),
        seconds(sick.1),
        seconds(*calls),
        service.places_left,
        count(service.queue),
        1.0 / pause.as_secs_f64(),
        timeout.as_millis(),
        report(scenario, without, with),
        machine::processor(),
        machine::compiler(),
        machine::version(LOCK_FILE, "halfopen"),
        machine::version(LOCK_FILE, "hyper"),
        machine::version(LOCK_FILE, "tokio"),
        if cfg!(debug_assertions) { "a debug build" } else { "a release build" },
        machine::day(),
    );
    text.lines().map(wrapped).collect()
}

/// A line of a text as lines that are not too long; one of a table, or the picture, as it is.
fn wrapped(line: &str) -> String {
    let (mut text, mut width) = (String::new(), 0);
    for word in line.split_inclusive(' ') {
        if width + word.trim_end().len() > 120 && !line.starts_with(['|', '!']) {
            text.truncate(text.trim_end().len());
            text.push('\n');
            width = 0;
        }
        text.push_str(word);
        width += word.len();
    }
    text + "\n"
}
