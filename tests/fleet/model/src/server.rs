//! The hash and the script: what the server does with one request.
//!
//! Times of failures and successes are exact here, as if ages had no error; the flags `over`, `settled` and `quiet` stand
//! for the clock, and the world says when they may turn.

use crate::rules::{Rules, Settle};
use crate::view::*;
use std::collections::BTreeSet;

/// One field `fail.RID`: a report that counts in the streak.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Counted {
    pub rid: Time,
    pub failures: u8,
    pub which: Set,
}

/// The hash of one circuit.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct Server {
    pub view: View,
    pub successes: u8,
    pub reports: Vec<Counted>,
    /// The time of those counted failures that no report tells of; 0: there are none.
    pub base_at: Time,
    pub base_which: Set,
    pub last_ok: Time,
    pub leases: BTreeSet<Token>,
    /// Those of them that last longer because nobody could renew them.
    pub outlasting: BTreeSet<Token>,
    pub votes: Set,
    /// The end of the opening has passed.
    pub over: bool,
    /// The settle time has passed.
    pub settled: bool,
    /// No new probe yet, because what ran was lost.
    pub quiet: bool,
}

/// One run of the script: the server, its clock and what happened.
pub struct Script<'a> {
    pub server: &'a mut Server,
    /// The server's own time, in which generations are numbered.
    pub clock: &'a mut u8,
    pub now: Time,
    pub rules: &'a Rules,
    pub transitions: Vec<(Phase, Cause)>,
    /// The generation in which the operation found the circuit.
    pub joined: u8,
    /// The failures that opened it by the count.
    pub counted: Set,
}

