//! The naive breaker, the bare step and the real breaker, through the same life.

use core::cell::OnceCell;
use core::slice;
use core::time::Duration;
use std::vec::Vec;

use halfopen::machine::{Event, State, Ticket, Verdict};
use halfopen::rules::{Adaptive, Consecutive, ConsecutiveSlow, CountWindow, TimeWindow};
use halfopen::{CircuitBreaker, ManualClock, Outcome, Permit, Snapshot, Timestamp};

use super::kept::Kept;
use super::life::{Life, Op};
use super::naive::{Naive, Pass};
use super::rule::Trip;
use super::rules::Rules;
use super::subjects::{Bare, ByRule, Chance, Log, Watched, watched};
use super::told::Told;

/// The greatest time that a manual clock shows.
const END: u64 = u64::MAX - 1;

/// Lives `life` and compares after each operation; `after` hears the number of that operation, and what was told. By
/// the rule of the life, as long as there is one with so many buckets.
///
/// # Panics
///
/// If the breakers differ, or if the library refuses the rules.
pub fn live(life: &Life, after: &mut dyn FnMut(usize, &[Told])) {
    match (life.rules.trip, life.rules.back.is_some()) {
        (Trip::InARow, false) => live_by::<Consecutive>(life, after),
        (Trip::InARow, true) => live_by::<Adaptive<Consecutive, Chance>>(life, after),
        (Trip::InARowSlow(_), false) => live_by::<ConsecutiveSlow>(life, after),
        (Trip::InARowSlow(_), true) => live_by::<Adaptive<ConsecutiveSlow, Chance>>(life, after),
        (Trip::Calls(..), false) => live_by::<CountWindow<64>>(life, after),
        (Trip::Calls(..), true) => live_by::<Adaptive<CountWindow<64>, Chance>>(life, after),
        (Trip::Time(2, ..), false) => live_by::<TimeWindow<2>>(life, after),
        (Trip::Time(2, ..), true) => live_by::<Adaptive<TimeWindow<2>, Chance>>(life, after),
        (Trip::Time(5, ..), false) => live_by::<TimeWindow<5>>(life, after),
        (Trip::Time(5, ..), true) => live_by::<Adaptive<TimeWindow<5>, Chance>>(life, after),
        (Trip::Time(buckets, ..), _) => panic!("a window of {buckets} buckets is lived by live_by"),
    }
}

/// [`live`] by another rule, which must be that of the life.
///
/// # Panics
///
/// If the breakers differ, or if the library refuses the rules.
pub fn live_by<R: ByRule>(life: &Life, after: &mut dyn FnMut(usize, &[Told])) {
    // Permits borrow their breaker, so each one of this life has its place before it begins.
    let restarts = life.ops.iter().filter(|op| matches!(op, Op::Restart(..))).count();
    let mut places = Vec::new();
    places.resize_with(1 + restarts, OnceCell::new);
    let mut trio = Trio::<R>::new(life, places.iter());
    for (number, op) in life.ops.iter().enumerate() {
        after(number, &trio.does(op));
        if trio.naive.may_be_mistaken() {
            return;
        }
    }
}

/// A call that is out.
struct Call<'a, R: ByRule> {
    pass: Pass,
    ticket: Ticket,
    permit: Option<Permit<'a, CircuitBreaker<ManualClock, Log, &'static str, R>>>,
}

pub(crate) struct Trio<'a, R: ByRule> {
    pub(crate) naive: Naive,
    /// Nothing restores a bare state: it is left behind by the first restore.
    pub(crate) bare: Option<Bare>,
    pub(crate) real: &'a Watched<R>,
    places: slice::Iter<'a, OnceCell<Watched<R>>>,
    pub(crate) now: u64,
    out: Vec<Call<'a, R>>,
    kept: Option<(Kept, Snapshot)>,
    /// The state that was compared in full: it takes long, and most moves change nothing.
    pub(crate) shown: Option<State>,
}

fn new_in<'a, R: ByRule>(
    places: &mut slice::Iter<'a, OnceCell<Watched<R>>>,
    rules: &Rules,
    now: u64,
) -> &'a Watched<R> {
    places.next().expect("a place for each restart").get_or_init(|| watched(rules, now))
}

