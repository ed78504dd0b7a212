//! A fleet of real processes on real servers, and everything that can happen to it: each fault is a scenario, of which a
//! dependency that counts by itself says whether the fleet kept its promises.
//!
//! ```text
//! cargo run --release -p nemesis -- [--long] [--write] [SCENARIO...]
//! ```

pub mod dependency;
pub mod page;
pub mod process;
pub mod proxy;
pub mod run;
pub mod scenario;
pub mod scene;
pub mod script;
pub mod table;
pub mod wire;
pub mod worker;
