//! How results are shown.

use crate::run::{Done, Verdict};

/// One run, in a line.
#[must_use]
pub fn line(done: &Done) -> String {
    let verdict = match &done.verdict {
        Verdict::Passed => "ok".to_owned(),
        Verdict::Failed(why) => format!("FAILED: {why}"),
        Verdict::Skipped(why) => format!("skipped: {why}"),
    };
    let notes = match &done.outcome {
        Ok(row) if !done.control => row.notes.join("; "),
        _ => String::new(),
    };
    format!("{:>5.1} s  {}: {verdict}  ({notes})", done.took.as_secs_f64(), done.name)
}

/// All of them, as a table of Markdown.
#[must_use]
pub fn table(all: &[Done]) -> String {
    let mut text = String::from(
        "| scenario | processes | calls | refused | most probes at once | the library's failures | blocked, no probe | blocked, for a probe | verdict |\n\
         | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | --- |\n",
    );
    for done in all.iter().filter(|done| !done.control) {
        let (verdict, Ok(row)) = (short(&done.verdict), &done.outcome) else {
            text.push_str(&format!("| {} | | | | | | | | {} |\n", done.what, short(&done.verdict)));
            continue;
        };
        let ms = |us: u64| format!("{:.1} ms", us as f64 / 1_000.0);
        text.push_str(&format!(
            "| {} | {} | {} | {} | {} | {} | {} | {} | {verdict} |\n",
            done.what,
            row.processes,
            row.sum.calls,
            row.sum.refused,
            row.most_probes,
            row.faults,
            ms(row.sum.waited_us),
            ms(row.sum.probe_waited_us),
        ));
    }
    text
}

fn short(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Passed => "ok".into(),
        Verdict::Failed(why) => format!("FAILED: {why}"),
        Verdict::Skipped(why) => format!("skipped: {why}"),
    }
}
