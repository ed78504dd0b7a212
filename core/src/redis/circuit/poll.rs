//! What to send next, and when to ask again.

use super::probes::Phase;
use super::report::Report;
use super::{Circuit, Flight};
use crate::circuit::CircuitState;
use crate::redis::wire::{Fixed, Operation, Request, Vote};
use crate::time::ceil_millis;

/// An empty report: it only asks whether the streak has become old enough.
const RECHECK: Report = Report::NOTHING;
/// A vote outlives so many polls.
const VOTE_POLLS: u64 = 3;

impl Circuit {
    /// The next request, which is on its way from now on: until [`heard`](Self::heard) or [`missed`](Self::missed) there is
    /// no other. `None` if there is nothing to say.
    pub fn poll(&mut self, now: u64) -> Option<Request<'_>> {
        self.tick(now);
        if self.flight.is_some() || (self.alone && now < self.retry_at) {
            return None;
        }
        // Not before its last renewal was due, by which its place is free without delay.
        let longest = u64::from(self.policy.probe_timeout_ms()) + u64::from(self.lease_ms);
        self.probes.forget_loose(longest * 1_000, now);
        self.probes.give_back(self.view.gen_no, self.half_a_lease_before(now));
        // A later success has refuted all that it says. Sent ahead of that success it would count until then, and with those of
        // others that come back at the same time it could open the circuit.
        let refuted = |operation: &Operation| self.unheard.refutes && matches!(operation, Operation::Report { .. });
        let again = self.again.take().filter(|operation| !refuted(operation));
        let (operation, again) = match again {
            Some(operation) => (operation, true),
            None => (self.next(now)?, false),
        };
        let deadline_ms = self.deadline_ms(now);
        let flight = self.flight.insert(Flight { operation, sent_at: now, outrun: false });
        Some(Request { operation: &flight.operation, seen: self.view, deadline_ms, again })
    }

    /// What every request of this circuit has in common.
    #[must_use]
    pub fn fixed<'a>(&self, channel: &'a str) -> Fixed<'a> {
        let ttl_ms = ceil_millis(self.options.time_to_live);
        Fixed { channel, policy: self.policy, lease_ms: self.lease_ms, ttl_ms }
    }

    fn deadline_ms(&self, now: u64) -> u64 {
        let timeout = ceil_millis(self.options.response_timeout);
        let server = |offset: i64| u64::try_from(((now / 1_000) as i64).saturating_add(offset)).unwrap_or(0);
        self.offset_ms.map_or(0, |offset| server(offset) + timeout)
    }

    fn next(&mut self, now: u64) -> Option<Operation> {
        if let Some(order) = self.orders.pop_front() {
            return Some(order);
        }
        if let Some(operation) = self.next_of_probes(now) {
            return Some(operation);
        }
        if !self.unheard.is_empty() && now >= self.report_from {
            let said = core::mem::replace(&mut self.unheard, Report::NOTHING);
            // What comes next is sent together, a quarter of the settle time later at the soonest.
            self.gap_until = now + ceil_millis(self.options.settle) * 250;
            self.report_from = u64::MAX;
            let rid = self.name();
            return Some(self.report(said, rid));
        }
        if self.recheck_at.is_some_and(|at| now >= at) {
            self.recheck_at = None;
            if self.ahead.is_none() && self.failure_count() >= self.policy.failure_threshold() {
                self.open_ahead(now);
            }
            return Some(self.report(Report { gen_no: self.view.gen_no, ..RECHECK }, alloc::string::String::new()));
        }
        if self.may_ask_for_a_probe(now) {
            let token = self.name();
            self.probes.ask(token.clone());
            return Some(Operation::Acquire { token });
        }
        if let Some(vote) = self.next_vote(now) {
            return Some(vote);
        }
        if self.alone || (self.is_watched() && now >= self.next_read) {
            return Some(self.read(now));
        }
        None
    }

    /// A circuit that is not CLOSED, or counts, is looked at even if nobody uses it: somebody may ask for its state.
    fn is_watched(&self) -> bool {
        self.used || self.view.state != CircuitState::Closed || self.view.failures > 0 || self.view.forced.is_some()
    }

    /// A look at what there is, and when the next one is due.
    fn read(&mut self, now: u64) -> Operation {
        let interval = ceil_millis(self.options.poll_interval) * 1_000;
        self.next_read = now + interval * 4 / 5 + self.random(interval * 2 / 5);
        self.used = false;
        Operation::Read
    }

    fn report(&self, said: Report, rid: alloc::string::String) -> Operation {
        let Report { gen_no, ok_at, refutes, failures, failed_at } = said;
        let settle_ms = u32::try_from(ceil_millis(self.options.settle)).unwrap_or(u32::MAX);
        Operation::Report { gen_no, ok_at, refutes, failures, failed_at, rid, settle_ms }
    }

    fn next_of_probes(&mut self, now: u64) -> Option<Operation> {
        let (lease_ms, timeout) = (self.lease_ms, u64::from(self.policy.probe_timeout_ms()) * 1_000);
        let done = self.probes.iter().find_map(|probe| match probe.phase {
            Phase::Done(outcome) => Some(Operation::Done { token: probe.token.clone(), gen_no: probe.gen_no, outcome }),
            _ => None,
        });
        if done.is_some() {
            return done;
        }
        let due = self.probes.iter().find(|probe| renewal(probe, lease_ms, timeout).is_some_and(|at| now >= at))?;
        let (token, gen_no) = (due.token.clone(), due.gen_no);
        // The last renewal ends with the time that a probe may take.
        let left = (due.since + timeout).saturating_sub(now).div_ceil(1_000);
        let lease_ms = u32::try_from(left).unwrap_or(u32::MAX).min(lease_ms);
        Some(Operation::Renew { token, gen_no, lease_ms })
    }

    fn may_ask_for_a_probe(&self, now: u64) -> bool {
        self.wanted && !self.alone && self.asks_from().is_some_and(|at| now >= at)
    }

    /// From when on it makes sense to ask for a probe's permit.
    fn asks_from(&self) -> Option<u64> {
        let idle = !self.probes.is_asking() && !self.probes.has_ready();
        match self.stored().0 {
            _ if !idle || self.view.forced.is_some() || self.ahead.is_some() => None,
            CircuitState::Closed => None,
            CircuitState::Open => Some(self.view.open_until.max(self.free_from())),
            CircuitState::HalfOpen => Some(self.free_from()),
        }
    }

    fn next_vote(&mut self, now: u64) -> Option<Operation> {
        if now < self.votes_from()? {
            return None;
        }
        let poll = ceil_millis(self.options.poll_interval);
        let (holds_ms, failures, open_until) = match self.own_opening {
            Some((until, failures)) => {
                self.vote_at = now + poll * 1_000;
                (u32::try_from(poll * VOTE_POLLS).unwrap_or(u32::MAX), failures, Some(until))
            }
            None => (0, 0, None),
        };
        self.voted = holds_ms > 0;
        let vote = Some(Vote { instance: self.instance.clone(), holds_ms, quorum: self.quorum() });
        Some(Operation::Trip { gen_no: self.view.gen_no, vote, failures, open_until })
    }

    /// When this instance's vote, or its withdrawal, is due.
    fn votes_from(&self) -> Option<u64> {
        let may = !self.counts() && !self.alone && self.view.forced.is_none();
        let votes = match self.own_opening {
            Some((until, _)) => self.view.state == CircuitState::Closed && until > self.vote_at.max(self.latest),
            None => self.voted,
        };
        (may && votes).then_some(self.vote_at)
    }

    /// When [`poll`](Self::poll) will have something to say that it does not have now; `u64::MAX`: not before something happens.
    #[must_use]
    pub fn wakes_at(&self) -> u64 {
        if self.flight.is_some() {
            return u64::MAX;
        }
        if self.alone {
            return self.retry_at;
        }
        let done = self.probes.iter().any(|probe| matches!(probe.phase, Phase::Done(_)));
        if done || self.again.is_some() || !self.orders.is_empty() {
            return 0;
        }
        let (lease_ms, timeout) = (self.lease_ms, u64::from(self.policy.probe_timeout_ms()) * 1_000);
        let renewals = self.probes.iter().filter_map(|probe| renewal(probe, lease_ms, timeout));
        let idle = self.probes.iter().filter(|probe| probe.phase == Phase::Ready);
        let idle = idle.map(|probe| probe.since + u64::from(lease_ms) * 500 + 1);
        [
            (!self.unheard.is_empty()).then_some(self.report_from),
            self.recheck_at,
            self.asks_from().filter(|_| self.wanted),
            self.votes_from(),
            self.is_watched().then_some(self.next_read),
        ]
        .into_iter()
        .flatten()
        .chain(renewals)
        .chain(idle)
        .min()
        .unwrap_or(u64::MAX)
    }
}

/// When a probe's place has to be renewed, if it is to be.
fn renewal(probe: &super::probes::Probe, lease_ms: u32, timeout: u64) -> Option<u64> {
    let due = probe.renewed_at + u64::from(lease_ms) * 1_000 / 3;
    (probe.phase == Phase::Out && !probe.lost && due < probe.since + timeout).then_some(due)
}
