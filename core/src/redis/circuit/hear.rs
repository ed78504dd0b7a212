//! What comes back: answers, notices, and the news that there is nobody to answer.

use core::time::Duration;

use super::probes::Phase;
use super::{Ahead, Circuit, ProbeId, Why};
use crate::circuit::{CircuitState, Mode};
use crate::event::{Outcome, Receipt};
use crate::redis::wire::{Operation, Order, Reply, Verdict, View};
use crate::time::ceil_millis;
use crate::transition::Reason;

/// How often a circuit is read that hears of nothing.
const WITHOUT_NOTICES: Duration = Duration::from_millis(250);

impl Circuit {
    /// An answer to the request that was on its way.
    pub fn heard(&mut self, now: u64, reply: &Reply) {
        self.tick(now);
        let Some(flight) = self.flight.take() else { return };
        self.offset_ms = Some((reply.now_ms as i64).saturating_sub((now / 1_000) as i64));
        if reply.verdict == Verdict::Expired {
            // By the server's clock, of which more is known now. If that does not help, the way is longer than the deadline.
            self.expired = self.expired.saturating_add(1);
            self.offset_ms = self.offset_ms.filter(|_| self.expired < 3);
            self.again = Some(flight.operation);
            return;
        }
        self.expired = 0;
        self.heard_at = Some(now);
        self.failed_at = self.failed_at.max(reply.failed_at);
        self.adopt(reply.view, !flight.outrun);
        match flight.operation {
            Operation::Report { .. } if reply.verdict == Verdict::Settle => {
                let wait = u64::try_from(reply.extra).unwrap_or(0);
                // A success that came meanwhile is sent instead.
                self.recheck_at = (!self.unheard.refutes).then_some(now + wait * 1_000);
            }
            Operation::Report { .. } => {
                self.recheck_at = None;
                self.own_failures = self.own_failures.min(self.view.failures.saturating_add(self.unheard.failures));
            }
            Operation::Acquire { token } => self.answered(now, flight.sent_at, &token, reply),
            Operation::Renew { token, .. } => {
                if let Some(probe) = self.probes.by_token(&token) {
                    probe.renewed_at = flight.sent_at;
                    probe.lost |= reply.verdict == Verdict::Lost;
                }
            }
            Operation::Done { token, .. } => {
                self.denied_until = 0;
                self.probes.remove(&token);
            }
            _ => {}
        }
        self.follow();
    }

    /// Nobody waits any more for an answer to the request that was on its way, which Redis may have heard or not.
    pub fn missed(&mut self) {
        let operation = self.flight.take().map(|flight| flight.operation);
        // By then the vote may be another, and nobody waits for a permit that long.
        let outlives = |operation: &Operation| {
            !matches!(operation, Operation::Trip { vote: Some(_), .. } | Operation::Acquire { .. } | Operation::Read)
        };
        self.again = self.again.take().or(operation).filter(outlives);
    }

    /// A notice of this circuit.
    pub fn noticed(&mut self, now: u64, view: View) {
        self.tick(now);
        // A place may be free again.
        self.denied_until = 0;
        if let Some(flight) = self.flight.as_mut().filter(|_| view.replaces(&self.view)) {
            flight.outrun = true;
        }
        self.adopt(view, false);
        self.follow();
    }

    fn answered(&mut self, now: u64, sent_at: u64, token: &str, reply: &Reply) {
        let extra = u64::try_from(reply.extra).unwrap_or(0) * 1_000;
        match (reply.verdict, self.probes.by_token(token)) {
            (Verdict::Granted, Some(probe)) => {
                probe.phase = Phase::Ready;
                probe.gen_no = reply.view.gen_no;
                // As if it had been granted when it was asked for: a process may have been stopped since.
                probe.since = sent_at;
                probe.renewed_at = sent_at;
                self.wanted = false;
                let timeout = u64::from(self.policy.probe_timeout_ms()) * 1_000;
                self.probes.lose_expired(self.policy.half_open_max_calls().into(), timeout, now);
            }
            (Verdict::Denied, _) => {
                self.denied_until = now + extra;
                self.probes.remove(token);
            }
            _ => self.probes.remove(token),
        }
    }

