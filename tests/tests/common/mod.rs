//! The hand-written vectors, and the shells that they run against.

use std::path::Path;

use conformance::{BreakerShell, LocalShell, Parsed, Shell, StepShell, TableShell, parse_dir};

#[allow(dead_code, reason = "not every test runs them")]
/// Every shell of the suite: a new one is added here.
pub(crate) const SHELLS: &[&(dyn Shell + Sync)] = &[&StepShell, &BreakerShell, &LocalShell, &TableShell];

#[allow(dead_code, reason = "not every test reads them")]
/// The vectors in `vectors/*.json`.
pub(crate) fn vectors() -> Vec<Parsed> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors");
    parse_dir(&folder).unwrap_or_else(|error| panic!("{error}"))
}
