//! The shells that join from inside `halfopen`. One that a later shell needs goes into a file of its own here.

mod breaker;
mod step;
mod table;
mod tested;

pub use breaker::{BreakerShell, BreakerSubject};
pub use step::{StepFn, StepShell, StepSubject};
pub use table::TableShell;
pub use tested::{Scripted, Tested, Visit};
