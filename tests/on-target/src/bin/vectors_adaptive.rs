//! Every vector of `../vectors/*.json` by rules whose way back adapts, against the breaker and the table.
#![no_std]
#![no_main]

use conformance::{Adapting, BreakerOf, TableOf};

board::panic_handler!();

static SUITE: board::Suite = include!(concat!(env!("OUT_DIR"), "/vectors_adaptive.rs"));

#[board::entry]
fn main() -> ! {
    SUITE.run(&[&BreakerOf::<Adapting>::NEW, &TableOf::<Adapting>::NEW])
}
