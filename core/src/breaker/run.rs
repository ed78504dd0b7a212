//! How a breaker does what [`step`](crate::machine::step) says: look, decide, exchange, tell.

use super::CircuitBreaker;
use crate::circuit::{CircuitState, Mode};
use crate::clock::Clock;
use crate::event::{Event, Outcome, Receipt, Refusal, Step, Ticket, Transition, Verdict};
use crate::observer::Observer;
use crate::state::State;
use crate::step::step;
use crate::time::Timestamp;

impl<C: Clock, O: Observer, N: AsRef<str>> CircuitBreaker<C, O, N> {
    // Where the answer depends on the time: apart, so that the path of a healthy circuit stays short, and one for each
    // form of the question, so that who asks for a `bool` links no more than that takes.
    #[cold]
    #[inline(never)]
    pub(super) fn allow_by_time(&self) -> bool {
        self.ask().is_ok()
    }

    #[cold]
    #[inline(never)]
    pub(super) fn acquire_by_time(&self) -> Result<Ticket, Refusal> {
        self.ask()
    }

    #[inline(always)]
    pub(crate) fn ask(&self) -> Result<Ticket, Refusal> {
        // The common answer first, which takes no step because it changes nothing. It saves a quarter of the time and
        // costs 140 bytes of flash, which a chip does not have to spare.
        if cfg!(target_pointer_width = "64") {
            let (state, now) = self.look();
            if let Some(refusal) = state.plain_refusal(&self.policy, now) {
                return Err(self.refused(refusal, mode_of(refusal)));
            }
        }
        self.ask_by_step()
    }

    // Apart from the shortcut where there is one, whose frame so stays small.
    #[cfg_attr(target_pointer_width = "64", inline(never))]
    #[cfg_attr(not(target_pointer_width = "64"), inline(always))]
    fn ask_by_step(&self) -> Result<Ticket, Refusal> {
        match self.run(Event::Acquire) {
            Verdict::Admitted(ticket) => Ok(ticket),
            Verdict::Shadowed(ticket, refusal) => {
                self.refused(refusal, Mode::Shadow);
                Ok(ticket)
            }
            Verdict::Refused(refusal) => Err(self.refused(refusal, mode_of(refusal))),
            // `step` answers `Acquire` with one of the three above; refuse rather than panic if that ever changes.
            Verdict::Settled(_) | Verdict::Done | Verdict::Again => {
                Err(Refusal { state: CircuitState::Open, retry_after_ms: Some(0) })
            }
        }
    }

    /// Milliseconds until a request would be let through.
    pub(super) fn wait(&self) -> Option<u32> {
        match self.run(Event::Inquire) {
            Verdict::Refused(refusal) => refusal.retry_after_ms,
            _ => Some(0),
        }
    }

    fn refused(&self, refusal: Refusal, mode: Mode) -> Refusal {
        self.observer.on_refused(self.operation_name(), &refusal, mode);
        refusal
    }

    /// Settles without a ticket.
    #[cold]
    #[inline(never)]
    pub(super) fn record(&self, outcome: Outcome) -> Receipt {
        self.settle(None, outcome)
    }

    #[cold]
    #[inline(never)]
    pub(super) fn settle_slowly(&self, ticket: Ticket, outcome: Outcome) -> Receipt {
        self.settle(Some(ticket), outcome)
    }

    #[inline(always)]
    fn settle(&self, ticket: Option<Ticket>, outcome: Outcome) -> Receipt {
        match self.run(Event::Settle(ticket, outcome)) {
            Verdict::Settled(receipt) => receipt,
            _ => Receipt::Recorded,
        }
    }

    pub(super) fn command(&self, event: Event) {
        self.run(event);
    }

    /// Steps until nobody has interfered. Inlined, so that each caller links only its part of the rules.
    #[inline(always)]
    fn run(&self, event: Event) -> Verdict {
        loop {
            let (state, now) = self.look();
            match self.commit(state, now, step(&self.policy, state, event, now)) {
                Some(Verdict::Again) | None => {}
                Some(verdict) => return verdict,
            }
        }
    }

    /// The state, and a time that is read after it and so is not before it: only a clock that went back reads earlier.
    #[inline(always)]
    pub(super) fn look(&self) -> (State, Timestamp) {
        let state = self.cell.load();
        (state, self.clock.now())
    }

    /// Stores a step and tells what happened; `None` if somebody else has changed the state meanwhile.
    #[inline(always)]
    fn commit(&self, state: State, now: Timestamp, step: Step) -> Option<Verdict> {
        if step.next.is_some_and(|next| !self.cell.exchange(state, next)) {
            return None;
        }
        if step.effect.failed {
            self.last_failure.store(Some(now));
        }
        if let Some(transition) = step.effect.transition {
            self.announce(&transition);
        }
        if let (true, Verdict::Settled(receipt)) = (step.effect.late, step.effect.verdict) {
            self.observer.on_late(self.operation_name(), receipt);
        }
        Some(step.effect.verdict)
    }

    pub(super) fn announce(&self, transition: &Transition) {
        crate::logging::transition(self.operation_name(), transition);
        self.observer.on_transition(self.operation_name(), transition);
    }
}

/// The mode in which a request is refused and not let through.
fn mode_of(refusal: Refusal) -> Mode {
    if refusal.retry_after_ms.is_some() { Mode::Normal } else { Mode::Isolated }
}
