//! The fleet's example on the front page, which a test compares with this.

use halfopen::Config;
use halfopen::redis::{Fleet, FleetOptions};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let fleet = Fleet::from_url("redis://127.0.0.1:6379/", FleetOptions::new())?;
    let uploads = fleet.breaker("s3_upload", Config::new().failure_threshold(5))?;
    let answer = uploads.call(|| std::fs::read("/etc/hostname"));
    println!("{}", answer?.len());
    Ok(())
}
