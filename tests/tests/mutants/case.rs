//! A wrong rule in the shape of a shell: `step` with one thing changed.

use conformance::{By, Capability, Shell, StepShell, StepSubject, Subject};
use halfopen::machine::{Event, Policy, Step, Verdict, step};
use halfopen::{CircuitState, Config, ConfigError, Outcome, Receipt, Timestamp, Transition};

pub(crate) struct Mutant {
    pub(crate) name: &'static str,
    wrong: fn(&mut Case<'_>) -> Step,
}

impl Shell for Mutant {
    fn name(&self) -> &'static str {
        self.name
    }

    fn lacks(&self) -> &'static [Capability] {
        StepShell::LACKS
    }

    fn build(&self, _: By, config: Config, use_it: &mut dyn FnMut(&mut dyn Subject)) -> Result<(), ConfigError> {
        let mut memory = Memory::default();
        let mut wrong = |policy: &Policy, state, event, now| {
            let mut case = Case { memory: &mut memory, policy: *policy, state, event, now };
            let step = (self.wrong)(&mut case);
            case.memory.note(&step, now);
            step
        };
        use_it(&mut StepSubject::new(config.validate()?, &mut wrong));
        Ok(())
    }
}

/// What a wrong rule remembers beside the state.
#[derive(Default)]
pub(super) struct Memory {
    pub(super) opened: u64,
    pub(super) admitted: u8,
    pub(super) latest: Option<Transition>,
}

impl Memory {
    fn note(&mut self, step: &Step, now: Timestamp) {
        if let Some(transition) = step.effect.transition {
            if transition.from == CircuitState::Closed && transition.to == CircuitState::Open {
                self.opened = now.as_millis();
            }
            self.admitted = 0;
            self.latest = Some(transition);
        }
        if let Verdict::Admitted(ticket) = step.effect.verdict {
            self.admitted += u8::from(ticket.is_probe());
        }
    }
}

pub(super) struct Case<'a> {
    pub(super) memory: &'a mut Memory,
    pub(super) policy: Policy,
    pub(super) state: halfopen::machine::State,
    pub(super) event: Event,
    pub(super) now: Timestamp,
}

impl Case<'_> {
    pub(super) fn right(&self) -> Step {
        step(&self.policy, self.state, self.event, self.now)
    }

    pub(super) fn with(&self, event: Event) -> Step {
        step(&self.policy, self.state, event, self.now)
    }

    pub(super) fn at(&self, ms: u64) -> Step {
        step(&self.policy, self.state, self.event, Timestamp::from_millis(ms))
    }

    pub(super) fn under(&self, change: impl Fn(Config) -> Config) -> Step {
        let changed = change(self.policy.to_config()).validate().unwrap_or(self.policy);
        step(&changed, self.state, self.event, self.now)
    }

    /// The right step, and then one more event.
    pub(super) fn then(&self, event: Event) -> Step {
        let right = self.right();
        let state = right.next.unwrap_or(self.state);
        Step { next: step(&self.policy, state, event, self.now).next.or(right.next), ..right }
    }

    pub(super) fn is(&self, circuit: CircuitState) -> bool {
        self.state.circuit() == circuit
    }

    pub(super) fn asks(&self) -> bool {
        self.event == Event::Acquire
    }

    pub(super) fn outcome(&self) -> Option<Outcome> {
        match self.event {
            Event::Settle(_, outcome) => Some(outcome),
            _ => None,
        }
    }

    /// The right step with another outcome.
    pub(super) fn as_if(&self, outcome: Outcome) -> Step {
        match self.event {
            Event::Settle(ticket, _) => self.with(Event::Settle(ticket, outcome)),
            _ => self.right(),
        }
    }

    pub(super) fn unfenced(&self) -> Step {
        match self.event {
            Event::Settle(Some(_), outcome) => self.with(Event::Settle(None, outcome)),
            _ => self.right(),
        }
    }
}

pub(super) const fn mutant(name: &'static str, wrong: fn(&mut Case<'_>) -> Step) -> Mutant {
    Mutant { name, wrong }
}

/// Kept as it is, but answered in the same way.
pub(super) fn nothing_happens(step: Step) -> Step {
    let mut step = Step { next: None, ..step };
    step.effect.transition = None;
    step
}

pub(super) fn late(step: &Step) -> bool {
    matches!(step.effect.verdict, Verdict::Settled(Receipt::Stale | Receipt::Expired))
}

pub(super) fn refused(step: &Step) -> bool {
    matches!(step.effect.verdict, Verdict::Refused(_))
}