impl Script<'_> {
    /// Runs the script for a request.
    pub fn run(&mut self, request: &Request) -> Reply {
        if self.rules.join {
            self.join(request);
        }
        self.joined = self.server.view.generation;
        let verdict = self.operate(request);
        let server = &self.server;
        Reply { verdict, view: server.view, over: server.over, which: server.which() }
    }

    fn join(&mut self, request: &Request) {
        let (server, seen) = (&mut *self.server, request.seen);
        let both_closed = server.view.phase == Phase::Closed && seen.phase == Phase::Closed;
        if seen.generation > server.view.generation {
            // Leases stay: what still runs keeps its place, and the rest runs out.
            *server = Server {
                view: seen,
                leases: std::mem::take(&mut server.leases),
                outlasting: std::mem::take(&mut server.outlasting),
                last_ok: server.last_ok,
                quiet: self.rules.quiet,
                ..Server::default()
            };
        } else if seen.generation == server.view.generation && both_closed && seen.rank() > server.view.rank() {
            (server.view.streak, server.view.failures) = (seen.streak, seen.failures);
            server.settled = false;
        } else {
            return;
        }
        if server.view.phase == Phase::Closed && server.view.failures > server.told() {
            (server.base_at, server.base_which) = (self.now, request.seen_which);
        }
    }

    fn operate(&mut self, request: &Request) -> Verdict {
        let Server { view, .. } = *self.server;
        let ordered = view.order != Order::None && self.rules.obey_orders;
        match request.op {
            Op::Read => Verdict::Ok,
            Op::Report(report) => {
                if view.phase != Phase::Closed || ordered || report.generation != view.generation {
                    return Verdict::Late;
                }
                self.count(report)
            }
            Op::Acquire(_) if ordered && view.order == Order::Open => Verdict::Denied,
            Op::Acquire(_) if ordered || view.phase == Phase::Closed => Verdict::Closed,
            Op::Acquire(token) => self.acquire(token),
            Op::Renew { token, generation } => {
                let free = self.free() && self.rules.keep_leases;
                if !self.server.leases.contains(&token) && !free {
                    return Verdict::Lost;
                }
                self.server.leases.insert(token);
                self.server.outlasting.remove(&token);
                let counts = view.phase == Phase::HalfOpen && generation == view.generation;
                if counts { Verdict::Granted } else { Verdict::Late }
            }
            Op::Done { token, generation, outcome } => {
                let held = self.server.leases.remove(&token) || (!request.again && self.free());
                self.server.outlasting.remove(&token);
                if view.phase != Phase::HalfOpen || generation != view.generation || !held || ordered {
                    return Verdict::Late;
                }
                self.judge(outcome);
                Verdict::Ok
            }
            Op::Vote { generation, instance } => {
                if view.phase != Phase::Closed || ordered || generation != view.generation {
                    return Verdict::Late;
                }
                self.server.votes |= only(instance);
                if self.rules.count_votes && size(self.server.votes) < self.rules.quorum {
                    return Verdict::Votes;
                }
                self.server.view.failures = view.failures.max(self.rules.threshold);
                self.go(Phase::Open, Cause::Votes);
                Verdict::Ok
            }
            Op::Withdraw { instance } => {
                self.server.votes &= !only(instance);
                Verdict::Ok
            }
            Op::Force(order) => {
                self.server.view.order = order;
                self.go(if order == Order::None { Phase::Closed } else { view.phase }, Cause::Order);
                Verdict::Ok
            }
            Op::Reset => {
                self.server.view.order = Order::None;
                self.go(Phase::Closed, Cause::Order);
                Verdict::Ok
            }
        }
    }

    /// Consecutive failures are those later than the latest success that anybody reported.
    fn count(&mut self, report: Report) -> Verdict {
        let (server, rules) = (&mut *self.server, self.rules);
        let was = server.view.failures;
        let mut base = was.saturating_sub(server.told());
        if report.success > server.last_ok {
            server.last_ok = report.success;
            server.reports.retain(|counted| counted.rid > report.success);
            if server.base_at < report.success {
                base = 0;
            }
        }
        if server.base_at == 0 && rules.timed_base {
            base = 0;
        }
        if base == 0 {
            (server.base_at, server.base_which) = (0, 0);
        }
        let known = rules.dedupe && server.reports.iter().any(|counted| counted.rid == report.latest);
        let duplicate = report.failures > 0 && (known || report.latest < server.last_ok);
        if report.failures > 0 && !duplicate {
            server.reports.push(Counted { rid: report.latest, failures: report.failures, which: report.which });
            server.reports.sort_by_key(|counted| counted.rid);
        }
        server.view.failures = base + server.told();
        if server.view.failures < was {
            server.view.streak += 1;
            server.settled = false;
        }
        match () {
            () if server.view.failures >= rules.threshold && (server.settled || rules.settle == Settle::Never) => {
                self.counted = server.which();
                self.go(Phase::Open, Cause::Count);
                Verdict::Ok
            }
            () if server.view.failures >= rules.threshold => Verdict::Settle,
            () if duplicate => Verdict::Duplicate,
            () => Verdict::Ok,
        }
    }

    fn acquire(&mut self, token: Token) -> Verdict {
        if self.server.view.phase == Phase::Open && self.server.over {
            self.go(Phase::HalfOpen, Cause::Recovery);
        }
        let place = self.server.leases.contains(&token) || (self.free() && !self.server.quiet);
        if self.server.view.phase == Phase::Open || !place {
            return Verdict::Denied;
        }
        self.server.leases.insert(token);
        self.server.outlasting.remove(&token);
        Verdict::Granted
    }

    fn judge(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Failure => {
                self.server.view.failures += 1;
                self.go(Phase::Open, Cause::Probe);
            }
            Outcome::Success if self.server.successes + 1 >= self.rules.success_threshold => {
                self.go(Phase::Closed, Cause::Probe);
            }
            Outcome::Success => self.server.successes += 1,
        }
    }

    fn free(&self) -> bool {
        self.server.leases.len() < self.rules.probes
    }

    fn go(&mut self, phase: Phase, cause: Cause) {
        let server = &mut *self.server;
        *self.clock = (*self.clock).max(server.view.generation) + 1;
        server.view.generation = *self.clock;
        server.view.phase = phase;
        server.view.streak = 0;
        if phase == Phase::Closed {
            server.view.failures = 0;
        }
        server.reports.clear();
        // Whatever failure is later than this transition is later than a success before it.
        (server.base_at, server.base_which, server.last_ok) = (0, 0, 0);
        (server.successes, server.votes) = (0, 0);
        (server.over, server.settled) = (false, false);
        if !self.rules.keep_leases {
            (server.leases, server.outlasting) = Default::default();
        }
        self.transitions.push((phase, cause));
    }
}

impl Server {
    /// Of how many failures reports tell.
    fn told(&self) -> u8 {
        self.reports.iter().map(|counted| counted.failures).sum()
    }

    /// Which failures count, for the properties alone.
    pub fn which(&self) -> Set {
        self.reports.iter().fold(self.base_which, |all, report| all | report.which)
    }

    /// The first contact after an outage that was longer than a lease.
    pub fn outlast(&mut self, rules: &Rules) {
        let before = std::mem::take(&mut self.outlasting);
        let again = |token: &Token| rules.put_off_again || !before.contains(token);
        self.leases.retain(|token| rules.outlast_outages && again(token));
        self.outlasting.clone_from(&self.leases);
        self.quiet &= rules.quiet_outlasts;
    }

    /// The time of the failure that reached the threshold, where the count has.
    pub fn reached_at(&self, threshold: u8) -> Option<Time> {
        let mut count = self.view.failures.saturating_sub(self.told());
        if count >= threshold {
            return Some(self.base_at);
        }
        self.reports.iter().find_map(|counted| {
            count += counted.failures;
            (count >= threshold).then_some(counted.rid)
        })
    }
}
