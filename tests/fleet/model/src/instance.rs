//! What an instance does: what it keeps of its calls, what it sends, and what it makes of a reply.

use crate::rules::Rules;
use crate::view::*;

/// A call that an instance lets through as a probe.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Probe {
    pub token: Token,
    pub generation: u8,
    /// It began, or was left alone with its lease, while Redis was away: the bound of the fleet does not hold for it.
    pub alone: bool,
}

/// An instance's own circuit while Redis is away from it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Alone {
    pub phase: Phase,
    pub over: bool,
    /// It opened by itself, and not because the fleet had.
    pub opened: bool,
    /// The server has its vote, or may have.
    pub voted: bool,
    /// It is the instance that is cut off, and not Redis that is away from everybody.
    pub cut: bool,
}

/// One process with one circuit. `failures`, `latest` and the like are those that no report has carried yet.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct Instance {
    pub id: u8,
    pub view: View,
    /// The opening has ended by the instance's own clock.
    pub over: bool,
    /// The failures that it knows to count, for the properties alone.
    pub known: Set,
    /// Own failures since the latest own success.
    pub own: u8,
    /// Kept until a report can carry them: the latest timed success and what it refutes, the failures since.
    pub kept: Report,
    pub sending: Option<Request>,
    /// The server said `settle`: an empty report is to follow.
    pub settling: bool,
    /// Its own circuit is open, and the fleet's answer is awaited.
    pub provisional: bool,
    /// It has tripped by its own rule (counting by quorum), and its vote must be sent, or taken back.
    pub tripped: bool,
    pub owes_vote: bool,
    pub probes: Vec<Probe>,
    pub alone: Option<Alone>,
    /// When Redis was back, as long as there are successes to tell from before.
    pub back_at: Time,
    /// Redis is back since less than a lease: who has a permit says so before this one asks for any.
    pub waits: bool,
    pub calls: u8,
}

impl Instance {
    /// Whether a request is let through without a permit.
    pub fn lets_through(&self) -> bool {
        match (self.alone, self.view.order) {
            (_, Order::Open) => false,
            (_, Order::Closed) => true,
            (Some(alone), Order::None) => alone.phase == Phase::Closed,
            (None, Order::None) => self.view.phase == Phase::Closed && !self.provisional && !self.tripped,
        }
    }

    /// A call succeeded. Nothing is kept where no streak is known: on the happy path the time is not even read.
    pub fn succeed(&mut self, now: Time) {
        let streak = self.view.failures > 0 || self.own > 0;
        self.own = 0;
        if !streak || self.view.order != Order::None {
            return;
        }
        self.kept = Report {
            generation: self.view.generation,
            success: now,
            first_success: if self.kept.success > 0 { self.kept.first_success } else { now },
            refutes: self.kept.refutes | self.known,
            ..Report::default()
        };
        self.known = 0;
        // Its report takes the place of the empty one.
        self.settling = false;
    }

    /// A call failed.
    pub fn fail(&mut self, now: Time, rules: &Rules) {
        if self.view.order != Order::None {
            return;
        }
        self.own += 1;
        self.known |= only(now);
        self.kept.generation = self.view.generation;
        self.kept.failures += 1;
        self.kept.latest = now;
        self.kept.which |= only(now);
        if self.own >= rules.threshold {
            if let Some(alone) = &mut self.alone {
                *alone = Alone { phase: Phase::Open, over: false, opened: true, ..*alone };
            } else if rules.quorum > 0 {
                (self.tripped, self.owes_vote) = (true, true);
            } else {
                self.provisional = true;
            }
        }
        self.speak(rules);
    }

    /// Sends what is kept, if nothing is on its way: one request at a time, and the rest waits for the next.
    pub fn speak(&mut self, rules: &Rules) {
        if self.sending.is_some() || self.alone.is_some() {
            return;
        }
        if self.owes_vote {
            self.owes_vote = false;
            let (generation, instance) = (self.view.generation, self.id);
            let open = self.tripped || self.provisional;
            self.send(if open { Op::Vote { generation, instance } } else { Op::Withdraw { instance } });
        } else if rules.quorum == 0 && self.kept.failures > 0 {
            self.tell();
        }
    }

    /// Sends what is kept. A success waits a while for it, in which another instance's may make it needless.
    pub fn tell(&mut self) {
        let report = std::mem::take(&mut self.kept);
        self.send(Op::Report(report));
    }

