//! The contract across processes by every driver.

#![expect(clippy::duplicate_mod, reason = "one suite, for each driver")]

mod by_tasks;
mod by_thread;
