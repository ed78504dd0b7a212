//! What both sides do to a circuit, and how a breaker of any rule does it.

use halfopen::machine::{Event, Ticket};
use halfopen::rules::Rule;
use halfopen::{CircuitBreaker, CircuitState, Mode, Outcome, Receipt};

use crate::shared::{Ticks, inside};
use crate::told::Tell;

/// What both sides do to a circuit.
pub trait Circuit {
    fn allow(&self) -> bool;
    fn record(&self, outcome: Outcome) -> Receipt;
    /// A permit is taken, `meanwhile` something happens, and the outcome is handed in. `Ignored`: the permit is dropped.
    fn attempt(&self, outcome: Outcome, meanwhile: &mut dyn FnMut(Ticket)) -> Option<Receipt>;
    fn command(&self, command: Event);
    fn state(&self) -> CircuitState;
    fn mode(&self) -> Mode;
    fn failure_count(&self) -> u16;
    fn generation(&self) -> u16;
}

impl<R: Rule> Circuit for CircuitBreaker<Ticks, Tell, &'static str, R> {
    fn allow(&self) -> bool {
        inside(|| self.allow_request())
    }

    fn record(&self, outcome: Outcome) -> Receipt {
        inside(|| match outcome {
            Outcome::Success => self.record_success(),
            Outcome::Failure => self.record_failure(),
            Outcome::Ignored => self.record_ignored(),
        })
    }

    fn attempt(&self, outcome: Outcome, meanwhile: &mut dyn FnMut(Ticket)) -> Option<Receipt> {
        let permit = inside(|| self.try_acquire()).ok()?;
        meanwhile(permit.ticket());
        Some(inside(|| match outcome {
            Outcome::Success => permit.success(),
            Outcome::Failure => permit.failure(),
            Outcome::Ignored => {
                drop(permit);
                Receipt::Recorded
            }
        }))
    }

    fn command(&self, command: Event) {
        inside(|| match command {
            Event::Trip => self.trip(),
            Event::Isolate => self.isolate(),
            Event::Disable => self.disable(),
            Event::Shadow => self.shadow(),
            _ => self.reset(),
        });
    }

    fn state(&self) -> CircuitState {
        inside(|| self.state())
    }

    fn mode(&self) -> Mode {
        inside(|| self.mode())
    }

    fn failure_count(&self) -> u16 {
        inside(|| self.failure_count())
    }

    fn generation(&self) -> u16 {
        inside(|| self.generation())
    }
}
