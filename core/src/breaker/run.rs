//! How a breaker does what [`step`](crate::machine::step) says: look, decide, exchange, tell.

use core::cell::Cell;

use super::CircuitBreaker;
use crate::circuit::{CircuitState, Mode};
use crate::clock::Clock;
use crate::event::{CallReport, Event, Outcome, Receipt, Refusal, Step, Ticket, Verdict};
use crate::observer::Observer;
use crate::rules::{Call, Moment, Recorded, Rule, Scene};
use crate::state::State;
use crate::step::{counts_in_closed, plain_refusal, settle_with, step_with};
use crate::time::Timestamp;
use crate::transition::{Reason, Transition};

impl<C: Clock, O: Observer, N: AsRef<str>, R: Rule> CircuitBreaker<C, O, N, R> {
    // Where the answer depends on the time: apart, so that the path of a healthy circuit stays short, and one for each
    // form of the question, so that who asks for a `bool` links no more than that takes.
    #[cold]
    #[inline(never)]
    pub(super) fn allow_by_time(&self) -> bool {
        self.ask().is_ok()
    }

    #[cold]
    #[inline(never)]
    pub(crate) fn acquire_by_time(&self) -> Result<Ticket, Refusal> {
        self.ask()
    }

    #[inline(always)]
    pub(crate) fn ask(&self) -> Result<Ticket, Refusal> {
        // The common answer first, which takes no step because it changes nothing. It saves a quarter of the time and
        // costs 140 bytes of flash, which a chip does not have to spare.
        if cfg!(target_pointer_width = "64") {
            let (state, now) = self.look();
            if let Some(refusal) = self.plain_refusal(state, now) {
                return Err(self.refused(refusal, mode_of(refusal)));
            }
        }
        self.ask_by_step()
    }

    /// A refusal, where that is all that happens: nothing is let through in spite of it, and the clock has not gone back.
    #[inline(always)]
    fn plain_refusal(&self, state: State, now: Timestamp) -> Option<Refusal> {
        if state.is_shadow() || state.is_ahead_of(now) {
            return None;
        }
        plain_refusal::<R>(&self.policy, state, R::open_ms(&self.policy, &self.memory), now)
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
        self.settle_after(ticket, outcome, None)
    }

    /// Settles, not apart from the path of a healthy circuit where this is that path.
    #[inline]
    pub(super) fn settle_here(&self, ticket: Option<Ticket>, outcome: Outcome, took: Option<u32>) -> Receipt {
        if R::WINDOW && !R::QUIETS {
            self.settle_in_window(ticket, outcome, took)
        } else {
            self.settle_apart(ticket, outcome, took)
        }
    }

    #[inline(never)]
    fn settle_apart(&self, ticket: Option<Ticket>, outcome: Outcome, took: Option<u32>) -> Receipt {
        self.settle_after(ticket, outcome, took)
    }

    #[inline(always)]
    fn settle_after(&self, ticket: Option<Ticket>, outcome: Outcome, took: Option<u32>) -> Receipt {
        if R::WINDOW {
            return self.settle_in_window(ticket, outcome, took);
        }
        let slow = Cell::new(false);
        let is_slow = |now| {
            slow.set(self.is_slow(ticket, took, now));
            slow.get()
        };
        let receipt = match self.run_with(Event::Settle(ticket, outcome), is_slow) {
            Verdict::Settled(receipt) => receipt,
            _ => Receipt::Recorded,
        };
        self.ended(outcome, receipt, slow.get())
    }

    /// Tells of a call that ended; where nobody listens, of nothing.
    #[inline(always)]
    pub(crate) fn ended(&self, outcome: Outcome, receipt: Receipt, slow: bool) -> Receipt {
        self.observer.on_call(self.operation_name(), CallReport::new(outcome, receipt, slow));
        receipt
    }

