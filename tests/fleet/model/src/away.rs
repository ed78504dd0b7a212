//! What an instance does by itself while Redis is away from it, and how it comes back.

use crate::instance::{Alone, Instance, Probe};
use crate::rules::Rules;
use crate::view::*;

impl Instance {
    /// Redis no longer answers: from now on its own circuit decides. What was sent stays to be sent again. `cut`: it answers
    /// others.
    pub fn leave(&mut self, cut: bool, rules: &Rules) {
        let open = self.provisional || self.tripped;
        let phase = if open { Phase::Open } else { self.view.phase };
        self.alone = Some(Alone { phase, over: self.over, opened: open, voted: self.tripped, cut });
        (self.provisional, self.tripped, self.settling) = (false, false, false);
        // Its places run out, and the server gives them to others meanwhile.
        self.probes.iter_mut().for_each(|probe| probe.alone |= cut);
        (self.back_at, self.waits) = (0, false);
        match &mut self.sending {
            // Nobody waits for a permit that long; a lease that it got runs out.
            Some(Request { op: Op::Acquire(_), .. }) => self.sending = None,
            // By then the vote may be another.
            Some(Request { op: Op::Vote { .. } | Op::Withdraw { .. }, .. }) if rules.votes_of_the_moment => {
                self.sending = None;
                self.alone.iter_mut().for_each(|own| own.voted = true);
            }
            Some(request) => request.again = true,
            None => {}
        }
    }

    /// Whether its own circuit would let a probe through: those of the fleet that still run count too.
    pub fn may_probe_alone(&self, rules: &Rules) -> bool {
        self.alone.is_some_and(|own| own.phase == Phase::HalfOpen || (own.phase == Phase::Open && own.over))
            && self.view.order == Order::None
            && self.probes.len() < rules.probes
    }

    /// Lets a probe through by itself.
    pub fn probe_alone(&mut self) {
        let Some(own) = &mut self.alone else { return };
        own.phase = Phase::HalfOpen;
        self.probes.push(Probe { token: 0, generation: 0, alone: true });
    }

    /// A probe has ended: tells its own circuit and the server, as far as each has to do with it.
    pub fn finish(&mut self, at: usize, outcome: Outcome, now: Time) {
        let probe = self.probes.remove(at);
        if let Some(own) = self.alone.as_mut().filter(|own| own.phase == Phase::HalfOpen || probe.token != 0) {
            match outcome {
                Outcome::Success => {
                    own.phase = Phase::Closed;
                    // Failures before it are refuted, as by any success.
                    self.succeed(now);
                }
                Outcome::Failure => *own = Alone { phase: Phase::Open, over: false, opened: true, ..*own },
            }
        }
        if probe.token != 0 {
            self.send(Op::Done { token: probe.token, generation: probe.generation, outcome });
        }
    }

    /// What it sends first when Redis answers again: whatever is due, as at any other time.
    pub fn first_request(&mut self, rules: &Rules) -> Request {
        self.leave_refuted_out(rules);
        let probe = self.probes.iter().find(|probe| probe.token != 0);
        match (self.sending, probe) {
            (Some(request), _) => return request,
            (None, Some(Probe { token, generation, .. })) => {
                return self.asking(Op::Renew { token: *token, generation: *generation });
            }
            (None, None) if rules.quorum == 0 && (self.kept.failures > 0 || self.kept.refutes != 0) => self.tell(),
            (None, None) => {}
        }
        self.sending.unwrap_or_else(|| self.asking(Op::Read))
    }

    /// Redis answers again: `said` is its reply to the first request, which carried the view from before.
    pub fn come_back(&mut self, said: &Reply, now: Time, rules: &Rules) {
        let Some(own) = self.alone.take() else { return };
        let generation = self.view.generation;
        let still_open = own.opened && own.phase == Phase::Open;
        // It goes on refusing until the answer is there, unless somebody has refuted what it opened for.
        self.provisional = still_open && rules.quorum == 0;
        match self.sending {
            Some(_) => self.hear(said, rules),
            None => self.learn(said, true, rules),
        }
        self.owes_vote |= own.voted && self.view.generation == generation;
        if still_open && self.view.generation == generation && self.view.phase == Phase::Closed {
            self.owes_vote |= rules.quorum > 0 || !rules.return_by_report;
            self.tripped = rules.quorum > 0;
            let untold = self.sending.is_some_and(|request| matches!(request.op, Op::Report(_)));
            let asked = self.kept.failures > 0 || untold || self.settling;
            let founded = asked && self.own.max(self.view.failures) >= rules.threshold;
            self.provisional = rules.quorum == 0 && (founded || !rules.return_by_report);
        } else {
            self.provisional = false;
        }
        self.back_at = now;
        self.waits = rules.wait_after_return && self.view.phase != Phase::Closed;
        self.speak(rules);
    }
}