impl<'a, R: ByRule> Trio<'a, R> {
    fn new(life: &Life, places: slice::Iter<'a, OnceCell<Watched<R>>>) -> Self {
        Self::begin(&life.rules, life.start, places)
    }

    pub(crate) fn begin(rules: &Rules, start: u64, mut places: slice::Iter<'a, OnceCell<Watched<R>>>) -> Self {
        Self {
            naive: Naive::new(*rules),
            bare: (rules.trip, rules.back).eq(&(Trip::InARow, None)).then(|| Bare::new(rules)),
            real: new_in(&mut places, rules, start),
            places,
            now: start,
            out: Vec::new(),
            kept: None,
            shown: None,
        }
    }

    /// Does it, compares, and gives what was told.
    fn does(&mut self, op: &Op) -> Vec<Told> {
        self.act(op);
        self.compare()
    }

    /// Does it; only the answers are compared.
    pub(crate) fn act(&mut self, op: &Op) {
        match *op {
            Op::Ask => self.ask(),
            Op::AskAndHold => {
                let call = self.acquire();
                self.out.extend(call);
            }
            Op::AskAndDrop => {
                if let Some(call) = self.acquire() {
                    self.abandon(call);
                }
            }
            Op::AskBare => {
                let pass = self.naive.ask(self.now);
                self.bare_asks(pass.is_some());
                assert_eq!(self.real.allow_request(), pass.is_some());
            }
            Op::End(call, outcome) if !self.out.is_empty() => {
                let call = self.out.swap_remove(call % self.out.len());
                self.end(Some(call), outcome);
            }
            Op::Abandon(call) if !self.out.is_empty() => {
                let call = self.out.swap_remove(call % self.out.len());
                self.abandon(call);
            }
            Op::End(..) | Op::Abandon(_) => {}
            Op::Report(outcome) => self.end(None, outcome),
            Op::ReportAfter(outcome, ms) => {
                let expected = self.naive.report_after(self.now, None, outcome, Some(ms));
                if let Some(bare) = &mut self.bare {
                    assert_eq!(bare.run(Event::Settle(None, outcome), self.now), Verdict::Settled(expected));
                }
                assert_eq!(self.real.record_after(outcome, Duration::from_millis(ms)), expected);
            }
            Op::HoldOpen(ms) => {
                self.naive.hold_open(self.now, ms);
                R::hold_open(self.real, Duration::from_millis(ms));
            }
            Op::Chance(number) => {
                self.naive.chance = number;
                R::choose(self.real, number);
            }
            Op::WouldAllow => {
                let wait = self.inquire();
                assert_eq!(self.real.would_allow(), wait == Some(0));
            }
            Op::RetryAfter => {
                let wait = self.inquire();
                assert_eq!(self.real.retry_after().map(|wait| wait.as_millis() as u64), wait);
            }
            Op::Command(command) => self.command(command),
            Op::Forward(span) => self.clock(span.millis(&self.naive, self.now)),
            Op::Back(span) => self.clock(-span.millis(&self.naive, self.now)),
            Op::Keep => self.keep(),
            Op::Invent(kept) => {
                let read = kept.read();
                assert_eq!(read.is_some(), kept.is_possible(), "{read:?}");
                self.kept = read.map(|snapshot| (kept, snapshot)).or(self.kept);
            }
            Op::Restore => self.restore(),
            Op::Restart(start, rules) => self.restart(start, rules),
        }
    }

    /// The calls that are out.
    pub(crate) fn passes(&self) -> impl Iterator<Item = &Pass> {
        self.out.iter().map(|call| &call.pass)
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
        let answer = self.real.acquire_ticket();
        if let Err(refusal) = answer {
            assert_eq!(Some(&Told::refused(&refusal, false)), self.naive.told.last());
        }
        let call = self.call(pass, by_step, answer.ok(), None);
        self.out.extend(call);
    }