    /// Puts an outcome into the window once, whatever happens meanwhile, and steps it unless that is all there is to do.
    #[inline]
    fn settle_in_window(&self, ticket: Option<Ticket>, outcome: Outcome, took: Option<u32>) -> Receipt {
        loop {
            let state = self.cell.load();
            if !counts_in_closed(state, ticket, outcome) {
                match self.settle_once(state, ticket, outcome, took) {
                    Some(receipt) => return receipt,
                    None => continue,
                }
            }
            // Read once, after the state, by whoever needs it.
            let mut moment = None;
            match self.remember(state, outcome, || *moment.insert(self.read(ticket, took))) {
                Recorded::Over => {}
                // A slow call is never quiet.
                Recorded::Quietly if state.nothing_to_forget() => {
                    return self.ended(outcome, Receipt::Recorded, false);
                }
                Recorded::Quietly | Recorded::Tellingly => {
                    let moment = moment.unwrap_or_else(|| self.read(ticket, took));
                    let receipt = self.settle_recorded(state, moment, ticket, outcome);
                    return self.ended(outcome, receipt, moment.slow);
                }
            }
        }
    }

    /// Steps an outcome that belongs into no window. `None`: somebody else has changed the state meanwhile.
    #[cold]
    #[inline(never)]
    fn settle_once(
        &self,
        state: State,
        ticket: Option<Ticket>,
        outcome: Outcome,
        took: Option<u32>,
    ) -> Option<Receipt> {
        let (event, Moment { now, slow }) = (Event::Settle(ticket, outcome), self.read(ticket, took));
        let scene = Scene { state, event, now, slow, recorded: false };
        match self.attempt(scene, |evidence| settle_with::<R>(&self.policy, state, ticket, outcome, now, evidence)) {
            Some((Verdict::Settled(receipt), _)) => Some(self.ended(outcome, receipt, slow)),
            _ => None,
        }
    }

    /// Steps an outcome that is in the window of `state`, until nobody has interfered.
    #[inline(never)]
    fn settle_recorded(&self, mut state: State, moment: Moment, ticket: Option<Ticket>, outcome: Outcome) -> Receipt {
        let (event, generation) = (Event::Settle(ticket, outcome), state.generation());
        let Moment { mut now, slow } = moment;
        loop {
            let scene = Scene { state, event, now, slow, recorded: true };
            let step = |evidence| settle_with::<R>(&self.policy, state, ticket, outcome, now, evidence);
            if let Some((Verdict::Settled(receipt), _)) = self.attempt(scene, step) {
                if self.glance().generation() != generation {
                    // Or it would go on in the generation that bears the same number.
                    R::clear(&self.memory, generation);
                }
                return receipt;
            }
            (state, now) = self.look();
            // It is in a window that is over: what it could do there, somebody else has done.
            if state.generation() != generation {
                if matches!(outcome, Outcome::Failure) {
                    self.last_failure.store(Some(now));
                }
                return Receipt::Recorded;
            }
        }
    }

    /// The time, and whether a call that ends now was slow.
    #[inline(always)]
    fn read(&self, ticket: Option<Ticket>, took: Option<u32>) -> Moment {
        let now = self.clock.now();
        Moment { now, slow: self.is_slow(ticket, took, now) }
    }

    /// Puts a call into the window of `state`.
    #[inline(always)]
    fn remember(&self, state: State, outcome: Outcome, read: impl FnMut() -> Moment) -> Recorded {
        let generation = state.generation();
        let still = || {
            let state = self.cell.glance();
            state.circuit() == CircuitState::Closed && state.generation() == generation
        };
        let call = Call { generation, failed: matches!(outcome, Outcome::Failure), still: &still };
        R::record(&self.policy, &self.memory, call, read)
    }

    /// Whether a call that took so long, or was let through by this ticket, is slow.
    #[inline(always)]
    fn is_slow(&self, ticket: Option<Ticket>, took: Option<u32>, now: Timestamp) -> bool {
        let slow_call_ms = R::slow_call_ms(&self.policy);
        slow_call_ms > 0 && took.or(ticket.and_then(|ticket| ticket.age(now))).is_some_and(|ms| ms > slow_call_ms)
    }

    pub(crate) fn command(&self, event: Event) {
        loop {
            let (state, now) = self.look();
            let scene = Scene { state, event, now, slow: false, recorded: false };
            let step = |evidence| step_with::<R>(&self.policy, state, event, now, evidence);
            let Some((_, evidence)) = self.attempt(scene, step) else { continue };
            match event {
                Event::Trip if state.circuit() == CircuitState::Open => {
                    R::tripped_again(&self.policy, &self.memory, evidence);
                }
                // It takes the window along.
                Event::Shadow => {}
                // A circuit that was CLOSED has left its window, or is still in it after a reset.
                _ => R::clear(&self.memory, state.generation()),
            }
            return;
        }
    }

