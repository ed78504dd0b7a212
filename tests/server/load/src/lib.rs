//! A service that loses nine tenths of its capacity for a quarter of the time, and callers who have a breaker or have none.

mod callers;
mod plot;
mod report;
mod scenario;
mod service;
mod summary;

#[path = "../../../../bench/src/machine.rs"]
mod machine;
#[path = "../../../../bench/src/table.rs"]
#[allow(dead_code)] // Nanoseconds and notes are of the benchmarks.
mod table;

pub use callers::{Call, End, Run, run};
pub use plot::plot;
pub use report::{document, report};
pub use scenario::{Capacity, Scenario};
pub use service::Heard;
pub use summary::{Moment, Phase, Summary, moments};