    /// By a permit.
    fn acquire(&mut self) -> Option<Call<'a, R>> {
        let pass = self.naive.ask(self.now);
        let by_step = self.bare_asks(pass.is_some());
        let answer = self.real.try_acquire();
        if let Err(error) = &answer {
            let wait = error.retry_after.map(|wait| wait.as_millis() as u64);
            assert_eq!(Some(&Told::Refused(error.state, wait, false)), self.naive.told.last());
        }
        let permit = answer.ok();
        self.call(pass, by_step, permit.as_ref().map(Permit::ticket), permit)
    }

    /// The call that was let through, if all three say so.
    fn call(
        &self,
        pass: Option<Pass>,
        by_step: Option<Ticket>,
        ticket: Option<Ticket>,
        permit: Option<Permit<'a, CircuitBreaker<ManualClock, Log, &'static str, R>>>,
    ) -> Option<Call<'a, R>> {
        assert!(self.bare.is_none() || ticket == by_step);
        assert_eq!(ticket.is_some(), pass.is_some());
        let (pass, ticket) = (pass?, ticket?);
        assert_eq!((ticket.is_probe(), ticket.generation()), (pass.probe, self.naive.generation()));
        Some(Call { pass, ticket, permit })
    }

    fn abandon(&mut self, call: Call<'a, R>) {
        if call.permit.is_some() {
            self.naive.report(self.now, Some(call.pass), Outcome::Ignored);
            if let Some(bare) = &mut self.bare {
                bare.run(Event::Settle(Some(call.ticket), Outcome::Ignored), self.now);
            }
        }
    }

    fn end(&mut self, call: Option<Call<'a, R>>, outcome: Outcome) {
        let expected = self.naive.report(self.now, call.as_ref().map(|call| call.pass), outcome);
        let ticket = call.as_ref().map(|call| call.ticket);
        if let Some(bare) = &mut self.bare {
            assert_eq!(bare.run(Event::Settle(ticket, outcome), self.now), Verdict::Settled(expected));
        }
        let receipt = match (call, outcome) {
            (Some(Call { permit: None, ticket, .. }), outcome) => self.real.settle_ticket(ticket, outcome),
            (Some(Call { permit: Some(permit), .. }), Outcome::Success) => permit.success(),
            (Some(Call { permit: Some(permit), .. }), Outcome::Failure) => permit.failure(),
            (Some(Call { permit: Some(permit), .. }), Outcome::Ignored) => permit.ignore(),
            (None, Outcome::Success) => self.real.record_success(),
            (None, Outcome::Failure) => self.real.record_failure(),
            (None, Outcome::Ignored) => self.real.record_ignored(),
        };
        assert_eq!(receipt, expected);
    }

    /// To ask how long to wait is to notice that the clock went back.
    fn inquire(&mut self) -> Option<u64> {
        let wait = self.naive.inquire(self.now);
        if let Some(bare) = &mut self.bare {
            let answer = match bare.run(Event::Inquire, self.now) {
                Verdict::Refused(refusal) => refusal.retry_after_ms.map(u64::from),
                Verdict::Done | Verdict::Shadowed(..) => Some(0),
                other => panic!("an inquiry was answered {other:?}"),
            };
            assert_eq!(answer, wait);
        }
        wait
    }

    fn command(&mut self, command: Event) {
        if let Some(bare) = &mut self.bare {
            assert_eq!(bare.run(command, self.now), Verdict::Done);
        }
        match command {
            Event::Trip => (self.naive.trip(self.now), self.real.trip()),
            Event::Isolate => (self.naive.isolate(self.now), self.real.isolate()),
            Event::Disable => (self.naive.disable(), self.real.disable()),
            Event::Shadow => (self.naive.shadow(), self.real.shadow()),
            Event::Reset => (self.naive.reset(), self.real.reset()),
            Event::Acquire | Event::Inquire | Event::Settle(..) => unreachable!("not a command"),
        };
    }

    pub(crate) fn clock(&mut self, by: i128) {
        self.now = (i128::from(self.now) + by).clamp(0, END.into()) as u64;
        self.real.clock().set(Timestamp::from_millis(self.now));
    }

    fn keep(&mut self) {
        let (kept, snapshot) = (self.naive.keep(self.now), self.real.snapshot());
        assert_eq!(serde_json::to_value(snapshot).expect("a snapshot"), kept.written());
        self.kept = Some((kept, snapshot));
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
        self.keep();
        self.out.clear();
        self.naive = Naive::new(rules);
        self.real = new_in(&mut self.places, &rules, start);
        self.shown = None;
        self.now = start;
        self.restore();
    }
}
