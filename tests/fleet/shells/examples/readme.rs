//! The fleet's example on the front page: a test compares the two, and runs this.

use halfopen::redis::{Fleet, FleetOptions};
use halfopen::{CallError, Config};

pub(crate) fn main() -> Result<(), Box<dyn std::error::Error>> {
    let url = std::env::var("REDIS_URL").unwrap_or("redis://127.0.0.1:6379/".into());
    let fleet = Fleet::from_url(&url, FleetOptions::new())?; // waits for nobody
    let uploads = fleet.breaker("s3_upload", Config::new().failure_threshold(3))?;

    for attempt in 1..=4 {
        // The circuit of every process that has a breaker of this name.
        match uploads.call(|| std::fs::read("/mnt/bucket/object")) {
            Ok(bytes) => println!("{attempt}: {} bytes", bytes.len()),
            Err(CallError::Inner(error)) => println!("{attempt}: failed: {error}"),
            Err(CallError::Open(refused)) => println!("{attempt}: {refused}"),
        }
    }
    println!("{}, failures: {}", uploads.state(), uploads.failure_count());
    Ok(())
}
