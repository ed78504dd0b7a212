//! What must hold in every state, and what must be seen in some: the promises of the page, in its numbers.

use crate::actions::Action;
use crate::cases::Case;
use crate::instance::Instance;
use crate::rules::Rules;
use crate::server::Server;
use crate::truth::{Breach, Truth};
use crate::view::*;
use crate::world::{Seen, World};
use stateright::{Model, Property};
use std::sync::atomic::Ordering::Relaxed;

pub const BOUND: &str = "at most the allowed probes run in the fleet";
pub const TWICE: &str = "at most twice the allowed probes run in the fleet";
pub const EACH: &str = "at most the allowed probes run in each instance";
pub const CONSECUTIVE: &str = "the count opens only after enough consecutive failures";
pub const KNOWS: &str = "after a contact the server knows what its caller knew";
pub const FORWARD: &str = "nobody's view goes back";
pub const PROVEN: &str = "only enough successful probes close it";
pub const IN_TIME: &str = "no failure opens it that its own instance had refuted before it told it";
pub const QUORUM: &str = "only a quorum of instances that tripped opens it by votes";
pub const OBEYS: &str = "nothing but an order changes what is ordered";
pub const FOUNDED: &str = "an own circuit is open only by failures that it knows of";
pub const ANSWERED: &str = "what is open provisionally has an answer on its way";

pub const OPENS: &str = "it opens";
pub const CLOSES: &str = "it closes again";
pub const BROUGHT_BACK: &str = "an OPEN that was forgotten comes back";
pub const CONFIRMED: &str = "a provisional opening is confirmed";
pub const WITHDRAWN: &str = "a provisional opening is taken back";
pub const COALESCED: &str = "failures go together in one report";
pub const VOTED: &str = "votes open it";
pub const HALF_PROVEN: &str = "a success of a probe waits for another";
pub const ORDERED: &str = "somebody orders it open while a probe runs";
pub const ADOPTED: &str = "an opening made alone is brought along";
pub const OUTLASTED: &str = "a place that nobody could renew is renewed after an outage";
pub const ALONE: &str = "two instances that are alone probe at once";

impl Model for Case {
    type State = World;
    type Action = Action;

    fn init_states(&self) -> Vec<World> {
        let instance = |id| Instance { id, calls: self.calls, ..Instance::default() };
        vec![World {
            server: Server::default(),
            replica: None,
            down: false,
            instances: (0..self.instances).map(instance).collect(),
            clock: 0,
            now: 0,
            left: self.budget,
            zombie: None,
            notice: None,
            data_lost: false,
            seen: Seen::default(),
            truth: Truth::default(),
            breach: None,
        }]
    }

    fn actions(&self, world: &World, actions: &mut Vec<Action>) {
        let violated = self.control
            && self
                .properties()
                .iter()
                .any(|property| Some(property.name) == self.violated && !(property.condition)(self, world));
        if violated {
            self.stop.store(true, Relaxed);
        }
        // What follows a breach says nothing. Generations are what makes histories endless.
        if world.breach.is_none() && world.clock < self.generations && !self.stop.load(Relaxed) {
            world.possible(self, actions);
        }
    }

    fn next_state(&self, world: &World, action: Action) -> Option<World> {
        let mut next = world.clone();
        next.happen(action, self);
        Some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        let mut all = vec![
            Property::always(BOUND, |case: &Case, world: &World| shared_probes(world) <= case.rules.probes),
            Property::always(TWICE, |case: &Case, world: &World| shared_probes(world) <= 2 * case.rules.probes),
            Property::always(EACH, |case, world: &World| {
                world.instances.iter().all(|instance| instance.probes.len() <= case.rules.probes)
            }),
            Property::always(CONSECUTIVE, |_, world: &World| world.breach != Some(Breach::Inconsecutive)),
            Property::always(IN_TIME, |_, world: &World| world.breach != Some(Breach::ToldLate)),
            Property::always(KNOWS, |_, world: &World| world.breach != Some(Breach::Forgotten)),
            Property::always(FORWARD, |_, world: &World| world.breach != Some(Breach::WentBack)),
            Property::always(PROVEN, |_, world: &World| world.breach != Some(Breach::Unproven)),
            Property::always(QUORUM, |_, world: &World| world.breach != Some(Breach::TooFewVotes)),
            Property::always(OBEYS, |_, world: &World| world.breach != Some(Breach::Disobeyed)),
            Property::always(FOUNDED, |case: &Case, world: &World| {
                // After a loss of data nobody can tell which failures a count is of.
                world.data_lost || world.instances.iter().all(|instance| is_founded(instance, &case.rules))
            }),
            Property::always(ANSWERED, |_, world: &World| world.instances.iter().all(is_answered)),
        ];
        let examples = [
            Property::sometimes(OPENS, |_, world: &World| world.seen.opened),
            Property::sometimes(CLOSES, |_, world: &World| world.seen.closed_again),
            Property::sometimes(BROUGHT_BACK, |_, world: &World| world.seen.open_brought_back),
            Property::sometimes(CONFIRMED, |_, world: &World| world.seen.confirmed),
            Property::sometimes(WITHDRAWN, |_, world: &World| world.seen.withdrawn),
            Property::sometimes(COALESCED, |_, world: &World| world.seen.coalesced),
            Property::sometimes(VOTED, |_, world: &World| world.seen.opened_by_votes),
            Property::sometimes(HALF_PROVEN, |_, world: &World| world.seen.half_proven),
            Property::sometimes(ORDERED, |_, world: &World| {
                world.server.view.order == Order::Open && shared_probes(world) > 0
            }),
            Property::sometimes(ADOPTED, |_, world: &World| world.seen.brought),
            Property::sometimes(OUTLASTED, |_, world: &World| world.seen.outlasted),
            Property::sometimes(ALONE, |_, world: &World| {
                world.instances.iter().filter(|one| one.alone.is_some() && !one.probes.is_empty()).count() > 1
            }),
        ];
        all.extend(examples.into_iter().filter(|property| self.examples.contains(&property.name)));
        all
    }
}

/// The probes that the fleet's bound is about: none while Redis is away from everybody, and never those that an instance
/// began, or went on with, when Redis was away from it alone.
fn shared_probes(world: &World) -> usize {
    if world.down {
        return 0;
    }
    world.instances.iter().flat_map(|instance| &instance.probes).filter(|probe| !probe.alone).count()
}

fn is_founded(instance: &Instance, rules: &Rules) -> bool {
    !instance.provisional || instance.owes_vote || size(instance.known) >= rules.threshold
}

/// Otherwise nothing would ever confirm the opening or take it back.
fn is_answered(instance: &Instance) -> bool {
    !instance.provisional
        || instance.sending.is_some()
        || instance.settling
        || instance.kept.failures > 0
        || instance.owes_vote
}