    /// Takes over what the fleet says, if it is later than what is known.
    /// `latest`: it is certain that nothing else was said since.
    fn adopt(&mut self, view: View, latest: bool) {
        let known = self.view;
        if !(if latest { view.corrects(&known) } else { view.replaces(&known) }) {
            // The same opening, whose wait somebody has begun anew.
            if (view.gen_no, view.state) == (known.gen_no, known.state) && view.state == CircuitState::Open {
                self.view.open_until = known.open_until.max(view.open_until);
            }
            return;
        }
        let (failures, successes) = (self.failure_count(), known.successes);
        // What this instance has ordered, and the server has not heard, is in force here all the same.
        let sent = self.again.iter().chain(self.flight.as_ref().map(|flight| &flight.operation));
        let ordered = self.orders.iter().rev().chain(sent).find_map(|order| match order {
            Operation::Force(order, _) => Some(*order),
            Operation::Reset => Some(None),
            _ => None,
        });
        self.view = View { forced: ordered.unwrap_or(view.forced), ..view };
        if self.view.forced != known.forced {
            self.forget_own();
        }
        if (view.gen_no, view.state) != (known.gen_no, known.state) {
            self.begin();
            self.wanted &= view.state == CircuitState::HalfOpen;
        } else if view.state == CircuitState::Closed {
            let (_, sent) = self.sent_report();
            if view.streak != known.streak {
                // Failures were refuted, and nobody says whose: of this instance's own so many are left at most.
                let untold = self.unheard.failures.saturating_add(sent);
                self.own_failures = self.own_failures.min(untold.max(view.failures));
            }
            if view.failures == 0 {
                // Somebody else has said it, except of failures that are still on their way.
                self.unheard.refutes &= sent > 0;
            }
        }
        self.tell_of(view.reason, failures, successes);
    }

    /// Takes back an opening that the fleet has not confirmed, once nothing is left that could.
    fn follow(&mut self) {
        let Some(ahead) = self.ahead else { return };
        let asked =
            self.flight.as_ref().map(|flight| &flight.operation).into_iter().chain(&self.again).chain(&self.orders);
        let mut asked = asked.filter(|operation| **operation != Operation::Read);
        let may_come = match ahead.why {
            Why::Counted => {
                let reported = asked.any(|operation| matches!(operation, Operation::Report { .. }));
                let founded = self.own_failures.max(self.failure_count()) >= self.policy.failure_threshold();
                founded && (reported || self.recheck_at.is_some() || self.unheard.failures > 0)
            }
            Why::ProbeFailed => {
                asked.next().is_some() || self.probes.iter().any(|probe| matches!(probe.phase, Phase::Done(_)))
            }
            Why::Ordered => asked.next().is_some(),
        };
        if !may_come {
            self.ahead = None;
            self.own_failures = 0;
            self.tell(Reason::Refuted);
        }
    }

    /// The outcome of a probe.
    pub fn settle_probe(&mut self, now: u64, id: ProbeId, outcome: Outcome) -> Receipt {
        self.tick(now);
        self.used = true;
        let (gen_no, timeout) = (self.view.gen_no, self.policy.probe_timeout_ms());
        let half_open = self.view.state == CircuitState::HalfOpen && self.ahead.is_none();
        let Some(probe) = self.probes.by_id(id) else { return Receipt::Stale };
        let receipt = probe.receipt(gen_no, now, timeout);
        probe.phase = Phase::Done(outcome);
        let counts = half_open && receipt == Receipt::Recorded;
        if outcome == Outcome::Failure && (counts || self.opening_left_ms(now).is_some()) {
            self.failed_at = Some(now);
        }
        if counts && outcome == Outcome::Failure && self.view.forced.is_none() {
            self.probe_failed(now);
        }
        if receipt == Receipt::Recorded && !half_open { Receipt::Stale } else { receipt }
    }

    fn probe_failed(&mut self, now: u64) {
        let successes = self.view.successes;
        self.failed_at = Some(now);
        self.ahead = Some(Ahead { since: now, why: Why::ProbeFailed });
        self.tell_of(Reason::ProbeFailed, 0, successes);
    }

    /// Marks a probe whose request knows nothing of it.
    pub fn let_loose(&mut self, id: ProbeId) {
        if let Some(probe) = self.probes.by_id(id) {
            probe.loose = true;
        }
    }

    /// An outcome of which nobody knows the request: it acts on the state in force.
    pub fn record(&mut self, now: u64, outcome: Outcome) -> Receipt {
        self.tick(now);
        if self.view.forced == Some(Order::Closed) {
            return Receipt::Disabled;
        }
        let closed = self.stored().0 == CircuitState::Closed;
        if closed {
            return self.settle(now, outcome);
        }
        if self.view.forced.is_some() || self.opening_left_ms(now).is_some() {
            return self.stale(now, outcome);
        }
        self.used = true;
        if let Some(id) =
            self.probes.oldest_loose(self.view.gen_no, u64::from(self.policy.probe_timeout_ms()) * 1_000, now)
        {
            return self.settle_probe(now, id, outcome);
        }
        if outcome != Outcome::Ignored {
            if self.told.0 == CircuitState::Open {
                // As a request would have done first.
                self.tell_half_open();
            }
            self.orders.push_back(Operation::Done { token: alloc::string::String::new(), gen_no: 0, outcome });
        }
        if outcome == Outcome::Failure {
            self.probe_failed(now);
        }
        Receipt::Recorded
    }