    /// What would be sent again, and a later success has refuted, is not: the success goes in its place.
    pub fn leave_refuted_out(&mut self, rules: &Rules) {
        if let Some(Request { op: Op::Report(sent), again: true, .. }) = self.sending {
            if rules.drop_refuted && self.kept.refutes != 0 {
                self.kept.refutes |= sent.refutes;
                if sent.first_success > 0 {
                    self.kept.first_success = sent.first_success;
                }
                self.tell();
            }
        }
    }

    /// Puts a request on its way.
    pub fn send(&mut self, op: Op) {
        self.sending = Some(self.asking(op));
    }

    /// A request that is sent at this moment.
    pub fn asking(&self, op: Op) -> Request {
        Request { op, seen: self.view, seen_which: self.known, again: false, ran: false }
    }

    /// Sends the empty report that follows the answer `settle`. Its own circuit opens where the known count suffices.
    pub fn ask_again(&mut self, rules: &Rules) {
        self.settling = false;
        self.provisional |= self.view.phase == Phase::Closed && self.view.failures >= rules.threshold;
        self.send(Op::Report(Report { generation: self.view.generation, ..Report::default() }));
    }

    /// The successes that no answered report has told: for each request the time of the first, and what all refute.
    pub fn untold_successes(&self) -> impl Iterator<Item = (Time, Set)> {
        let sent = match self.sending {
            Some(Request { op: Op::Report(report), .. }) => report,
            _ => Report::default(),
        };
        [sent, self.kept]
            .into_iter()
            .filter(|report| report.refutes != 0)
            .map(|report| (report.first_success, report.refutes))
    }

    /// Takes a view in; `reply` where the server said it to this instance, and not to all by a notice.
    pub fn learn(&mut self, said: &Reply, reply: bool, rules: &Rules) {
        let (old, new) = (self.view, said.view);
        let same_streak = reply && (new.generation, new.streak) == (old.generation, old.streak);
        if new.rank() <= old.rank() && !same_streak && rules.ordered_views {
            return;
        }
        self.view = new;
        if new.generation != old.generation {
            // Outcomes belong to the generation in which their calls were let through.
            (self.over, self.own, self.known, self.settling) = (false, 0, 0, false);
            (self.provisional, self.tripped, self.owes_vote) = (false, false, false);
            self.kept = Report::default();
        } else if new.phase != old.phase {
            self.over = false;
        }
        self.over |= said.over && new.phase == Phase::Open;
        if new.phase == Phase::Closed {
            self.know(said.which, new.streak != old.streak, rules);
        }
    }

    /// Which failures count, as the server says it, beside those that are still on their way to it.
    fn know(&mut self, which: Set, advanced: bool, rules: &Rules) {
        let mut untold = self.kept;
        if let Some(Request { op: Op::Report(sent), .. }) = self.sending {
            untold.failures += sent.failures;
            untold.which |= sent.which;
        }
        self.known = which | untold.which;
        if advanced && rules.forget_own {
            // Somebody has refuted failures, and which of its own is not said: of those told, so many at most are left.
            self.own = self.own.min(untold.failures.max(self.view.failures));
            self.provisional &= self.own.max(self.view.failures) >= rules.threshold;
        }
        if self.view.failures == 0 {
            // Only failures that are still on their way are left for a success to refute.
            self.kept.refutes &= if rules.keep_refutation { untold.which } else { 0 };
            if self.kept.refutes == 0 {
                (self.kept.success, self.kept.first_success) = (0, 0);
                self.kept.generation *= u8::from(self.kept.failures > 0);
            }
        }
    }

    /// Takes the reply to the request that is on its way.
    pub fn hear(&mut self, said: &Reply, rules: &Rules) {
        let Some(request) = self.sending.take() else { return };
        self.learn(said, true, rules);
        match (request.op, said.verdict) {
            (Op::Acquire(token), Verdict::Granted) => {
                let alone = false;
                self.probes.push(Probe { token, generation: said.view.generation, alone });
            }
            (Op::Report(_), Verdict::Settle) => self.settling = rules.ask_again,
            (Op::Report(_), _) => {
                self.settling = false;
                // What was kept meanwhile may still reach the threshold: then the next answer decides.
                self.own = self.own.min(self.view.failures + self.kept.failures);
                self.provisional &= self.own >= rules.threshold && self.kept.failures > 0;
            }
            (Op::Vote { .. }, _) => self.provisional = false,
            _ => {}
        }
        self.speak(rules);
    }
}
