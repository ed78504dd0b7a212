//! Every vector of `../vectors/*.json` by windows and slow calls, against the breaker and the table.
#![no_std]
#![no_main]

use conformance::{BreakerOf, Plain, TableOf};

board::panic_handler!();

static SUITE: board::Suite = include!(concat!(env!("OUT_DIR"), "/vectors_windows.rs"));

#[board::entry]
fn main() -> ! {
    SUITE.run(&[&BreakerOf::<Plain>::NEW, &TableOf::<Plain>::NEW])
}
