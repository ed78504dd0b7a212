//! What can happen next, and what it does. The guards are the assumptions on time, each said beside its guard.

use crate::cases::Case;
use crate::instance::Instance;
use crate::rules::{Rules, Settle};
use crate::view::*;
use crate::world::{Seen, World};

/// One step of a history. The number is the instance's.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Action {
    CallSucceeds(usize),
    CallFails(usize),
    RequestAnswered(usize),
    TellsSuccess(usize),
    ReplyLost(usize),
    RequestStuck(usize),
    StuckRequestRuns,
    Polls(usize),
    NoticeSent,
    NoticeArrives(usize),
    SettleTimePasses,
    AsksAgain(usize),
    OpeningEnds,
    OpeningEndsFor(usize),
    HasWaited(usize),
    WantsProbe(usize),
    Renews(usize),
    ProbeEnds(usize, usize, Outcome),
    DeadLeasesEnd,
    QuietTimeEnds,
    VoteRunsOut(usize),
    OwnCircuitRecovers(usize),
    Crashes(usize),
    DataLost,
    ReplicaCopies,
    ReplicaTakesOver,
    Ordered(Order),
    Reset,
    PersonWritesState(Phase),
    PersonWritesOrder(Order),
    LosesRedis(usize),
    OwnOpeningEnds(usize),
    ProbesAlone(usize),
    HasRedisBack(usize),
    RedisGoes,
    RedisReturns,
}
use Action::*;

impl World {
    /// Everything that can happen next.
    pub fn possible(&self, case: &Case, actions: &mut Vec<Action>) {
        for (at, instance) in self.instances.iter().enumerate() {
            self.possible_for(at, instance, &case.rules, actions);
        }
        self.possible_for_server(case, actions);
        let left = &self.left;
        let phase = self.server.view.phase;
        let up = !self.down;
        let mut add = |may: bool, list: &[Action]| actions.extend(list.iter().filter(|_| may));
        add(self.zombie.is_some() && !case.rules.deadline, &[StuckRequestRuns]);
        add(left.wipes > 0, &[DataLost]);
        add(left.failovers > 0, &[if self.replica.is_none() { ReplicaCopies } else { ReplicaTakesOver }]);
        add(up && left.orders > 0, &[Ordered(Order::Open), Ordered(Order::Closed), Ordered(Order::None), Reset]);
        add(up && left.edits > 0 && phase != Phase::Closed, &[PersonWritesState(Phase::Closed)]);
        add(up && left.edits > 0 && phase != Phase::Open, &[PersonWritesState(Phase::Open)]);
        add(up && left.edits > 0 && phase != Phase::HalfOpen, &[PersonWritesState(Phase::HalfOpen)]);
        add(up && left.edits > 0, &[PersonWritesOrder(Order::Open), PersonWritesOrder(Order::Closed)]);
        add(left.late_notices > 0 && self.notice.is_none(), &[NoticeSent]);
        add(up && left.blackouts > 0, &[RedisGoes]);
        add(!up, &[RedisReturns]);
    }

