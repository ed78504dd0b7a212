//! Vectors as JSON: reading with precise errors, writing, and snapshots as text.

mod config;
mod looks;
mod read;
mod schema;
mod steps;
pub(crate) mod text;
mod write;

pub use read::{JsonError, Parsed, parse, parse_dir};
pub use write::to_json;
