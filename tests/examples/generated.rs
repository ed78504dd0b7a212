//! Writes generated vectors as JSON, for subjects in other languages: `cargo run --example generated -- 2 > file`.

use std::time::Duration;

use conformance::{Parsed, Setup, generate, parse, to_json};

fn main() {
    let depth = std::env::args().nth(1).map_or(2, |depth| depth.parse().expect("a number of events"));
    let setup = Setup {
        failure_threshold: Some(1),
        recovery_timeout: Some(Duration::from_millis(100)),
        success_threshold: Some(2),
        half_open_max_calls: Some(2),
        ..Setup::DEFAULT
    };
    let mut all: Vec<Parsed> = Vec::new();
    // By way of JSON, because a generated vector lives only while it is taken.
    generate(&setup, &[], depth, &mut |vector| all.extend(parse(&to_json(&[*vector])).expect("what was written")));
    let vectors: Vec<_> = all.iter().map(|parsed| parsed.vector).collect();
    print!("{}", to_json(&vectors));
}