    fn possible_for(&self, at: usize, instance: &Instance, rules: &Rules, actions: &mut Vec<Action>) {
        let mut add = |may: bool, list: &[Action]| actions.extend(list.iter().filter(|_| may));
        let (idle, left, view) = (instance.sending.is_none(), &self.left, instance.view);
        let calls = instance.calls > 0 && instance.lets_through();
        add(calls, &[CallSucceeds(at), CallFails(at)]);
        add(left.crashes > 0, &[Crashes(at)]);
        for (index, probe) in instance.probes.iter().enumerate() {
            let ends = [Outcome::Success, Outcome::Failure].map(|outcome| ProbeEnds(at, index, outcome));
            add(idle || probe.token == 0, &ends);
        }
        // Polls renew the vote of an instance that is open and reaches Redis.
        let renewed = instance.tripped && instance.alone.is_none();
        add(self.server.votes & only(instance.id) != 0 && !renewed, &[VoteRunsOut(at)]);
        if let Some(own) = instance.alone {
            add(own.phase == Phase::Open && !own.over, &[OwnOpeningEnds(at)]);
            add(instance.may_probe_alone(rules), &[ProbesAlone(at)]);
            add(!self.down, &[HasRedisBack(at)]);
            return;
        }
        let waiting = instance.kept.refutes != 0 && rules.quorum == 0;
        add(idle && waiting, &[TellsSuccess(at)]);
        add(!idle, &[RequestAnswered(at)]);
        add(!idle && left.lost_replies > 0, &[ReplyLost(at)]);
        add(!idle && left.zombies > 0, &[RequestStuck(at)]);
        add(left.outages > 0, &[LosesRedis(at)]);
        add(true, &[Polls(at)]);
        add(self.notice.is_some(), &[NoticeArrives(at)]);
        add(idle && instance.tripped, &[OwnCircuitRecovers(at)]);
        add(instance.probes.first().is_some_and(|probe| probe.token != 0), &[Renews(at)]);
        // A lease is more than its third, in which what runs is renewed.
        add(instance.waits && !self.down && self.registered(rules), &[HasWaited(at)]);
        let recovering = view.phase == Phase::HalfOpen || (view.phase == Phase::Open && instance.over);
        add(
            idle && recovering && !instance.waits && view.order == Order::None && instance.probes.is_empty(),
            &[WantsProbe(at)],
        );
        // The same moment by two clocks: an instance's runs from the reply, so it is not ahead.
        add(view.phase == Phase::Open && !instance.over && self.server.over, &[OpeningEndsFor(at)]);
        // It waits as long as the server said.
        let server = &self.server;
        let same = server.view.generation == view.generation && server.view.phase == Phase::Closed;
        let waiting = same && server.view.failures >= rules.threshold && !server.settled;
        add(idle && instance.settling && !waiting, &[AsksAgain(at)]);
    }

    fn possible_for_server(&self, case: &Case, actions: &mut Vec<Action>) {
        let (server, rules) = (&self.server, &case.rules);
        let mut add = |may: bool, action: Action| actions.extend(may.then_some(action));
        add(!server.settled && self.may_settle(rules), SettleTimePasses);
        // Recovery timeout > a third of a lease: running probes have had the time to take their places again.
        let in_time = self.registered(rules) || !rules.keep_leases;
        add(server.view.phase == Phase::Open && !server.over && in_time, OpeningEnds);
        // A lease > its third + response timeout: what runs is renewed in time.
        let live = self.live_permits(rules);
        add(!self.down && server.leases.iter().any(|token| !live.contains(token)), DeadLeasesEnd);
        // The quiet time is a lease, and more than its third.
        add(!self.down && server.quiet && self.registered(rules), QuietTimeEnds);
    }

    /// Settle time > the longest wait of a success + two response times: a success that was before it began has reached the server.
    fn may_settle(&self, rules: &Rules) -> bool {
        let server = &self.server;
        if server.view.phase != Phase::Closed {
            return false;
        }
        let since = match rules.settle {
            Settle::Never => None,
            // As much as can be wished for: all that was before its end, too.
            Settle::FromFirstFailure => (server.view.failures > 0).then_some(Time::MAX),
            Settle::FromThreshold => server.reached_at(rules.threshold),
        };
        since.is_some_and(|since| {
            // What was before an instance had Redis back may be as old as that when it is told.
            let in_time = |instance: &&Instance| instance.alone.is_none() && since > instance.back_at;
            self.instances.iter().filter(in_time).flat_map(Instance::untold_successes).all(|(at, _)| at > since)
        })
    }

