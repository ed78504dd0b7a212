//! How a breaker of one owner does what [`step`](crate::machine::step) says.
//!
//! ```
//! use halfopen::local::{At, LocalBreaker, LocalRule};
//! use halfopen::machine::{Event, Verdict};
//!
//! let policy = LocalRule::Consecutive.check(&halfopen::Config::new(), false)?;
//! let mut breaker = LocalBreaker::new(policy, &mut []);
//! let at = At { now: halfopen::Timestamp::ZERO, random: 0 };
//! assert_eq!(breaker.dispatch(Event::Isolate, None, at, &()), Verdict::Done);
//! # Ok::<(), halfopen::ConfigError>(())
//! ```

use super::rule::{Chosen, Evidence};
use super::window::Head;
use super::{LocalBreaker, LocalRule};
use crate::circuit::{CircuitState, Mode};
use crate::event::{Event, Move, Outcome, Receipt, Ticket, Verdict};
use crate::observer::Observer;
use crate::rule::{Counts, Luck, TripRule};
use crate::rules::Scene;
use crate::rules::opening::Length;
use crate::rules::window::WindowEvidence;
use crate::state::State;
use crate::step::{counts_in_closed, decide, transition};
use crate::time::Timestamp;
use crate::transition::Reason;

/// When an event happens, and what chance says then: any number of 32 bits.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct At {
    /// The time.
    pub now: Timestamp,
    /// By which openings are jittered and requests are let through in a ramp-up.
    pub random: u32,
}

impl LocalBreaker<'_> {
    /// Does what an event asks for, and tells `observer`, by no name, what became of it. `took`: how many milliseconds the
    /// call took that the event ends, where its ticket does not know.
    pub fn dispatch(&mut self, event: Event, took: Option<u32>, at: At, observer: &impl Observer) -> Verdict {
        loop {
            match self.step(event, took, at, observer) {
                Verdict::Again => {}
                verdict => return verdict,
            }
        }
    }

    /// One step of [`dispatch`](Self::dispatch): [`Verdict::Again`] asks for the same one more. For a caller in which all is to
    /// be in one place: out of a loop a compiler takes whatever does not change, and so makes it longer and slower.
    #[inline]
    pub fn step(&mut self, event: Event, took: Option<u32>, at: At, observer: &impl Observer) -> Verdict {
        let (state, mut recorded, mut slow) = (self.state, false, false);
        if let Event::Settle(ticket, outcome) = event {
            slow = self.is_slow(ticket, took, at.now);
            recorded = counts_in_closed(state, ticket, outcome);
            if recorded {
                let failed = matches!(outcome, Outcome::Failure);
                self.remember(failed, slow, at.now);
                // Nothing is counted, in the window or in the state: a good call changes nothing more.
                if !failed && !slow && state.nothing_to_forget() && self.head.is_good() {
                    return Verdict::Settled(Receipt::Recorded);
                }
            }
        }
        let evidence = self.evidence(Scene { state, event, now: at.now, slow, recorded }, at.random);
        let step: Move = decide::<Chosen, _>(&self.policy, state, event, at.now, evidence);
        self.commit(state, event, &step, evidence, at.now);
        if let Some(reason) = step.reason {
            self.tell(state, reason, evidence.window.counts, observer);
        }
        match step.verdict {
            Verdict::Refused(refusal) | Verdict::Shadowed(_, refusal) if !matches!(event, Event::Inquire) => {
                let mode = if state.is_shadow() {
                    Mode::Shadow
                } else if refusal.retry_after_ms.is_some() {
                    Mode::Normal
                } else {
                    Mode::Isolated
                };
                observer.on_refused("", &refusal, mode);
            }
            Verdict::Settled(receipt) if step.late => observer.on_late("", receipt),
            _ => {}
        }
        step.verdict
    }

    /// Tells of the transition that has led from `before` to the state that is stored.
    // One copy, in which what an observer does with it can be seen by a compiler.
    #[inline(never)]
    pub(super) fn tell(&self, before: State, reason: Reason, counts: Counts, observer: &impl Observer) {
        let window = WindowEvidence { counts, ..WindowEvidence::default() };
        let evidence = Evidence { window, ..Evidence::default() };
        observer.on_transition("", &transition::<Chosen>(&self.policy, before, self.state, reason, evidence));
    }

    fn is_slow(&self, ticket: Option<Ticket>, took: Option<u32>, now: Timestamp) -> bool {
        let slow_call_ms = Chosen::slow_call_ms(&self.policy);
        slow_call_ms > 0 && took.or(ticket.and_then(|ticket| ticket.age(now))).is_some_and(|ms| ms > slow_call_ms)
    }

    fn evidence(&self, scene: Scene, random: u32) -> Evidence {
        let Scene { state, now, .. } = scene;
        let window = WindowEvidence::of(&self.policy.window, scene, |_| self.counts(now));
        let next = self.opening.next(state, random);
        let luck = Luck { reopenings: next.reopenings(), random, open_ms: self.open_ms() };
        Evidence { window, luck, next }
    }

    /// Takes a call into the window, where there is one.
    fn remember(&mut self, failed: bool, slow: bool, now: Timestamp) {
        let Self { policy, head, words, .. } = self;
        match policy.rule {
            LocalRule::Consecutive | LocalRule::ConsecutiveSlow => {}
            LocalRule::CountWindow(_) => head.record_call(words, policy.window.size(), failed, slow),
            LocalRule::TimeWindow => head.record_at(words, policy.bucket_ms, now.low(), failed, slow),
        }
    }

    /// What the window holds.
    pub(super) fn counts(&self, now: Timestamp) -> Counts {
        match self.policy.rule {
            LocalRule::TimeWindow => self.head.counts_at(self.words, self.policy.bucket_ms, now.low()),
            _ => self.head.counts(),
        }
    }

    /// Stores a step, and what belongs to it.
    fn commit(&mut self, before: State, event: Event, step: &Move, evidence: Evidence, now: Timestamp) {
        let next = step.next;
        let opens = next.circuit() == CircuitState::Open && before.circuit() != CircuitState::Open;
        // An isolation is no reopening; where the circuit was CLOSED, it begins with none.
        let reopens = opens && !(next.mode() == Mode::Isolated && before.circuit() == CircuitState::HalfOpen);
        let trips_again = matches!(event, Event::Trip) && before.circuit() == CircuitState::Open;
        if reopens {
            self.opening = evidence.next;
        } else if trips_again {
            self.opening = self.opening.with_random(evidence.luck.random);
        }
        if reopens || trips_again {
            self.length = Length::NONE;
        }
        if step.failed {
            self.last_failure = Some(now);
        }
        self.state = next;
        // A window is that of one CLOSED circuit, but shadow mode takes it along.
        let left = before.generation() != next.generation();
        if (left || matches!(event, Event::Reset)) && !(matches!(event, Event::Shadow) && before.admits_freely()) {
            self.head = Head::default();
        }
    }

    /// How long the opening that is lasts in all.
    pub(super) fn open_ms(&self) -> u32 {
        let base = self.policy.base().recovery_timeout_ms();
        match &self.policy.recovery {
            Some(recovery) => self.length.ms(self.opening).unwrap_or_else(|| self.opening.open_ms(recovery, base)),
            None => base,
        }
    }
}
