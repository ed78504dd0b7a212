//! What goes wrong, and what people do: the actions that a case has only so many of.

use crate::actions::Action::{self, *};
use crate::cases::Case;
use crate::instance::Instance;
use crate::rules::Rules;
use crate::server::Server;
use crate::view::*;
use crate::world::World;

impl World {
    /// The action is done: one that `happen` does not know.
    pub fn go_wrong(&mut self, action: Action, case: &Case) {
        let rules = &case.rules;
        match action {
            Crashes(at) => {
                self.left.crashes -= 1;
                let Instance { id, calls, .. } = self.instances[at];
                self.instances[at] = Instance { id, calls, ..Instance::default() };
                if self.down {
                    self.instances[at].leave(false, rules);
                }
                self.gone(rules);
            }
            DataLost => {
                self.left.wipes -= 1;
                self.data_lost = !case.count_after_loss;
                self.server = Server::default();
            }
            ReplicaCopies => self.replica = Some(self.server.clone()),
            ReplicaTakesOver => {
                self.left.failovers -= 1;
                self.data_lost = !case.count_after_loss;
                self.server = self.replica.take().expect("a replica has copied");
                if case.clock_behind {
                    self.clock = 0;
                }
            }
            Ordered(order) => self.order(Op::Force(order), rules),
            Reset => self.order(Op::Reset, rules),
            PersonWritesState(phase) => {
                self.left.edits -= 1;
                self.server.view.phase = phase;
                // `open_until` says nothing of an opening that nobody began: it is over.
                self.server.over = phase == Phase::Open;
                self.truth = Default::default();
            }
            PersonWritesOrder(order) => {
                self.left.edits -= 1;
                self.server.view.order = order;
            }
            LosesRedis(at) => {
                self.left.outages -= 1;
                self.instances[at].leave(true, rules);
                self.gone(rules);
            }
            RedisGoes => {
                self.left.blackouts -= 1;
                self.down = true;
                let shared = self.instances.iter_mut().filter(|instance| instance.alone.is_none());
                shared.for_each(|instance| instance.leave(false, rules));
                self.gone(rules);
            }
            RedisReturns => {
                self.down = false;
                self.server.outlast(rules);
            }
            OwnOpeningEnds(at) => self.instances[at].alone.iter_mut().for_each(|own| own.over = true),
            ProbesAlone(at) => self.instances[at].probe_alone(),
            HasRedisBack(at) => {
                let request = self.instances[at].first_request(rules);
                self.note_late(at, &request);
                let reply = self.execute(&request, rules);
                let (before, now) = (self.instances[at].view, self.now);
                self.instances[at].come_back(&reply, now, rules);
                self.seen.brought = self.instances[at].provisional || self.instances[at].tripped;
                self.check_view(at, before);
            }
            _ => unreachable!("{action:?} is no fault"),
        }
    }

    /// Somebody orders it by a client that knows nothing yet.
    fn order(&mut self, op: Op, rules: &Rules) {
        self.left.orders -= 1;
        self.execute(&Instance::default().asking(op), rules);
    }
}
