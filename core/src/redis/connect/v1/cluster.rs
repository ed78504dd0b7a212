//! Calls of the script in a Cluster: a pipeline for each node, all at the same time.
//!
//! The client's own connection to a Cluster sleeps for seconds between its attempts, and one node that is gone takes the
//! answers of the others with it, so it is not used.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;
use std::sync::{Mutex, PoisonError};

use redis_v1::{ConnectionAddr, ConnectionInfo, Value, cmd, pipe};

use super::Timeouts;
use super::answer::{By, command, is_no_script, texts};
use super::errors::trouble;
use super::line::{Line, first_of, now};
use super::link::{Link, at};
use super::slots::{Node, Slots, redirection};
use crate::redis::connect::{Connection, ScriptCall, Trouble, TroubleKind};

/// A call goes from node to node at most so often, the attempts of the script included.
const ROUNDS: usize = 6;

/// Where a Cluster can be reached.
#[derive(Debug)]
pub(super) struct Nodes {
    /// Those that were given.
    seeds: Vec<ConnectionInfo>,
    /// The masters that there were when somebody looked last.
    seen: Mutex<Vec<Node>>,
}

impl Nodes {
    pub(super) fn new(seeds: Vec<ConnectionInfo>) -> Self {
        Self { seeds, seen: Mutex::new(Vec::new()) }
    }

    /// The masters that were seen last, then those that were given.
    pub(super) fn to_ask(&self) -> Vec<ConnectionInfo> {
        let Some(seed) = self.seeds.first() else { return Vec::new() };
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.iter().map(|(host, port)| at(seed, host, *port)).chain(self.seeds.iter().cloned()).collect()
    }
}

/// A connection to each node that is needed.
pub(super) struct Cluster<L> {
    nodes: Arc<Nodes>,
    timeouts: Timeouts,
    lines: BTreeMap<Node, L>,
    slots: Slots,
    /// Something has shown that slots may have moved.
    stale: bool,
}

/// A call on its way.
struct Due {
    call: usize,
    /// How often this node has said that it does not know the script.
    attempt: usize,
    /// Where a node has sent it, and whether only for this once.
    to: Option<(Node, bool)>,
}

impl<L: Line> Cluster<L> {
    pub(super) async fn open(nodes: Arc<Nodes>, timeouts: Timeouts) -> Result<Self, Trouble> {
        let mut cluster = Self { nodes, timeouts, lines: BTreeMap::new(), slots: Slots::default(), stale: true };
        cluster.look().await?;
        Ok(cluster)
    }

    /// Asks who has which slots, if something has shown that they may have moved.
    pub(super) async fn freshen(&mut self) -> Result<(), Trouble> {
        if self.stale { self.look().await } else { Ok(()) }
    }

    /// Slots have moved.
    pub(super) fn distrust(&mut self) {
        self.stale = true;
    }

