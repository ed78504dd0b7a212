//! Walks over every state that small configurations can reach, and checks every move on the way against a ghost.
//!
//! A walk is finite because worlds that differ only in what makes no difference are one: times and generations count
//! relative to the present. It goes on from the first of them that it meets, which is a world that can really be.

use core::time::Duration;
use std::collections::{HashSet, VecDeque};

use halfopen::Config;
use halfopen::machine::Policy;

#[path = "walk/ghost.rs"]
mod ghost;
#[path = "walk/queries.rs"]
mod queries;
#[path = "walk/world.rs"]
mod world;

use world::{Move, World};

/// What a walk has met.
#[derive(Debug, Default)]
struct Walk {
    worlds: usize,
    edges: usize,
    /// Edges to worlds with too many calls out, which were checked and not followed.
    cut: usize,
    reclaims: usize,
    /// The pairs of circuit and mode.
    pairs: HashSet<(&'static str, &'static str)>,
}

/// Failure threshold, success threshold, most probes, recovery timeout and lease in milliseconds.
fn policy(failures: u32, successes: u32, calls: u32, recovery: u64, lease: u64) -> Policy {
    let config = Config::new()
        .failure_threshold(failures)
        .success_threshold(successes)
        .half_open_max_calls(calls)
        .recovery_timeout(Duration::from_millis(recovery))
        .probe_timeout(Duration::from_millis(lease));
    config.validate().expect("a policy")
}

/// Walks breadth-first until there is nothing new, with at most `calls` out at a time, one of them too late to count.
fn walk(policy: &Policy, calls: usize) -> Walk {
    let far = i64::from(policy.recovery_timeout_ms().max(policy.probe_timeout_ms())) + 1;
    let mut walk = Walk::default();
    let mut queue = VecDeque::from([World::new()]);
    let mut seen = HashSet::from([World::new().key(policy, far)]);
    while let Some(world) = queue.pop_front() {
        walk.worlds += 1;
        walk.pairs.insert((world.state.circuit().as_str(), world.state.mode().as_str()));
        world.queries_agree(policy);
        for made in world.moves(far) {
            let _witness = Witness(&world, made);
            let next = world.after(policy, made);
            walk.edges += 1;
            walk.reclaims += usize::from(
                next.state.circuit() == world.state.circuit() && next.state.generation() != world.state.generation(),
            );
            if next.ghost.calls.len() > calls || next.ghost.late() > 1 {
                walk.cut += 1;
            } else if seen.insert(next.key(policy, far)) {
                queue.push_back(next);
            }
        }
    }
    walk
}

/// Shows the move that broke a rule.
struct Witness<'a>(&'a World, Move);

impl Drop for Witness<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("by {:?} from {:#?}", self.1, self.0);
        }
    }
}

/// Walks, and asserts that the walk was as long as it has to be.
fn walks(policy: Policy, calls: usize, least_worlds: usize) {
    let walk = walk(&policy, calls);
    println!("{policy:?}, {calls} calls out: {walk:?}");
    assert!(walk.worlds >= least_worlds, "only {} worlds", walk.worlds);
    assert!(walk.edges >= 16 * walk.worlds, "only {} edges", walk.edges);
    assert!(walk.reclaims >= 1_000, "only {} reclaims", walk.reclaims);
    assert_eq!(walk.pairs.len(), 8, "{:?}", walk.pairs);
}

#[test]
fn every_reachable_world_keeps_the_rules_with_one_probe_at_a_time() {
    walks(policy(1, 1, 1, 2, 2), 2, 17_000);
    walks(policy(2, 1, 1, 2, 3), 2, 55_000);
    walks(policy(3, 2, 1, 2, 1), 2, 48_000);
}

#[test]
fn every_reachable_world_keeps_the_rules_with_two_probes_at_a_time() {
    walks(policy(1, 1, 2, 2, 2), 2, 19_000);
    walks(policy(2, 2, 2, 2, 1), 2, 45_000);
    walks(policy(1, 2, 2, 1, 2), 2, 36_000);
}

#[test]
fn every_reachable_world_keeps_the_rules_with_two_probes_and_a_late_call() {
    walks(policy(1, 1, 2, 1, 1), 3, 33_000);
}
