//! Another master: by Sentinel, in a Cluster, and of one slot alone.

use std::path::Path;
use std::time::{Duration, Instant};

use halfopen::redis::v1::redis::Value;
use rig::{Kind, Live, Server};

use super::{Outcome, admin, must, server, tell};
use crate::scene::{Plan, Scene, pause};
use crate::wire::Setup;

const KEY: &str = "circuit_breaker:s3_upload";
const RANGES: [(u32, u32); 3] = [(0, 5_460), (5_461, 10_922), (10_923, 16_383)];

/// Waits for something for at most a minute: a sentinel takes its time with a master that was killed.
fn await_true(what: &str, mut so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !so() {
        assert!(start.elapsed() < Duration::from_secs(60), "not within 60 s: {what}");
        pause(20);
    }
}

fn asked(server: &Server, words: &str) -> String {
    server.connect().ok().and_then(|mut live| tell(&mut live, words).ok()).unwrap_or_default()
}

fn is_master(server: &Server) -> bool {
    asked(server, "INFO replication").contains("role:master")
}

/// First an order to the sentinel, then a master that is killed, both in each phase.
pub(super) fn sentinel(plan: &Plan) -> Outcome {
    let program = Path::new("/usr/bin/redis-sentinel");
    if !program.exists() {
        return Err("redis-sentinel is not installed".into());
    }
    let first = server(&[]);
    let second = server(&[&format!("replicaof 127.0.0.1 {}", first.port())]);
    let monitor = format!("sentinel monitor main 127.0.0.1 {} 1", first.port());
    let config = [&monitor, "sentinel down-after-milliseconds main 500", "sentinel failover-timeout main 1500"];
    let sentinel = must("redis-sentinel", Server::start_program(program, &config));
    // It would ask its servers every ten seconds. It makes no old master a replica while the new one's answer is older than two
    // of these periods, and its own beat is 100 ms: with a period as short as that, an unlucky order of its servers never lets it.
    asked(&sentinel, "SENTINEL DEBUG INFO-PERIOD 400");
    await_true("the sentinel knows the replica", || asked(&sentinel, "INFO sentinel").contains("slaves=1"));
    let url = format!("redis-sentinel://127.0.0.1:{}/main", sentinel.port());
    let mut scene = Scene::new(plan, plan.processes(), Setup::new(&url));
    // What a failover loses may be twice, until the next renewal.
    scene.bound *= 2;
    scene.least_turns = 2;
    let mut servers = [first, second];
    let (mut ordered, mut killed) = (0, 0);
    scene.life(|scene, turn| {
        scene.await_prober();
        let master = usize::from(is_master(&servers[1]) && !is_master(&servers[0]));
        if turn % 2 == 0 {
            await_true("the replica is good enough", || asked(&sentinel, "SENTINEL FAILOVER main").contains("ok"));
            ordered += 1;
        } else {
            must("kill -9", servers[master].kill());
            killed += 1;
        }
        await_true("the other one is the master", || is_master(&servers[1 - master]));
        if turn % 2 == 1 {
            pause(300);
            must("restart", servers[master].restart());
        }
        // Which of them: a sentinel that hears late of a new master takes it for dead, and goes back to the old one.
        await_true("one is a replica of the other", || {
            servers.iter().any(|server| asked(server, "INFO replication").contains("master_link_status:up"))
        });
        pause(700);
    });
    scene.note(format!("{ordered} ordered, {killed} by kill -9"));
    scene.check(ordered > 0 && killed > 0, "vacuous", "no failover");
    Ok(scene.finish())
}

fn text(live: &mut Live, words: &str) -> String {
    tell(live, words).unwrap_or_else(|error| panic!("{words}: {error}"))
}

/// Three masters and, if that is wanted, a replica of the one that has the key.
struct Cluster {
    nodes: Vec<Server>,
    /// The master that has the key.
    owner: usize,
    slot: u32,
}