    pub(super) fn masters(&self) -> Vec<Node> {
        self.nodes.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn master_of(&self, key: &[u8]) -> Option<Node> {
        self.slots.master_of(key).cloned()
    }

    /// Asks who has which slots.
    async fn look(&mut self) -> Result<(), Trouble> {
        let timeouts = self.timeouts;
        let (node, line, slots) =
            first_of(self.nodes.to_ask(), |info| async move { slots_by::<L>(&info, timeouts).await }).await?;
        let mut masters: Vec<Node> = slots.masters().cloned().collect();
        masters.sort();
        masters.dedup();
        self.lines.retain(|node, _| masters.contains(node));
        self.lines.entry(node).or_insert(line);
        *self.nodes.seen.lock().unwrap_or_else(PoisonError::into_inner) = masters;
        self.slots = slots;
        self.stale = false;
        Ok(())
    }

    pub(super) async fn line(&mut self, node: &Node) -> Result<&mut L, Trouble> {
        if !self.lines.contains_key(node) {
            let Some(seed) = self.nodes.seeds.first() else {
                return Err(trouble(TroubleKind::Connection, "no node is given"));
            };
            let line = L::open(&at(seed, &node.0, node.1), self.timeouts).await?;
            self.lines.insert(node.clone(), line);
        }
        self.lines.get_mut(node).ok_or_else(|| trouble(TroubleKind::Connection, "no connection"))
    }

    async fn send(&mut self, node: &Node, due: &[Due], calls: &[ScriptCall]) -> Result<(), Trouble> {
        let mut commands = pipe();
        let mut first = true;
        for Due { call, attempt, to } in due {
            if matches!(to, Some((_, true))) {
                commands.cmd("ASKING");
            }
            commands.add_command(command(&calls[*call], By::attempt(*attempt, first)));
            first &= *attempt == 0;
        }
        self.line(node).await?.send(commands).await
    }

    async fn receive(&mut self, node: &Node, due: &Due) -> Result<Value, Trouble> {
        let line = self.line(node).await?;
        if matches!(due.to, Some((_, true))) {
            line.receive().await?; // to ASKING
        }
        line.receive().await
    }

    /// The calls by the nodes to which they go; those that go nowhere are answered.
    fn sort(&mut self, due: Vec<Due>, calls: &[ScriptCall], answers: &mut [Answer]) -> BTreeMap<Node, Vec<Due>> {
        let mut sorted: BTreeMap<Node, Vec<Due>> = BTreeMap::new();
        for due in due {
            let node =
                due.to.as_ref().map(|(node, _)| node).or_else(|| self.slots.master_of(calls[due.call].key.as_bytes()));
            match node {
                Some(node) => sorted.entry(node.clone()).or_default().push(due),
                None => {
                    answers[due.call] = Err(trouble(TroubleKind::Server, "no node has the slot of this key"));
                    self.stale = true;
                }
            }
        }
        sorted
    }

    /// What comes of an answer: the call is done, or it goes on.
    fn take(&mut self, node: &Node, due: Due, value: Value, answers: &mut [Answer]) -> Option<Due> {
        if is_no_script(&value) {
            return Some(Due { attempt: due.attempt + 1, ..due });
        }
        if let Value::ServerError(error) = &value {
            if let Some(to) = redirection(error, node) {
                self.stale = true;
                return Some(Due { call: due.call, attempt: 0, to: Some(to) });
            }
        }
        answers[due.call] = texts(value);
        // What this node cannot do, another one may be able to by now.
        self.stale |=
            matches!(&answers[due.call], Err(Trouble { kind: TroubleKind::NotMaster | TroubleKind::Server, .. }));
        None
    }

    fn lose(&mut self, node: &Node, due: impl IntoIterator<Item = Due>, trouble: &Trouble, answers: &mut [Answer]) {
        self.lines.remove(node);
        self.stale = true;
        for due in due {
            answers[due.call] = Err(trouble.clone());
        }
    }

    pub(super) async fn make(&mut self, calls: &[ScriptCall]) -> Result<Vec<Answer>, Trouble> {
        self.freshen().await?;
        let mut answers =
            vec![Err(trouble(TroubleKind::Server, "sent from node to node again and again")); calls.len()];
        let mut due: Vec<Due> = (0..calls.len()).map(|call| Due { call, attempt: 0, to: None }).collect();
        for _ in 0..ROUNDS {
            let mut sent = Vec::new();
            for (node, due) in self.sort(due, calls, &mut answers) {
                match self.send(&node, &due, calls).await {
                    Ok(()) => sent.push((node, due)),
                    Err(trouble) => self.lose(&node, due, &trouble, &mut answers),
                }
            }
            due = Vec::new();
            for (node, waiting) in sent {
                let mut waiting = waiting.into_iter();
                while let Some(next) = waiting.next() {
                    match self.receive(&node, &next).await {
                        Ok(value) => due.extend(self.take(&node, next, value, &mut answers)),
                        Err(trouble) => {
                            self.lose(&node, core::iter::once(next).chain(waiting.by_ref()), &trouble, &mut answers);
                        }
                    }
                }
            }
            if due.is_empty() {
                break;
            }
        }
        let is_gone = |answer: &Answer| matches!(answer, Err(Trouble { kind: TroubleKind::Connection, .. }));
        match answers.first() {
            Some(Err(trouble)) if answers.iter().all(is_gone) => Err(trouble.clone()),
            _ => Ok(answers),
        }
    }
}

/// Who has which slots, by that node, and the connection to it.
async fn slots_by<L: Line>(info: &ConnectionInfo, timeouts: Timeouts) -> Result<(Node, L, Slots), Trouble> {
    let (ConnectionAddr::Tcp(host, port) | ConnectionAddr::TcpTls { host, port, .. }) = info.addr() else {
        return Err(trouble(TroubleKind::Connection, "a Cluster is not reached by a unix socket"));
    };
    let node = (host.clone(), *port);
    let mut line = L::open(info, timeouts).await?;
    let answer = line.ask(cmd("CLUSTER").arg("SLOTS")).await?;
    let slots = Slots::read(answer, &node)
        .ok_or_else(|| trouble(TroubleKind::Server, format!("{host}:{port} does not know the slots")))?;
    Ok((node, line, slots))
}

type Answer = Result<Vec<String>, Trouble>;

impl Connection for Cluster<Link> {
    fn exchange(&mut self, calls: &[ScriptCall]) -> Result<Vec<Answer>, Trouble> {
        now(self.make(calls))
    }
}
