//! The whole of it at one moment: the server, the instances, and what may still happen to them.

use crate::instance::{Alone, Instance};
use crate::rules::Rules;
use crate::server::{Script, Server};
use crate::truth::{Breach, Truth};
use crate::view::*;

/// How much of each kind may happen in a case: what keeps it small enough to look at all of it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct Budget {
    /// Server's data lost at once.
    pub wipes: u8,
    /// A replica that has an older state takes over.
    pub failovers: u8,
    pub crashes: u8,
    pub lost_replies: u8,
    /// Requests that are executed after their sender has given up on them.
    pub zombies: u8,
    /// Notices that come late.
    pub late_notices: u8,
    /// Orders: `force` and `reset`.
    pub orders: u8,
    /// A person writes another state, or an order, into the hash.
    pub edits: u8,
    /// An instance loses Redis, and has it back some time.
    pub outages: u8,
    /// Everybody loses Redis, which forgets nothing and is back when all leases have run out.
    pub blackouts: u8,
}

/// A state of the model.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct World {
    pub server: Server,
    pub replica: Option<Server>,
    pub instances: Vec<Instance>,
    /// Nobody reaches the server.
    pub down: bool,
    pub clock: u8,
    pub now: Time,
    pub left: Budget,
    pub zombie: Option<Request>,
    pub notice: Option<Reply>,
    pub data_lost: bool,
    /// What the latest step did, for the examples.
    pub seen: Seen,
    pub truth: Truth,
    pub breach: Option<Breach>,
}

/// Things that must happen in some history, or the case proves nothing. They are of the latest step alone: kept longer,
/// they would multiply the states.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct Seen {
    pub opened: bool,
    pub closed_again: bool,
    pub open_brought_back: bool,
    pub confirmed: bool,
    pub withdrawn: bool,
    pub coalesced: bool,
    pub opened_by_votes: bool,
    pub brought: bool,
    pub half_proven: bool,
    pub outlasted: bool,
}

impl World {
    /// A state in a few lines, for a person.
    pub fn told(&self) -> String {
        let Self { server, instances, truth, now, .. } = self;
        let instances = instances.iter().map(|one| format!("\n            {one:?}")).collect::<String>();
        format!("now {now} {server:?}\n            {truth:?}{instances}")
    }

    /// The script runs for a request. Whatever it did is compared with the truth.
    pub fn execute(&mut self, request: &Request, rules: &Rules) -> Reply {
        let before = self.server.clone();
        let mut script = Script {
            server: &mut self.server,
            clock: &mut self.clock,
            now: self.now,
            rules,
            transitions: Vec::new(),
            joined: 0,
            counted: 0,
        };
        let reply = script.run(request);
        let (transitions, from, counted) = (script.transitions, script.joined, script.counted);

        if let Op::Report(report) = request.op {
            self.truth.refute(report.refutes, rules);
            self.seen.coalesced |= report.failures > 1;
        }
        if let Op::Withdraw { instance } = request.op {
            self.truth.tripped &= !only(instance);
        }
        if let Op::Renew { token, .. } = request.op {
            self.seen.outlasted |= before.outlasting.contains(&token);
        }
        let late = self.truth.told_late;
        for (phase, cause) in transitions {
            // Counted twice, or of no known time, they belong to another promise.
            if cause == Cause::Count && counted & late != 0 && size(counted & !late) < rules.threshold {
                self.broke(Some(Breach::ToldLate));
            }
            let breach = self.truth.judge(cause, self.server.view, from, rules);
            // After a loss the server counts what nobody can date any more: the page's exception.
            let excepted = self.data_lost && matches!(breach, Some(Breach::Inconsecutive | Breach::TooFewVotes));
            self.broke(breach.filter(|_| !excepted));
            self.seen.opened |= phase == Phase::Open;
            self.seen.closed_again |= phase == Phase::Closed && cause == Cause::Probe;
            self.seen.opened_by_votes |= cause == Cause::Votes;
        }
        self.seen.half_proven |= self.server.successes > 0;
        self.seen.open_brought_back |=
            before.view.generation < request.seen.generation && self.server.view.phase == Phase::Open;
        if self.server.view.generation < request.seen.generation {
            self.broke(Some(Breach::Forgotten));
        }
        if reply.verdict == Verdict::Granted && matches!(request.op, Op::Acquire(_)) && reply.view.order != Order::None
        {
            self.broke(Some(Breach::Disobeyed));
        }
        reply
    }

