//! The protocol of `docs/fleet-protocol.md` as a model, looked at in every state that it can come to.

pub mod actions;
mod away;
mod canonical;
pub mod cases;
pub mod check;
mod faults;
pub mod instance;
pub mod properties;
pub mod rules;
pub mod server;
pub mod truth;
pub mod view;
pub mod world;
