//! Every world that a few moves can reach, by whatever rule: each move on the way is made by the naive breaker and the
//! real one, which are then compared.
//!
//! A world is the way to it. The real breaker cannot be copied, so each move is made after the whole way once more.

use core::cell::OnceCell;
use core::hash::Hash;
use std::collections::{BTreeMap, HashSet};
use std::string::String;
use std::vec::Vec;

use halfopen::{CircuitState, Mode};

use super::life::Op;
use super::rules::Rules;
use super::subjects::ByRule;
use super::told::Told;
use super::trio::Trio;

/// Where to walk.
#[derive(Clone, Debug)]
pub struct Walk {
    /// The configuration.
    pub rules: Rules,
    /// What the clock shows at the beginning.
    pub start: u64,
    /// The moves, each of which is one or several operations.
    pub moves: Vec<Vec<Op>>,
    /// The most calls that are out at a time.
    pub most_out: usize,
    /// The most calls in a window.
    pub most_held: usize,
    /// The most failures that are told apart.
    pub most_failures: u32,
    /// The most reopenings that are told apart.
    pub most_reopenings: u32,
    /// The longest time that makes a difference.
    pub far: u64,
}

/// What a walk has met.
#[derive(Clone, Debug, Default)]
pub struct Walked {
    /// Worlds that differ in what makes a difference.
    pub worlds: usize,
    /// Moves that were made and compared.
    pub edges: usize,
    /// Moves to worlds with too many calls, which were compared and not followed.
    pub cut: usize,
    /// What was told, and how often.
    pub told: BTreeMap<String, usize>,
}

/// A world: how it was reached, and whether calls are out in it.
struct World {
    from: usize,
    made: usize,
    out: usize,
}

/// Shows the way to a difference.
struct Witness<'a>(&'a Walk, &'a [usize]);

impl Drop for Witness<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let moves: Vec<_> = self.1.iter().map(|made| &self.0.moves[*made]).collect();
            std::eprintln!("by {:?} from {}: {moves:?}", self.0.rules, self.0.start);
        }
    }
}

impl Walk {
    /// Walks breadth-first until there is nothing new.
    ///
    /// # Panics
    ///
    /// If the breakers differ, or if the library refuses the rules.
    #[must_use]
    pub fn walk<R: ByRule>(&self) -> Walked {
        let mut walked = Walked::default();
        let mut worlds = Vec::from([World { from: 0, made: 0, out: 0 }]);
        let mut seen = HashSet::new();
        let mut way = Vec::new();
        while let Some(world) = worlds.get(walked.worlds) {
            let out = world.out;
            for made in 0..self.moves.len() {
                let ends = matches!(self.moves[made][0], Op::End(..) | Op::Abandon(_));
                if ends && out == 0 {
                    continue;
                }
                way.clear();
                way.push(made);
                let mut at = walked.worlds;
                while at > 0 {
                    way.push(worlds[at].made);
                    at = worlds[at].from;
                }
                way.reverse();
                let mut places = Vec::new();
                places.resize_with(1, OnceCell::new);
                let mut trio = Trio::<R>::begin(&self.rules, self.start, places.iter());
                let told = self.goes(&mut trio, &way);
                walked.edges += 1;
                told.iter().for_each(|told| *walked.told.entry(told.kind()).or_default() += 1);
                let out = trio.passes().count();
                if out > self.most_out || trio.naive.held(trio.now) > self.most_held {
                    walked.cut += 1;
                } else if seen.insert(self.looks(&trio)) {
                    worlds.push(World { from: walked.worlds, made, out });
                }
            }
            walked.worlds += 1;
        }
        walked
    }

    /// Goes the way, compares at its end, and gives what was told of the last move.
    fn goes<R: ByRule>(&self, trio: &mut Trio<'_, R>, way: &[usize]) -> Vec<Told> {
        let _witness = Witness(self, way);
        let (last, before) = way.split_last().expect("a move");
        for made in before {
            self.moves[*made].iter().for_each(|op| trio.act(op));
        }
        let known = trio.naive.told.len();
        self.moves[*last].iter().for_each(|op| trio.act(op));
        let told = trio.compare().split_off(known);
        // What is not yet to be seen: a world that looks like another is not followed.
        trio.clock(1);
        trio.compare();
        trio.clock(-1);
        told
    }

    /// What makes a difference to what can happen next, with times and generations relative to the present.
    fn looks<R: ByRule>(&self, trio: &Trio<'_, R>) -> impl Eq + Hash + use<R> {
        let (naive, now, far) = (&trio.naive, trio.now, i128::from(self.far));
        let ago = |since: i128| (i128::from(now) - since).clamp(-far, far);
        let ruled = matches!(naive.mode, Mode::Normal | Mode::Shadow);
        let waits = match naive.circuit {
            CircuitState::Open if ruled => Some((ago(naive.since), naive.open_ms)),
            CircuitState::HalfOpen if !naive.probes.is_empty() => Some((ago(naive.since), 0)),
            _ => None,
        };
        let mut out: Vec<_> = trio
            .passes()
            .map(|pass| {
                let current = pass.era == naive.era;
                let timed = pass.probe || current && naive.rules.trip.is_slow(Some(u64::MAX));
                (pass.probe, current, naive.probes.contains(&pass.id), if timed { ago(pass.at) } else { 0 })
            })
            .collect();
        out.sort_unstable();
        let lost = naive.probes.iter().filter(|id| !trio.passes().any(|pass| pass.id == **id)).count();
        let counts = (
            naive.failures.min(self.most_failures),
            naive.successes,
            naive.forgiven,
            naive.reopenings.min(self.most_reopenings),
        );
        let ramp = naive.ramp.map(ago);
        let memory = (naive.memory.looks(now, far), naive.memory.turn());
        (naive.circuit, naive.mode, counts, waits, ramp, naive.chance, memory, out, lost)
    }
}
