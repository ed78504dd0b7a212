//! How many times a second the interpreter runs the script: `cargo run --release -p rig --example speed`.

use std::time::Instant;

use rig::{Caller, FakeRedis, Op};

const KEY: &[u8] = b"circuit_breaker:s3_upload";

fn main() {
    let rounds = std::env::args().nth(1).map_or(200_000, |rounds| rounds.parse().expect("a number of rounds"));
    let mut redis = FakeRedis::new();
    redis.set_time_us(1_764_240_000_000_000);
    let mut caller = Caller { channel: String::new(), ..Caller::default() };
    measure("read", rounds, |_| {
        caller.ask(&mut redis, KEY, Op::Read).expect("an answer");
    });
    let mut caller = Caller::default();
    measure("a failure and a success, in turn", rounds, |round| {
        redis.advance_ms(1);
        let op = if round % 2 == 0 { Op::failure("a.1") } else { Op::success() };
        caller.ask(&mut redis, KEY, op).expect("an answer");
        redis.published();
    });
}

fn measure(what: &str, rounds: u32, mut run: impl FnMut(u32)) {
    let start = Instant::now();
    for round in 0..rounds {
        run(round);
    }
    println!("{what}: {:.0} a second", f64::from(rounds) / start.elapsed().as_secs_f64());
}
