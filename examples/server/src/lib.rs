//! What the larger examples in `examples/` are made of; the small ones there need nothing from here.
//!
//! `flaky_http` is a caller and a flaky HTTP service in one process. Read [`run`] first: it has the call through the
//! circuit breaker. [`client`] says what counts as a failure, [`scenario`] what happens and when.
//!
//! ```text
//! args ─ scenario ─ run ─┬─ client ── HTTP ── server
//!                        └─ timeline ─ screen
//!                   report
//! ```

pub mod args;
pub mod client;
pub mod report;
pub mod run;
pub mod scenario;
pub mod screen;
pub mod server;
pub mod timeline;
