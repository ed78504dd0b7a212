//! `cargo run --release -p sim -- --minutes N`: random runs for so long; `SEED=…` plays one of them.

use std::time::{Duration, Instant};

use sim::{Mistake, Statistics, run};

fn main() {
    if let Some(seed) = std::env::var("SEED").ok().and_then(|seed| seed.parse().ok()) {
        match run(seed, &Mistake::None) {
            Ok(statistics) => println!("{statistics}"),
            Err(story) => {
                println!("{story}");
                std::process::exit(1);
            }
        }
        return;
    }
    let mut words = std::env::args().skip_while(|word| word != "--minutes");
    let minutes: f64 = words.nth(1).and_then(|word| word.parse().ok()).unwrap_or(1.0);
    let first: u64 = std::env::var("FROM").ok().and_then(|seed| seed.parse().ok()).unwrap_or(1_000_000);
    let begun = Instant::now();
    let (mut all, mut runs, mut wrong) = (Statistics::default(), 0, 0);
    for seed in first.. {
        if begun.elapsed() >= Duration::from_secs_f64(minutes * 60.0) {
            break;
        }
        runs += 1;
        match run(seed, &Mistake::None) {
            Ok(statistics) => all += statistics,
            Err(story) => {
                wrong += 1;
                println!("{}", story.lines().next().unwrap_or_default());
            }
        }
    }
    println!("{runs} runs, {wrong} of them wrong: {all}");
    std::process::exit(i32::from(wrong > 0));
}
