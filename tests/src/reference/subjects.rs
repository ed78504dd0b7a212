//! What is compared with the naive breaker: the bare step, and a watched breaker on a clock of its own.

use core::cell::RefCell;
use std::vec::Vec;

use halfopen::machine::{Event, Policy, State, Verdict, step};
use halfopen::{CircuitBreaker, ManualClock, Mode, Observer, Receipt, Refusal, Timestamp, Transition};

use super::rules::Rules;
use super::told::Told;

pub(crate) type Watched = CircuitBreaker<ManualClock, Log>;

pub(crate) fn watched(rules: &Rules, now: u64) -> Watched {
    let clock = ManualClock::new();
    clock.set(Timestamp::from_millis(now));
    CircuitBreaker::with_policy("compared", rules.policy(), clock, Log::default())
}

/// Writes down what it is told.
#[derive(Default)]
pub(crate) struct Log(pub(crate) RefCell<Vec<Told>>);

impl Observer for Log {
    fn on_transition(&self, _: &str, transition: &Transition) {
        self.0.borrow_mut().push(transition.into());
    }

    fn on_refused(&self, _: &str, refusal: &Refusal, mode: Mode) {
        self.0.borrow_mut().push(Told::refused(refusal, mode == Mode::Shadow));
    }

    fn on_late(&self, _: &str, receipt: Receipt) {
        self.0.borrow_mut().push(Told::Late(receipt));
    }
}

/// The least shell around `step`.
pub(crate) struct Bare {
    policy: Policy,
    pub(crate) state: State,
    pub(crate) last_failure: Option<u64>,
    pub(crate) told: Vec<Told>,
}

impl Bare {
    pub(crate) fn new(rules: &Rules) -> Self {
        Self { policy: rules.policy(), state: State::NEW, last_failure: None, told: Vec::new() }
    }

    pub(crate) fn run(&mut self, event: Event, now: u64) -> Verdict {
        loop {
            let step = step(&self.policy, self.state, event, Timestamp::from_millis(now));
            self.state = step.next.unwrap_or(self.state);
            if step.effect.failed {
                self.last_failure = Some(now);
            }
            self.told.extend(step.effect.transition.as_ref().map(Told::from));
            match step.effect.verdict {
                Verdict::Again => continue,
                Verdict::Refused(_) | Verdict::Shadowed(..) if event == Event::Inquire => {}
                Verdict::Refused(refusal) => self.told.push(Told::refused(&refusal, false)),
                Verdict::Shadowed(_, refusal) => self.told.push(Told::refused(&refusal, true)),
                Verdict::Settled(late) if step.effect.late => self.told.push(Told::Late(late)),
                _ => {}
            }
            return step.effect.verdict;
        }
    }
}