    /// The action is done.
    pub fn happen(&mut self, action: Action, case: &Case) {
        let rules = &case.rules;
        self.seen = Seen::default();
        match action {
            CallSucceeds(at) => {
                self.now += 1;
                self.instances[at].calls -= 1;
                self.instances[at].succeed(self.now);
            }
            CallFails(at) => {
                self.now += 1;
                self.instances[at].calls -= 1;
                self.instances[at].fail(self.now, rules);
                self.failed(at, rules);
            }
            TellsSuccess(at) => self.instances[at].tell(),
            RequestAnswered(at) => self.deliver(at, rules),
            ReplyLost(at) => {
                self.left.lost_replies -= 1;
                self.run_unheard(at, rules);
            }
            RequestStuck(at) => {
                self.left.zombies -= 1;
                self.zombie = self.instances[at].sending;
                self.instances[at].sending.as_mut().expect("a request is on its way").again = true;
            }
            StuckRequestRuns => {
                let request = self.zombie.take().expect("a request is stuck");
                self.execute(&request, rules);
            }
            Polls(at) => {
                let Instance { id: instance, tripped, view, .. } = self.instances[at];
                let vote = Op::Vote { generation: view.generation, instance };
                self.exchange(at, if tripped { vote } else { Op::Read }, rules);
            }
            NoticeSent => {
                self.left.late_notices -= 1;
                let (view, over, which) = (self.server.view, self.server.over, self.server.which());
                self.notice = Some(Reply { verdict: Verdict::Ok, view, over, which });
            }
            NoticeArrives(at) => {
                let (notice, before) = (self.notice.take().expect("a notice is on its way"), self.instances[at].view);
                self.instances[at].learn(&notice, false, rules);
                self.check_view(at, before);
            }
            SettleTimePasses => self.server.settled = true,
            AsksAgain(at) => self.instances[at].ask_again(rules),
            OpeningEnds => self.server.over = true,
            OpeningEndsFor(at) => self.instances[at].over = true,
            HasWaited(at) => self.instances[at].waits = false,
            WantsProbe(at) => {
                let token = self.new_token(self.instances[at].id);
                self.instances[at].send(Op::Acquire(token));
            }
            Renews(at) => {
                let probe = self.instances[at].probes[0];
                self.exchange(at, Op::Renew { token: probe.token, generation: probe.generation }, rules);
            }
            ProbeEnds(at, index, outcome) => {
                let probe = self.instances[at].probes[index];
                if outcome == Outcome::Success && probe.token != 0 {
                    *self.truth.proven.entry(probe.generation).or_default() += 1;
                }
                self.now += 1;
                self.instances[at].finish(index, outcome, self.now);
            }
            DeadLeasesEnd => {
                let live = self.live_permits(rules);
                self.server.leases.retain(|token| live.contains(token));
                self.server.outlasting.retain(|token| live.contains(token));
            }
            QuietTimeEnds => self.server.quiet = false,
            VoteRunsOut(at) => {
                let vote = only(self.instances[at].id);
                self.server.votes &= !vote;
                self.truth.tripped &= !vote;
            }
            OwnCircuitRecovers(at) => {
                let instance = &mut self.instances[at];
                (instance.tripped, instance.owes_vote, instance.own) = (false, true, 0);
                instance.speak(rules);
            }
            _ => self.go_wrong(action, case),
        }
        self.note_trips();
        self.forget();
        self.renumber();
    }

    /// A request whose reply does not arrive: its sender sends it again.
    fn run_unheard(&mut self, at: usize, rules: &Rules) {
        let request = self.instances[at].sending.expect("a request is on its way");
        self.note_late(at, &request);
        self.execute(&request, rules);
        self.instances[at].sending = Some(Request { again: true, ran: true, ..request });
    }

    /// A request beside the one that is on its way, answered at once.
    fn exchange(&mut self, at: usize, op: Op, rules: &Rules) {
        let request = self.instances[at].asking(op);
        let reply = self.execute(&request, rules);
        let before = self.instances[at].view;
        self.instances[at].learn(&reply, true, rules);
        self.instances[at].speak(rules);
        self.check_view(at, before);
    }
}
