//! Every hand-written vector against a fleet of one: a line for each.

use std::path::Path;
use std::process::ExitCode;

use conformance::{Body, Parsed, Shell, parse_dir, run};
use libtest_mimic::{Arguments, Trial};
use shells::FleetShell;

/// Where a fleet differs from a breaker by itself, and why: each of these must differ, or it does not belong here.
const DIFFERS: &[(&str, &str)] = &[
    (
        "In HALF_OPEN a free place means now, and none means the end of the lease",
        "each probe has a lease of its own, and the first to end counts",
    ),
    (
        "A late probe of an earlier HALF_OPEN frees no place in the next",
        "a probe that still runs has its place in the next HALF_OPEN too: that is the bound which the dependency sees",
    ),
    (
        "A bare outcome gives back the place of whatever probe is in flight",
        "the place of a permit is the permit's, whatever others report",
    ),
];

/// What takes too long: a renewal each few hundred milliseconds for 24 days.
const TOO_LONG: &str = "The longest lease is kept to the millisecond";

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../vectors");
    let all: &[Parsed] = parse_dir(&folder).unwrap_or_else(|error| panic!("{error}")).leak();
    let vectors: Vec<_> =
        all.iter().map(|parsed| &parsed.vector).filter(|vector| vector.body != Body::Rejected(None)).collect();
    let runs = vectors.iter().filter(|vector| vector.misses(FleetShell.lacks()).is_none()).count();
    let known = DIFFERS.iter().filter(|(name, _)| vectors.iter().any(|vector| vector.name == *name)).count();
    let mut trials =
        vec![Trial::test("the suite: 250 vectors and more are run, and each that differs is there", move || {
            if runs < 250 || known < DIFFERS.len() {
                return Err(format!("{runs} vectors run, {known} that differ").into());
            }
            Ok(())
        })];
    for vector in vectors {
        let skipped = vector.misses(FleetShell.lacks()).is_some() || vector.name == TOO_LONG;
        let differs = DIFFERS.iter().find(|(name, _)| *name == vector.name);
        let trial = Trial::test(format!("{}: {} [fleet]", vector.rule, vector.name), move || {
            match (run(vector, &FleetShell), differs) {
                (Ok(_), None) | (Err(_), Some(_)) => Ok(()),
                (Err(mismatch), None) => Err(mismatch.to_string().into()),
                (Ok(_), Some((_, why))) => Err(format!("does not differ any more, although {why}").into()),
            }
        });
        trials.push(trial.with_ignored_flag(skipped));
    }
    libtest_mimic::run(&arguments, trials).exit_code()
}
