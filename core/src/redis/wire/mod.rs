//! What is said to Redis and what it answers, as values: `docs/fleet-protocol.md` says what they mean.

mod notice;
mod reply;
mod request;
mod view;

pub use notice::Notice;
pub use reply::{Garbled, Reply, Verdict};
pub use request::{Fixed, Operation, Request, Vote};
pub use view::{Order, View};