    /// Steps until nobody has interfered. Inlined, so that each caller links only its part of the rules.
    #[inline(always)]
    fn run(&self, event: Event) -> Verdict {
        self.run_with(event, |_| false)
    }

    /// [`run`](Self::run) for an event that ends a call, which may have been slow.
    #[inline(always)]
    fn run_with(&self, event: Event, is_slow: impl Fn(Timestamp) -> bool) -> Verdict {
        loop {
            let (state, now) = self.look();
            let scene = Scene { state, event, now, slow: is_slow(now), recorded: false };
            match self.attempt(scene, |evidence| step_with::<R>(&self.policy, state, event, now, evidence)) {
                Some((Verdict::Again, _)) | None => {}
                Some((verdict, _)) => return verdict,
            }
        }
    }

    /// One step; `None` if somebody else has changed the state meanwhile. The step is the caller's, because an event whose
    /// outcome is not known when this is compiled is not known to be an outcome's either, and all events would be linked.
    #[inline(always)]
    fn attempt(&self, scene: Scene, step: impl FnOnce(R::Evidence) -> Step) -> Option<(Verdict, R::Evidence)> {
        let Scene { state, now, .. } = scene;
        let evidence = R::evidence(&self.policy, &self.memory, scene);
        let step = step(evidence);
        if let Some(next) = step.next {
            // What it says may be of a later opening, over which nothing of this one may be stored.
            let late = R::recovery(&self.policy).is_some() && !self.is_at(state);
            if late || !R::prepare(&self.policy, &self.memory, state, next, evidence) {
                return None;
            }
        }
        Some((self.commit(state, now, step)?, evidence))
    }

    /// Whether nobody has changed the circuit since `state` was loaded.
    #[inline(always)]
    pub(crate) fn is_at(&self, state: State) -> bool {
        self.cell.is_at(state)
    }

    /// The state, and a time that is read after it and so is not before it: only a clock that went back reads earlier.
    #[inline(always)]
    pub(crate) fn look(&self) -> (State, Timestamp) {
        let state = self.cell.load();
        (state, self.clock.now())
    }

    /// Stores a step and tells what happened; `None` if somebody else has changed the state meanwhile.
    #[inline(always)]
    fn commit(&self, state: State, now: Timestamp, step: Step) -> Option<Verdict> {
        if step.next.is_some_and(|next| !self.cell.exchange(state, next)) {
            return None;
        }
        if R::WINDOW && matches!(step.effect.transition, Some(Transition { reason: Reason::Shadowed, .. })) {
            self.carry(state, step.next);
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

    /// Shadow mode goes on with the window of a CLOSED circuit whose rules were in force.
    fn carry(&self, state: State, next: Option<State>) {
        if let (true, Some(next)) = (state.admits_freely(), next) {
            R::carry(&self.memory, state.generation(), next.generation());
        }
    }

    /// Records an outcome whose request nobody knows.
    #[cfg(feature = "redis")]
    pub(crate) fn settle_unfenced(&self, outcome: Outcome) -> Receipt {
        self.record(outcome)
    }

    /// Takes back a request that was let through and not made: nobody is told of a call.
    #[cfg(feature = "redis")]
    pub(crate) fn give_back(&self, ticket: Ticket) {
        self.run(Event::Settle(Some(ticket), Outcome::Ignored));
    }

    /// What a request would be refused with until an opening ends, where that is all that would happen.
    #[cfg(feature = "redis")]
    #[inline]
    pub(crate) fn refuses_for_a_time(&self) -> Option<Refusal> {
        let (state, now) = self.look();
        let timed = |refusal: &Refusal| refusal.state == CircuitState::Open && refusal.retry_after_ms.is_some();
        self.plain_refusal(state, now).filter(timed)
    }

    /// Tells of a transition that somebody else has made.
    #[cfg(feature = "redis")]
    pub(crate) fn tell(&self, transition: &Transition) {
        crate::logging::transition(self.operation_name(), transition);
        self.observer.on_transition(self.operation_name(), transition);
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
