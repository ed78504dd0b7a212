//! The shells that join from inside `halfopen`. One that a later shell needs goes into a file of its own here.

mod breaker;
mod local;
mod step;
mod table;
mod tested;

pub use breaker::{BreakerOf, BreakerShell, BreakerSubject};
pub use local::LocalShell;
pub use step::{StepFn, StepShell, StepSubject};
pub use table::{TableOf, TableShell};
pub use tested::{Adapting, Among, Every, First, Plain, Scripted, Tested, Visit};
