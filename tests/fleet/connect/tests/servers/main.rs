//! Calls and notices at real servers, and at what a network makes of them, from threads and from tasks.

#![expect(clippy::duplicate_mod, reason = "one suite, for each kind of connection")]

mod by_tasks;
mod by_thread;