    /// The request that an instance has on its way is executed, and the reply arrives.
    pub fn deliver(&mut self, at: usize, rules: &Rules) {
        self.instances[at].leave_refuted_out(rules);
        let Some(request) = self.instances[at].sending else { return };
        self.note_late(at, &request);
        let reply = self.execute(&request, rules);
        let instance = &mut self.instances[at];
        let (before, provisional) = (instance.view, instance.provisional);
        instance.hear(&reply, rules);
        if provisional && !instance.provisional {
            self.seen.confirmed |= instance.view.phase == Phase::Open;
            self.seen.withdrawn |= instance.view.phase == Phase::Closed;
        }
        self.check_view(at, before);
    }

    /// Keeps in mind which failures a request tells of only after its sender's own success has refuted them.
    pub fn note_late(&mut self, at: usize, request: &Request) {
        if let Request { op: Op::Report(report), again: true, ran: false, .. } = request {
            self.truth.told_late |= report.which & self.instances[at].kept.refutes;
        }
    }

    /// A failure: by an instance whose view is that of the server, or it will not count.
    pub fn failed(&mut self, at: usize, rules: &Rules) {
        let instance = &self.instances[at];
        if instance.view.generation >= self.server.view.generation {
            self.truth.standing |= only(self.now);
        }
        self.truth.look(self.untold(self.now), rules);
    }

    /// An instance's successes will not be told any more, or not soon: then each failure is looked at again, as it
    /// would have been without them.
    pub fn gone(&mut self, rules: &Rules) {
        let standing = self.truth.standing;
        for time in (1..Set::BITS as Time).filter(|time| standing & only(*time) != 0) {
            let later = !0 << (time + 1);
            self.truth.look(self.untold(time) | later, rules);
        }
    }

    /// Keeps in mind whose own circuit has opened by its own rule, in the generation in force.
    pub fn note_trips(&mut self) {
        for instance in &self.instances {
            let alone = matches!(instance.alone, Some(Alone { opened: true, phase: Phase::Open, .. }));
            if (alone || instance.tripped) && instance.view.generation >= self.server.view.generation {
                self.truth.tripped |= only(instance.id);
            }
        }
    }

    /// A view may change, but never to an older one.
    pub fn check_view(&mut self, at: usize, before: View) {
        let now = self.instances[at].view;
        if (now.generation, now.streak) < (before.generation, before.streak) {
            self.broke(Some(Breach::WentBack));
        }
    }

    /// The first breach stays.
    pub fn broke(&mut self, breach: Option<Breach>) {
        self.breach = self.breach.or(breach);
    }

    /// What the successes refute of which those that reach the server have yet to tell it, if they were before that time.
    fn untold(&self, before: Time) -> Set {
        let reachable = self.instances.iter().filter(|instance| instance.alone.is_none());
        let untold = reachable.flat_map(Instance::untold_successes).filter(|(at, _)| *at < before);
        untold.fold(0, |all, (_, which)| all | which)
    }

    /// The permits whose probes run, or whose end is not told yet, at instances that can renew them, or will know soon
    /// enough that they can.
    pub fn live_permits(&self, rules: &Rules) -> Vec<Token> {
        let asks = |instance: &Instance| instance.alone.is_some_and(|own| !own.cut && !self.down && rules.ask_often);
        let reachable = self.instances.iter().filter(|instance| instance.alone.is_none() || asks(instance));
        reachable
            .flat_map(|instance| {
                let running = instance.probes.iter().filter(|probe| !probe.alone).map(|probe| probe.token);
                let ending = match instance.sending {
                    Some(Request { op: Op::Done { token, .. }, .. }) if instance.alone.is_none() => Some(token),
                    _ => None,
                };
                running.chain(ending)
            })
            .collect()
    }

    /// Whether every running probe has its place, or no place is left: what the renewals make sure of in a lease's third.
    pub fn registered(&self, rules: &Rules) -> bool {
        self.server.leases.len() >= rules.probes
            || self.live_permits(rules).iter().all(|token| self.server.leases.contains(token))
    }
}
