//! What a call does that does not find the circuit CLOSED with nothing counted.

use core::sync::atomic::Ordering;
use core::task::{Context, Poll, Waker};
use std::sync::{MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::{Member, Shared};
use crate::circuit::{CircuitState, Mode};
use crate::event::{Outcome, Receipt, Refusal, Ticket};
use crate::observer::Observer;
use crate::redis::FleetClock;
use crate::redis::circuit::{Answer, Face, ProbeId};
use crate::rules::Rule;
use crate::snapshot::Snapshot;
use crate::state::GENERATIONS;
use crate::transition::Transition;

/// What came of asking once.
enum Attempt {
    Done(Result<Ticket, Refusal>),
    /// Redis is asked; how often it had said something before.
    Asking(Refusal, u64),
}

impl<C: FleetClock, O: Observer, R: Rule> Member<C, O, R> {
    #[cold]
    #[inline(never)]
    pub(super) fn allow_slowly(&self) -> bool {
        self.refused_at_a_glance().is_none() && self.allow_otherwise()
    }

    #[inline(never)]
    fn allow_otherwise(&self) -> bool {
        if self.local_decides() && !self.has_probes_out() {
            let allowed = self.local.allow_request();
            self.after_local();
            return allowed;
        }
        match self.acquire_waiting() {
            Ok(ticket) => {
                if let Some(number) = ticket.fleet_number() {
                    self.lock().circuit.let_loose(ProbeId(number));
                }
                true
            }
            Err(_) => false,
        }
    }

    #[cold]
    #[inline(never)]
    pub(super) fn acquire_slowly(&self) -> Result<Ticket, Refusal> {
        match self.refused_at_a_glance() {
            Some(refusal) => Err(refusal),
            None => self.acquire_waiting(),
        }
    }

    /// What the circuit has refused a request with that came before this one, and would refuse this one with. Nothing of it has
    /// to be kept, nothing is written but the time, and threads do not wait for each other.
    #[inline(always)]
    fn refused_at_a_glance(&self) -> Option<Refusal> {
        // That somebody asks is to be seen once after each look at what the fleet says.
        let refusal = if self.in_use.load(Ordering::Relaxed) { self.refusing.answer(|| self.now()) } else { None };
        refusal.or_else(|| self.refuses_by_itself()).map(|refusal| self.refused(refusal))
    }

    /// The same where the own breaker decides: while it is OPEN, nobody has to know which probes run.
    #[inline]
    fn refuses_by_itself(&self) -> Option<Refusal> {
        let refusal = if self.local_decides() { self.local.refuses_for_a_time() } else { None };
        // Or what it says may be only what it shows of the fleet's circuit by now.
        refusal.filter(|_| self.local_decides())
    }

    #[inline(never)]
    fn acquire_waiting(&self) -> Result<Ticket, Refusal> {
        let mut attempt = self.attempt(None);
        let end = Instant::now() + self.probe_wait;
        loop {
            let (refusal, news) = match attempt {
                Attempt::Done(answer) => return answer,
                Attempt::Asking(refusal, news) => (refusal, news),
            };
            let shared = self.lock();
            let left = end.saturating_duration_since(Instant::now());
            // Without a thread, what there was to ask was asked and answered just now.
            if shared.news == news && (self.inline || left.is_zero()) {
                drop(shared);
                return Err(self.refused(refusal));
            }
            let no_news = |shared: &mut Shared| shared.news == news;
            drop(self.heard.wait_timeout_while(shared, left, no_news).unwrap_or_else(PoisonError::into_inner));
            attempt = self.attempt(None);
        }
    }

    /// As [`acquire_slowly`](Self::acquire_slowly), for a task: pending until Redis answers or counts as away.
    pub(super) fn poll_acquire(&self, context: &mut Context<'_>) -> Poll<Result<Ticket, Refusal>> {
        if let Some(refusal) = self.refused_at_a_glance() {
            return Poll::Ready(Err(refusal));
        }
        loop {
            match self.attempt(Some(context.waker())) {
                Attempt::Done(answer) => return Poll::Ready(answer),
                Attempt::Asking(..) if !self.inline => return Poll::Pending,
                Attempt::Asking(refusal, news) => {
                    if self.lock().news == news {
                        return Poll::Ready(Err(self.refused(refusal)));
                    }
                }
            }
        }
    }

    /// Something has come back: whoever waits looks again.
    pub(super) fn wake(&self) {
        let mut shared = self.lock();
        shared.news += 1;
        let waiting = core::mem::take(&mut shared.waiting);
        drop(shared);
        self.heard.notify_all();
        waiting.into_iter().for_each(Waker::wake);
    }

    /// Asks once. `waker`: of who has to be woken if nobody can say yet.
    fn attempt(&self, waker: Option<&Waker>) -> Attempt {
        let mut shared = self.lock();
        loop {
            let alone = shared.shown == Face::Alone;
            if alone && self.is_full(&mut shared) {
                let wait = self.local.policy_base().probe_timeout_ms();
                drop(shared);
                let refusal = Refusal { state: CircuitState::HalfOpen, retry_after_ms: Some(wait) };
                return Attempt::Done(Err(self.refused(refusal)));
            }
            if self.local_decides() || matches!(shared.shown, Face::Disabled | Face::Closed(_)) {
                drop(shared);
                let answer = self.local.acquire_ticket();
                if let Some(probe) = answer.ok().filter(|ticket| alone && ticket.is_probe()) {
                    let mut shared = self.lock();
                    if self.places_taken(&mut shared) > self.local.policy_base().half_open_max_calls().into() {
                        // Another thread has seen the same place free.
                        drop(shared);
                        self.local.give_back(probe);
                        let wait = self.local.policy_base().probe_timeout_ms();
                        let refusal = Refusal { state: CircuitState::HalfOpen, retry_after_ms: Some(wait) };
                        return Attempt::Done(Err(self.refused(refusal)));
                    }
                    let now = self.now();
                    shared.own_probes.push((probe, now));
                }
                self.after_local();
                return Attempt::Done(answer);
            }
            self.in_use.store(true, Ordering::Relaxed);
            match shared.circuit.acquire(self.now()) {
                Answer::Admitted(Some(probe)) => {
                    self.after(shared);
                    return Attempt::Done(Ok(Ticket::of_fleet(probe.0)));
                }
                // The fleet has closed it since: as it is shown.
                Answer::Admitted(None) => drop(self.show(&mut shared)),
                Answer::Refused(refusal) => {
                    self.after(shared);
                    return Attempt::Done(Err(self.refused(refusal)));
                }
                Answer::Asking(refusal) => {
                    let news = shared.news;
                    if let Some(waker) =
                        waker.filter(|waker| !shared.waiting.iter().any(|other| other.will_wake(waker)))
                    {
                        shared.waiting.push(waker.clone());
                    }
                    self.after(shared);
                    return Attempt::Asking(refusal, news);
                }
            }
        }
    }

    fn has_probes_out(&self) -> bool {
        let shared = self.lock();
        shared.circuit.probes_out() > 0 || !shared.own_probes.is_empty()
    }

    /// While Redis is away, a permit of the fleet that still runs takes a place of the own breaker, and so does a probe that
    /// was let through the last time it was away.
    fn is_full(&self, shared: &mut Shared) -> bool {
        let places = self.local.policy_base().half_open_max_calls().into();
        let in_flight = usize::from(self.local.in_flight());
        let taken = self.places_taken(shared);
        taken > in_flight && self.local.state() == CircuitState::HalfOpen && taken >= places
    }

    /// By probes of the own breaker, by earlier ones of it, and by permits of the fleet.
    fn places_taken(&self, shared: &mut Shared) -> usize {
        let (now, policy) = (self.now(), self.local.policy_base());
        let timeout = u64::from(policy.probe_timeout_ms()) * 1_000;
        shared.own_probes.retain(|(_, since)| now < since.saturating_add(timeout));
        let earlier = shared.own_probes.iter().filter(|(probe, _)| !self.local.is_current_probe(*probe)).count();
        shared.circuit.probes_out() + earlier + usize::from(self.local.in_flight())
    }

    #[cold]
    #[inline(never)]
    pub(super) fn settle_slowly(&self, ticket: Ticket, outcome: Outcome) -> Receipt {
        match ticket.fleet_number() {
            Some(number) => self.settle_probe(ProbeId(number), outcome),
            None => self.settle_plain(ticket, outcome),
        }
    }

    fn settle_probe(&self, id: ProbeId, outcome: Outcome) -> Receipt {
        let mut shared = self.lock();
        let alone = shared.shown == Face::Alone;
        let receipt = shared.circuit.settle_probe(self.now(), id, outcome);
        self.after(shared);
        if alone && receipt == Receipt::Recorded && self.local.in_flight() == 0 {
            // The fleet may never hear of it, so this instance takes it as its own, if it has none that it would stand for.
            // That tells of the call, too.
            self.local.settle_unfenced(outcome);
            self.after_local();
            return receipt;
        }
        self.ended(receipt, outcome)
    }

    fn settle_plain(&self, plain: Ticket, outcome: Outcome) -> Receipt {
        if plain.is_probe() {
            let mut shared = self.lock();
            if let Some(at) = shared.own_probes.iter().position(|(probe, _)| *probe == plain) {
                shared.own_probes.swap_remove(at);
            }
        }
        if self.local_decides() {
            if self.local.is_current(plain) {
                self.overhear(outcome);
            }
            let receipt = self.local.settle_ticket(plain, outcome);
            self.after_local();
            return receipt;
        }
        let mut shared = self.lock();
        let now = self.now();
        let receipt = match shared.shown {
            Face::Closed(_) if self.local.is_current(plain) => shared.circuit.settle(now, outcome),
            Face::Disabled => Receipt::Disabled,
            _ => shared.circuit.stale(now, outcome),
        };
        self.after(shared);
        self.ended(receipt, outcome)
    }

    pub(super) fn record(&self, outcome: Outcome) -> Receipt {
        self.record_after(outcome, None)
    }

    #[cold]
    #[inline(never)]
    pub(super) fn record_after(&self, outcome: Outcome, time: Option<Duration>) -> Receipt {
        if self.local_decides() {
            self.overhear(outcome);
            let receipt = match time {
                Some(time) => self.local.record_after(outcome, time),
                None => self.local.settle_unfenced(outcome),
            };
            self.after_local();
            return receipt;
        }
        let mut shared = self.lock();
        let receipt = shared.circuit.record(self.now(), outcome);
        self.after(shared);
        self.ended(receipt, outcome)
    }

    /// While Redis is away, keeps what it is to be told.
    fn overhear(&self, outcome: Outcome) {
        if self.counts {
            let mut shared = self.lock();
            if shared.shown == Face::Alone {
                shared.circuit.overhear(self.now(), outcome);
            }
        }
    }

    fn refused(&self, refusal: Refusal) -> Refusal {
        let mode = if refusal.retry_after_ms.is_some() { Mode::Normal } else { Mode::Isolated };
        self.local.observer().on_refused(&self.name, &refusal, mode);
        refusal
    }

    /// Tells of a call whose outcome was the fleet's to judge, which does not time calls.
    fn ended(&self, receipt: Receipt, outcome: Outcome) -> Receipt {
        if matches!(receipt, Receipt::Stale | Receipt::Expired) && outcome != Outcome::Ignored {
            self.local.observer().on_late(&self.name, receipt);
        }
        self.local.ended(outcome, receipt, false)
    }

    /// Tells the fleet what the instance's own rule has done, if it has done anything.
    pub(super) fn after_local(&self) {
        if self.counts || !self.local.observer().take_moved() {
            return;
        }
        let mut shared = self.lock();
        if matches!(shared.shown, Face::Closed(_)) {
            let (own, now) = (self.local.snapshot(), self.now());
            let opening = (own.state() == CircuitState::Open && own.mode() == Mode::Normal)
                .then(|| (now + u64::from(own.remaining_ms()) * 1_000, own.failure_count()));
            shared.circuit.own(now, own.state(), opening);
        }
        self.after(shared);
    }

    /// Shows what the circuit says now, tells what has changed, and has sent what is to be sent.
    pub(super) fn after(&self, mut shared: MutexGuard<'_, Shared>) {
        let before = self.local.generation();
        let put = self.show(&mut shared);
        // Told under no lock: an observer may use the breaker.
        let mut told: alloc::vec::Vec<_> = core::iter::from_fn(|| shared.circuit.take_transition()).collect();
        // Whoever decides, one count of generations tells which transition came after which.
        let latest = self.local.advance(before, told.len() as u16);
        for (transition, back) in told.iter_mut().rev().zip(0..) {
            transition.generation = latest.wrapping_sub(back) % GENERATIONS;
        }
        let wakes_at = shared.circuit.wakes_at();
        let sooner = wakes_at < shared.wakes_at;
        if sooner {
            shared.wakes_at = wakes_at;
        }
        drop(shared);
        for transition in told.iter().chain(&put) {
            self.local.tell(transition);
        }
        if sooner {
            self.bell.ring(self.number, wakes_at);
        }
    }

    /// Lets the local breaker show what the circuit says. What is given back is to be told: alone, a notice has said of the fleet
    /// what holds here too.
    pub(super) fn show(&self, shared: &mut Shared) -> Option<Transition> {
        self.refusing.show(shared.circuit.standing(), shared.circuit.latest());
        let (face, gen_no, before) = (shared.circuit.face(), shared.circuit.gen_no(), shared.shown);
        if face == before && gen_no == shared.gen_no {
            return None;
        }
        let mut told = None;
        match (before, face) {
            // The same circuit, and another count; or alone, from where it is.
            (Face::Closed(_), Face::Closed(count)) if gen_no == shared.gen_no => {
                if self.counts {
                    self.local.show_count(count);
                }
            }
            (Face::Closed(_), Face::Alone) => {}
            // Its own rule goes on where it is.
            (Face::Alone, Face::Closed(_)) if shared.circuit.own_goes_on() => {}
            (Face::Alone, Face::Alone) => {
                let heard = self.own_way(shared);
                // Others probe: that is no reason to forget which probes run here.
                if heard.state() != CircuitState::HalfOpen {
                    told = self.local.put(&heard);
                }
            }
            _ => {
                let closed = Snapshot::plain(CircuitState::Closed, Mode::Normal, 0, 0);
                self.local.put(&match face {
                    Face::Closed(count) => Snapshot { failure_count: if self.counts { count } else { 0 }, ..closed },
                    Face::Ask => Snapshot::plain(CircuitState::Open, Mode::Isolated, shared.circuit.failure_count(), 0),
                    Face::Disabled => Snapshot::plain(CircuitState::Closed, Mode::Disabled, 0, 0),
                    Face::Alone => self.own_way(shared),
                });
            }
        }
        shared.shown = face;
        shared.gen_no = gen_no;
        let decides = face == Face::Alone || (!self.counts && matches!(face, Face::Closed(_)));
        self.local_decides.store(decides, Ordering::Release);
        told
    }

    /// What the own breaker goes on from while Redis is away: an opening is shortened by the jitter of the configuration, or all
    /// instances would probe together at its end.
    fn own_way(&self, shared: &mut Shared) -> Snapshot {
        let heard = shared.circuit.to_snapshot(self.now());
        match R::recovery(self.local.policy()) {
            Some(recovery) if heard.remaining_ms() > 0 => {
                let remaining_ms = recovery.open_ms(heard.remaining_ms(), 0, shared.circuit.chance());
                Snapshot { remaining_ms, ..heard }
            }
            _ => heard,
        }
    }
}