    /// Redis is away, or has nothing to say of this circuit: from now on the instance decides alone.
    pub fn leave(&mut self, now: u64) {
        self.missed();
        self.alone = true;
        self.recheck_at = None;
        self.probes.forget_unused();
        let interval = ceil_millis(self.options.poll_interval) * 1_000;
        self.retry_at = now + interval * 4 / 5 + self.random(interval * 2 / 5);
        if self.probes.out() > 0 {
            // Once Redis is back it gives the place away a lease later.
            self.retry_at = self.retry_at.min(now + u64::from(self.lease_ms) * 1_000 / 3);
        }
    }

    /// Something may have been missed, or Redis may be back: asks again soon.
    pub fn look_again(&mut self) {
        self.retry_at = 0;
        self.next_read = 0;
        self.used = true;
    }

    /// There are no notices: reads more often instead.
    pub fn poll_often(&mut self) {
        self.options.poll_interval = self.options.poll_interval.min(WITHOUT_NOTICES);
        self.next_read = 0;
    }

    /// Sends without delay what there is to say.
    pub fn hurry(&mut self) {
        self.report_from = 0;
        self.gap_until = 0;
    }

    /// Whether the fleet has heard all that there was to say.
    #[must_use]
    pub fn is_heard(&self) -> bool {
        let done = self.probes.iter().all(|probe| !matches!(probe.phase, Phase::Done(_)));
        let idle = !matches!(&self.flight, Some(flight) if flight.operation != Operation::Read);
        done && idle
            && self.again.is_none()
            && self.orders.is_empty()
            && self.unheard.is_empty()
            && self.recheck_at.is_none()
    }

    /// A request has asked: what the fleet says is read from time to time.
    pub fn begin_use(&mut self) {
        self.used = true;
    }

    /// Keeps for the fleet what a call said while the instance decides alone.
    pub fn overhear(&mut self, now: u64, outcome: Outcome) {
        let counted = self.failure_count() > 0;
        match outcome {
            Outcome::Success => self.own_failures = 0,
            Outcome::Failure => {
                self.own_failures = self.own_failures.saturating_add(1);
                self.report_from = self.report_from.min(self.gap_until.max(now));
            }
            Outcome::Ignored => {}
        }
        match (self.view.state, outcome) {
            (CircuitState::Closed, Outcome::Success) if counted => {
                self.report_from = self.report_from.min(self.gap_until.max(now));
                self.ok_at = Some(now);
                self.unheard.succeeded(now, self.view.gen_no);
            }
            (CircuitState::Closed, Outcome::Failure) => self.unheard.failed(now, self.view.gen_no, self.ok_at),
            _ => {}
        }
    }

    /// Redis is back, which is known because it has answered. `own`: what the instance's own breaker has told last. `opening`:
    /// when its opening ends that is in force, and the failures that tripped it.
    ///
    /// Its failures are reported as any others are, and it goes on refusing until the answer, if some of them may still
    /// count; where instances vote, it votes. It asks for no probe's permit for one lease, in which those that run are
    /// renewed.
    pub fn back(&mut self, now: u64, reply: &Reply, own: (CircuitState, Mode), opening: Option<(u64, u16)>) {
        self.alone = false;
        self.returned_until = now + u64::from(self.lease_ms) * 1_000;
        self.ahead = None;
        self.told = own;
        if !self.counts() && own.1 == Mode::Normal && self.view.state == CircuitState::Closed {
            self.own_state = own.0;
            self.own_goes_on = true;
            self.own_opening = opening;
            self.vote_at = now;
        }
        if let (true, Some((until, _))) = (self.counts(), opening) {
            let since = until.saturating_sub(u64::from(self.policy.recovery_timeout_ms()) * 1_000);
            self.ahead = Some(Ahead { since, why: Why::Counted });
        }
        self.heard(now, reply);
        self.tell(Reason::Restored);
    }

    /// What the instance's own rule has done and told, where each counts by itself; `opening`: opened until then with so many
    /// failures.
    pub fn own(&mut self, now: u64, state: CircuitState, opening: Option<(u64, u16)>) {
        self.own_opening = opening;
        self.vote_at = now;
        self.own_state = state;
        self.told.0 = state;
    }
}
