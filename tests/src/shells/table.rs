//! A circuit in a table, beside another one that is isolated: what happens to one is nothing to the other.

use core::marker::PhantomData;

use halfopen::{BreakerTable, Config, ConfigError, ManualClock, Mode, TableError};

use super::breaker::BreakerSubject;
use super::tested::{Among, Every, Tested, Visit};
use crate::by::By;
use crate::recorder::Recorder;
use crate::subject::{Shell, Subject};

/// A circuit in a table.
#[derive(Clone, Copy, Debug)]
pub struct TableShell;

impl Shell for TableShell {
    fn name(&self) -> &'static str {
        "table"
    }

    fn build(&self, by: By, config: Config, use_it: &mut dyn FnMut(&mut dyn Subject)) -> Result<(), ConfigError> {
        TableOf::<Every>::NEW.build(by, config, use_it)
    }
}

/// The same, in a program that has code for these rules alone.
#[derive(Clone, Copy, Debug)]
pub struct TableOf<A>(PhantomData<fn() -> A>);

impl<A> TableOf<A> {
    /// There is nothing to say about it.
    pub const NEW: Self = Self(PhantomData);
}

impl<A: Among> Shell for TableOf<A> {
    fn name(&self) -> &'static str {
        TableShell.name()
    }

    fn build(&self, by: By, config: Config, use_it: &mut dyn FnMut(&mut dyn Subject)) -> Result<(), ConfigError> {
        by.visit::<A>(Make { config, use_it })
    }
}

struct Make<'u> {
    config: Config,
    use_it: &'u mut dyn FnMut(&mut dyn Subject),
}

impl Visit for Make<'_> {
    fn visit<R: Tested>(self) -> Result<(), ConfigError> {
        let (clock, recorder) = (ManualClock::new(), Recorder::new());
        let table = BreakerTable::<_, 2, &str, _, R>::with_rule(R::checked(R::PLAIN)?, &clock, &recorder);
        let neighbour = table.register("neighbour").expect("there is room for two");
        neighbour.isolate();
        while recorder.next_transition().is_some() {}
        match table.register_with("vector", self.config) {
            Ok(entry) => (self.use_it)(&mut BreakerSubject::new(&entry, &clock, &recorder)),
            Err(TableError::Config(error)) => return Err(error),
            Err(other) => panic!("{other:?}"),
        }
        assert_eq!(neighbour.mode(), Mode::Isolated, "the neighbour was touched");
        Ok(())
    }
}
