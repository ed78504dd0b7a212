//! The naive breaker, the bare step and the real breaker, through the same life.

use std::format;
use std::vec::Vec;

use halfopen::machine::{Event, State, Ticket, Verdict};
use halfopen::{CircuitState, Clock, Outcome, Receipt, Snapshot, Timestamp};

use super::kept::Kept;
use super::naive::{Naive, Pass, Told};
use super::rules::Rules;
use super::subjects::{Bare, Watched, watched};

/// How far the clock can stray from where it began: no interval is then longer than the 2^31 - 1 ms of the documentation,
/// not even where a restored state began to wait before the clock did.
const RANGE: i64 = 1 << 30;

/// A length of time that means something to a breaker.
#[derive(Clone, Copy, Debug)]
pub enum Span {
    /// So many milliseconds.
    Millis(i64),
    /// As long as a request would have to wait, and so much more.
    Wait(i64),
    /// One timeout, and so much more.
    Recovery(i64),
    /// One lease, and so much more.
    Lease(i64),
}

/// What happens to all three.
#[derive(Clone, Debug)]
pub enum Op {
    /// A request by `acquire_ticket`, whose call is out from then on if it is let through.
    Ask,
    /// A request by `allow_request`.
    AskBare,
    /// A request by `try_acquire`, whose permit is dropped at once.
    AskAndDrop,
    /// One of the calls that are out ends.
    End(usize, Outcome),
    /// A call ends, and nobody says which.
    Report(Outcome),
    /// `trip`, `isolate`, `disable`, `shadow` or `reset`.
    Command(Event),
    /// The clock goes on.
    Forward(Span),
    /// The clock goes back.
    Back(Span),
    /// A snapshot is taken.
    Keep,
    /// The latest snapshot is restored, if there is one.
    Restore,
    /// The process restarts: another clock, and perhaps other rules.
    Restart(u64, Option<Rules>),
}

/// The three, and the world around them.
pub struct Trio {
    naive: Naive,
    /// Nothing restores a bare state: it is left behind by the first restore.
    bare: Option<Bare>,
    real: Watched,
    start: i64,
    now: u64,
    out: Vec<(Pass, Ticket)>,
    kept: Option<(Kept, Snapshot)>,
    /// Every other time, so that there are moves after which nobody has asked.
    inquires: bool,
    /// The state that was compared in full: it takes long, and most moves change nothing.
    shown: Option<State>,
}

impl Trio {
    /// Three new ones, whose clocks show `start`.
    ///
    /// # Panics
    ///
    /// If `rules` are none.
    #[must_use]
    pub fn new(rules: Rules, start: u64) -> Self {
        Self {
            naive: Naive::new(rules),
            bare: Some(Bare::new(&rules)),
            real: watched(&rules, start),
            inquires: false,
            start: start as i64,
            now: start,
            out: Vec::new(),
            kept: None,
            shown: None,
        }
    }

    /// Does it, compares, and gives what was told.
    ///
    /// # Panics
    ///
    /// If they differ.
    pub fn does(&mut self, op: &Op) -> Vec<Told> {
        match *op {
            Op::Ask => self.ask(),
            Op::AskBare => {
                let pass = self.naive.ask(self.now);
                self.bare_asks(pass.is_some());
                assert_eq!(self.real.would_allow(), pass.is_some());
                assert_eq!(self.real.allow_request(), pass.is_some());
            }
            Op::AskAndDrop => self.ask_and_drop(),
            Op::End(call, outcome) if !self.out.is_empty() => {
                let call = self.out.swap_remove(call % self.out.len());
                self.end(Some(call), outcome);
            }
            Op::End(..) => {}
            Op::Report(outcome) => self.end(None, outcome),
            Op::Command(command) => self.command(command),
            Op::Forward(span) => self.clock(self.span(span)),
            Op::Back(span) => self.clock(-self.span(span)),
            Op::Keep => self.kept = Some((self.naive.keep(self.now), self.real.snapshot())),
            Op::Restore => self.restore(),
            Op::Restart(start, rules) => self.restart(start, rules),
        }
        self.compare()
    }

    fn bare_asks(&mut self, granted: bool) -> Option<Ticket> {
        let ticket = match self.bare.as_mut()?.run(Event::Acquire, self.now) {
            Verdict::Admitted(ticket) | Verdict::Shadowed(ticket, _) => Some(ticket),
            Verdict::Refused(_) => None,
            other => panic!("a request was answered {other:?}"),
        };
        assert_eq!(ticket.is_some(), granted);
        ticket
    }

    fn ask(&mut self) {
        let pass = self.naive.ask(self.now);
        let by_step = self.bare_asks(pass.is_some());
        let ticket = self.real.acquire_ticket().ok();
        assert!(self.bare.is_none() || ticket == by_step);
        assert_eq!(ticket.is_some(), pass.is_some());
        if let (Some(pass), Some(ticket)) = (pass, ticket) {
            assert_eq!((ticket.is_probe(), ticket.generation()), (pass.probe, self.naive.generation()));
            self.out.push((pass, ticket));
        }
    }

    fn ask_and_drop(&mut self) {
        let pass = self.naive.ask(self.now);
        let by_step = self.bare_asks(pass.is_some());
        if pass.is_some() {
            self.naive.report(self.now, pass, Outcome::Ignored);
        }
        if let (Some(bare), Some(ticket)) = (&mut self.bare, by_step) {
            bare.run(Event::Settle(Some(ticket), Outcome::Ignored), self.now);
        }
        let permit = self.real.try_acquire();
        assert_eq!(permit.as_ref().map(|permit| permit.is_probe()).ok(), pass.map(|pass| pass.probe));
        if let Err(error) = permit {
            assert_eq!(error.state, self.real.state());
        }
    }