impl Cluster {
    fn start(with_replica: bool) -> Self {
        let config = [
            "cluster-enabled yes",
            "cluster-node-timeout 700",
            "cluster-require-full-coverage no",
            "cluster-replica-validity-factor 0",
        ];
        let count = if with_replica { 4 } else { 3 };
        let start = || must("a node", Server::start(Kind::Debian, &config));
        let nodes: Vec<Server> = (0..count).map(|_| start()).collect();
        for (node, (first, last)) in nodes.iter().zip(RANGES) {
            text(&mut admin(node), &format!("CLUSTER ADDSLOTSRANGE {first} {last}"));
        }
        for node in &nodes[1..] {
            text(&mut admin(node), &format!("CLUSTER MEET 127.0.0.1 {}", nodes[0].port()));
        }
        await_true("all know of all slots", || {
            nodes.iter().all(|node| {
                let info = asked(node, "CLUSTER INFO");
                info.contains("cluster_state:ok")
                    && info.contains("cluster_slots_assigned:16384")
                    && info.contains(&format!("cluster_known_nodes:{count}"))
            })
        });
        let slot = asked(&nodes[0], &format!("CLUSTER KEYSLOT {KEY}"));
        let slot: u32 = slot.trim_start_matches("int(").trim_end_matches(')').parse().expect("a slot");
        let owner = RANGES.iter().position(|(first, last)| (*first..=*last).contains(&slot)).expect("a master");
        let cluster = Self { nodes, owner, slot };
        if with_replica {
            let id = cluster.id(owner);
            text(&mut admin(&cluster.nodes[3]), &format!("CLUSTER REPLICATE {id}"));
            await_true("the replica is one", || {
                asked(&cluster.nodes[3], "INFO replication").contains("master_link_status:up")
            });
        }
        cluster
    }

    fn url(&self) -> String {
        let hosts: Vec<String> = self.nodes.iter().map(|node| format!("127.0.0.1:{}", node.port())).collect();
        format!("redis-cluster://{}", hosts.join(","))
    }

    fn id(&self, node: usize) -> String {
        match admin(&self.nodes[node]).command(&[b"CLUSTER", b"MYID"]) {
            Ok(Value::BulkString(id)) => String::from_utf8(id).expect("a name"),
            other => panic!("CLUSTER MYID: {other:?}"),
        }
    }
}

pub(super) fn cluster(plan: &Plan) -> Outcome {
    let mut cluster = Cluster::start(true);
    let mut scene = Scene::new(plan, plan.processes(), Setup::new(&cluster.url()));
    scene.bound *= 2;
    let mut pair = [cluster.owner, 3];
    let mut killed = 0;
    scene.life(|scene, _| {
        scene.await_prober();
        let [master, replica] = pair;
        must("kill -9", cluster.nodes[master].kill());
        await_true("the replica is the master", || is_master(&cluster.nodes[replica]));
        pause(500);
        must("restart", cluster.nodes[master].restart());
        await_true("the old one is a replica", || {
            asked(&cluster.nodes[master], "INFO replication").contains("master_link_status:up")
        });
        pair = [replica, master];
        killed += 1;
        pause(700);
    });
    scene.note(format!("{killed} times"));
    Ok(scene.finish())
}

/// The slot goes from master to master, the key in it.
pub(super) fn slot(plan: &Plan) -> Outcome {
    let cluster = Cluster::start(false);
    let mut scene = Scene::new(plan, plan.processes(), Setup::new(&cluster.url()));
    let ids: Vec<String> = (0..3).map(|node| cluster.id(node)).collect();
    let (mut owner, mut moved, slot) = (cluster.owner, 0, cluster.slot);
    scene.life(|scene, _| {
        scene.await_prober();
        let to = (owner + 1) % 3;
        let (mut old, mut new) = (admin(&cluster.nodes[owner]), admin(&cluster.nodes[to]));
        text(&mut new, &format!("CLUSTER SETSLOT {slot} IMPORTING {}", ids[owner]));
        text(&mut old, &format!("CLUSTER SETSLOT {slot} MIGRATING {}", ids[to]));
        pause(100);
        text(&mut old, &format!("MIGRATE 127.0.0.1 {} {KEY} 0 1000 REPLACE", cluster.nodes[to].port()));
        pause(100);
        for node in [to, owner, (to + 1) % 3] {
            text(&mut admin(&cluster.nodes[node]), &format!("CLUSTER SETSLOT {slot} NODE {}", ids[to]));
        }
        owner = to;
        moved += 1;
        pause(300);
    });
    scene.note(format!("moved {moved} times"));
    Ok(scene.finish())
}
