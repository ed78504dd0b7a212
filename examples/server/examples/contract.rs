//! The contract's own calls around a function: ask, do, record.

use std::time::Duration;

use halfopen::{CircuitBreaker, Config};

/// Something that works, and then does not.
fn upload(number: u32) -> Result<(), &'static str> {
    if number <= 2 { Ok(()) } else { Err("connection reset") }
}

fn main() {
    let config = Config::new().failure_threshold(3).recovery_timeout(Duration::from_secs(30));
    let breaker = CircuitBreaker::new("s3_upload", config);

    for number in 1..=7 {
        if !breaker.allow_request() {
            println!("upload {number}: refused, the circuit is {}", breaker.state());
            continue;
        }
        match upload(number) {
            Ok(()) => {
                breaker.record_success();
                println!("upload {number}: done");
            }
            Err(error) => {
                breaker.record_failure();
                println!("upload {number}: {error}, failure_count {}", breaker.failure_count());
            }
        }
    }
}
