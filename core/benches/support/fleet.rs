//! Breakers whose circuits are shared through a Redis that says the same to everybody.

use std::sync::Arc;

use halfopen::redis::connect::{Connect, Connection, ScriptCall, Subscription, Trouble};
use halfopen::redis::{Fleet, FleetOptions, SharedBreaker};
use halfopen::{Config, ManualClock};

/// Says this, whatever it is asked.
struct Says([&'static str; 12]);

const NOTHING: [&str; 12] = ["ok", "0", "closed", "0", "0", "0", "", "0", "0", "0", "-1", ""];
const OPEN: [&str; 12] = ["ok", "1", "open", "0", "5", "30000", "", "0", "0", "0", "-1", "consecutive_failures"];

impl Connect for Says {
    fn connect(&self) -> Result<Box<dyn Connection>, Trouble> {
        Ok(Box::new(Self(self.0)))
    }

    fn subscribe(&self, _: &str) -> Result<Option<Box<dyn Subscription>>, Trouble> {
        Ok(None)
    }
}

impl Connection for Says {
    fn exchange(&mut self, calls: &[ScriptCall]) -> Result<Vec<Result<Vec<String>, Trouble>>, Trouble> {
        Ok(calls.iter().map(|_| Ok(self.0.map(str::to_owned).to_vec())).collect())
    }
}

fn breaker(says: [&'static str; 12]) -> SharedBreaker<Arc<ManualClock>> {
    let fleet =
        Fleet::inline(Says(says), FleetOptions::new(), Arc::new(ManualClock::new())).expect("options that are valid");
    fleet.breaker("shared", Config::new()).expect("a configuration that is valid")
}

/// One in which nothing is counted.
pub(crate) fn closed() -> SharedBreaker<Arc<ManualClock>> {
    breaker(NOTHING)
}

/// One that the fleet has opened.
pub(crate) fn open() -> SharedBreaker<Arc<ManualClock>> {
    breaker(OPEN)
}
