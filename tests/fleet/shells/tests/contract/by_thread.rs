//! Each fleet has a thread of its own.

use halfopen::redis::{Fleet, FleetOptions};

#[path = "suite.rs"]
mod suite;

fn fleet(url: &str, options: FleetOptions) -> Fleet {
    Fleet::from_url(url, options).unwrap()
}
