//! Fleets, each by a seed of its own; `SEED=…` plays one of them and says what happens in it.

use sim::{Mistake, Statistics, run};

/// About 30 s; without optimization fewer.
const RUNS: u64 = if cfg!(debug_assertions) { 400 } else { 1_600 };

#[test]
fn fleets_keep_their_promises_whatever_happens_to_them() {
    if let Some(seed) = std::env::var("SEED").ok().and_then(|seed| seed.parse().ok()) {
        run(seed, &Mistake::None).unwrap_or_else(|story| panic!("{story}"));
        return;
    }
    let (mut all, mut runs) = (Statistics::default(), 0);
    for seed in 0..RUNS {
        all += run(seed, &Mistake::None).unwrap_or_else(|story| panic!("{story}"));
        runs += 1;
    }
    println!("{runs} runs: {all}");
    assert_eq!(runs, RUNS);
    // So often at least, in 16 runs, what is promised was put to the test.
    let enough = |happened: u64, least: u64| assert!(happened * 16 > least * RUNS, "{happened}: {all}");
    for count in [all.openings, all.closings, all.orders, all.crashes, all.pauses, all.jumps, all.restored] {
        enough(count, 10);
    }
    for count in [all.probes, all.own_probes, all.full, all.losses, all.time_outs] {
        enough(count, 30);
    }
    for count in [all.lost, all.repeated, all.unheard] {
        enough(count, 20);
    }
    for count in [all.openings_checked, all.taken_back] {
        enough(count, 2);
    }
}