    fn end(&mut self, call: Option<(Pass, Ticket)>, outcome: Outcome) {
        let expected = self.naive.report(self.now, call.map(|(pass, _)| pass), outcome);
        let ticket = call.map(|(_, ticket)| ticket);
        if let Some(bare) = &mut self.bare {
            assert_eq!(bare.run(Event::Settle(ticket, outcome), self.now), Verdict::Settled(expected));
        }
        let receipt: Receipt = match (ticket, outcome) {
            (Some(ticket), outcome) => self.real.settle_ticket(ticket, outcome),
            (None, Outcome::Success) => self.real.record_success(),
            (None, Outcome::Failure) => self.real.record_failure(),
            (None, Outcome::Ignored) => self.real.record_ignored(),
        };
        assert_eq!(receipt, expected);
    }

    fn command(&mut self, command: Event) {
        if let Some(bare) = &mut self.bare {
            assert_eq!(bare.run(command, self.now), Verdict::Done);
        }
        match command {
            Event::Trip => (self.naive.trip(self.now), self.real.trip()),
            Event::Isolate => (self.naive.isolate(), self.real.isolate()),
            Event::Disable => (self.naive.disable(), self.real.disable()),
            Event::Shadow => (self.naive.shadow(), self.real.shadow()),
            Event::Reset => (self.naive.reset(), self.real.reset()),
            Event::Acquire | Event::Inquire | Event::Settle(..) => unreachable!("not a command"),
        };
    }

    fn span(&self, span: Span) -> i64 {
        match span {
            Span::Millis(ms) => ms,
            Span::Wait(more) => self.naive.wait(self.now) as i64 + more,
            Span::Recovery(more) => self.naive.rules.recovery_ms as i64 + more,
            Span::Lease(more) => self.naive.rules.lease_ms as i64 + more,
        }
    }

    fn clock(&mut self, by: i64) {
        self.now = (self.now as i64 + by).clamp(self.start, self.start + RANGE) as u64;
        self.real.clock().set(Timestamp::from_millis(self.now));
    }

    fn restore(&mut self) {
        if let Some((kept, snapshot)) = &self.kept {
            self.bare = None;
            self.naive.restore(self.now, kept);
            self.real.restore(snapshot).expect("a snapshot of a breaker");
        }
    }

    fn restart(&mut self, start: u64, rules: Option<Rules>) {
        let rules = rules.unwrap_or(self.naive.rules);
        let kept = (self.naive.keep(self.now), self.real.snapshot());
        self.naive = Naive::new(rules);
        self.real = watched(&rules, start);
        (self.start, self.now, self.kept) = (start as i64, start, Some(kept));
        self.out.clear();
        self.restore();
    }

    fn compare(&mut self) -> Vec<Told> {
        let (naive, real, now) = (&self.naive, &self.real, self.now);
        assert_eq!(real.clock().now().as_millis(), now);
        assert_eq!((real.state(), real.mode()), (naive.state(now), naive.mode));
        assert_eq!(u32::from(real.failure_count()), naive.failures);
        assert_eq!(real.generation(), naive.generation());
        assert_eq!(real.last_failure_time().map(Timestamp::as_millis), naive.last_failure);
        self.compare_snapshot(&naive.keep(now), &real.snapshot());
        if let Some(bare) = &self.bare {
            let state = bare.state;
            if self.shown != Some(state) {
                self.shown = Some(state);
                assert!(format!("{real:?}").contains(&format!("{state:?}")), "{state:?} is not in {real:?}");
            }
            assert_eq!((state.in_flight().into(), state.successes().into()), (naive.probes.len(), naive.successes));
            assert_eq!(state.in_force(real.policy(), Timestamp::from_millis(now)), naive.state(now));
            assert_eq!(bare.last_failure, naive.last_failure);
        }
        self.inquires = !self.inquires;
        if self.inquires {
            self.inquire();
        }
        let told = core::mem::take(&mut self.naive.told);
        if let Some(bare) = &mut self.bare {
            assert_eq!(core::mem::take(&mut bare.told), told);
        }
        assert_eq!(self.real.observer().0.take(), told);
        told
    }

    /// To ask how long to wait is to notice that the clock went back.
    fn inquire(&mut self) {
        let wait = self.naive.inquire(self.now);
        if let Some(bare) = &mut self.bare {
            let answer = match bare.run(Event::Inquire, self.now) {
                Verdict::Refused(refusal) => refusal.retry_after_ms.map(u64::from),
                Verdict::Done | Verdict::Shadowed(..) => Some(0),
                other => panic!("an inquiry was answered {other:?}"),
            };
            assert_eq!(answer, wait);
        }
        assert_eq!(self.real.retry_after().map(|wait| wait.as_millis() as u64), wait);
        assert_eq!(self.real.would_allow(), wait == Some(0));
    }

    fn compare_snapshot(&self, kept: &Kept, snapshot: &Snapshot) {
        assert_eq!((snapshot.state(), snapshot.mode()), (kept.circuit, kept.mode));
        assert_eq!(u32::from(snapshot.failure_count()), kept.failures);
        assert_eq!(u64::from(snapshot.remaining_ms()), kept.remaining);
        assert_eq!(snapshot.last_failure_ago_ms(), kept.last_failure_ago);
        assert!(kept.remaining == 0 || kept.circuit == CircuitState::Open);
    }
}
