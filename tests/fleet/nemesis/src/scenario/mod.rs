//! The scenarios, and what each of them must notice.

mod data;
mod failover;
mod history;
mod network;
mod outage;
mod refusals;
mod scale;
mod servers;

use std::io;

use rig::{Kind, Live, Server};

use crate::scene::{Plan, Row};
use crate::wire::Sabotage;

/// What came of a run: what it has seen, or why it cannot be here.
pub type Outcome = Result<Row, String>;

/// A run of a scenario with a thing broken on purpose.
#[derive(Clone, Copy, Debug)]
pub struct Control {
    /// What workers do wrong.
    pub sabotage: Sabotage,
    /// The text of the script that they use.
    pub script: &'static str,
    /// What must be found wrong.
    pub word: &'static str,
}

/// Something that happens to a fleet.
#[derive(Clone, Copy)]
pub struct Scenario {
    /// Its name on the command line.
    pub name: &'static str,
    /// What happens.
    pub what: &'static str,
    /// It is in the short run too.
    pub short: bool,
    /// It needs the machine for itself.
    pub alone: bool,
    /// Makes it happen.
    pub run: fn(&Plan) -> Outcome,
    /// With what broken it must fail. In the short run only the first, and only where there is `control_in_short`.
    pub controls: &'static [Control],
    /// A control is in the short run too.
    pub control_in_short: bool,
}

const fn worker(sabotage: Sabotage, word: &'static str) -> Control {
    Control { sabotage, script: "plain", word }
}

const fn script(script: &'static str, word: &'static str) -> Control {
    Control { sabotage: Sabotage::None, script, word }
}

const PROBES: Control = worker(Sabotage::Probe, "probes");
const LET_THROUGH: Control = worker(Sabotage::Ignore, "let through");
const REFUSED: Control = worker(Sabotage::Refuse, "refused");
const WAITED: Control = worker(Sabotage::Wait, "waited");

const fn of(name: &'static str, what: &'static str, run: fn(&Plan) -> Outcome) -> Scenario {
    Scenario { name, what, short: false, alone: false, run, controls: &[PROBES, LET_THROUGH], control_in_short: false }
}

impl Scenario {
    const fn short(self) -> Self {
        Self { short: true, ..self }
    }

    const fn alone(self) -> Self {
        Self { alone: true, controls: &[], ..self }
    }

    const fn noticing(self, controls: &'static [Control]) -> Self {
        Self { controls, ..self }
    }

    const fn in_short(self) -> Self {
        Self { short: true, control_in_short: true, ..self }
    }
}

/// All of them, in the order of the table.
pub const ALL: &[Scenario] = &[
    of("baseline", "outage and recovery, 8 processes", outage::baseline).in_short(),
    of("commands", "commands to Redis while healthy, and for failures", outage::commands).short().alone(),
    of("worker-kill", "kill -9 of workers, those that probe first", outage::kill).in_short(),
    of("worker-stop", "SIGSTOP of workers that probe, for longer than a lease", outage::stop).short(),
    of("redis-kill", "kill -9 of Redis without persistence", servers::kill_none)
        .in_short()
        .noticing(&[REFUSED, PROBES]),
    of("redis-kill-aof", "kill -9 of Redis with AOF", servers::kill_aof).noticing(&[REFUSED, PROBES]),
    of("redis-kill-rdb", "kill -9 of Redis with RDB", servers::kill_rdb).noticing(&[REFUSED, PROBES]),
    of("redis-stop", "SIGSTOP of Redis", servers::stop).in_short().noticing(&[WAITED, REFUSED, PROBES]),
    of("redis-stop-twice", "SIGSTOP of Redis twice in a row, and new workers", servers::stop_twice).noticing(&[
        script("no_grace", "probes"),
        script("grace_once", "probes"),
        PROBES,
    ]),
    of("open-none", "kill -9 of Redis while OPEN, nothing kept", servers::open_none)
        .in_short()
        .noticing(&[script("no_join", "let through"), LET_THROUGH]),
    of("open-aof", "kill -9 of Redis while OPEN, AOF", servers::open_aof).noticing(&[LET_THROUGH]),
    of("open-rdb", "kill -9 of Redis while OPEN, RDB", servers::open_rdb)
        .noticing(&[script("no_join", "let through"), LET_THROUGH]),
    of("flushall", "FLUSHALL under load", data::flushall).short().noticing(&[script("no_quiet", "probes"), PROBES]),
    of("del", "DEL of the key under load", data::del).noticing(&[script("no_quiet", "probes"), PROBES]),
    of("script-flush", "SCRIPT FLUSH under load", data::script_flush).short(),
    of("eviction", "eviction of all keys", data::eviction),
    of("wrongtype", "a text in place of the HASH", data::wrongtype).short().noticing(&[REFUSED, PROBES]),
    of("garbage", "nonsense in the fields", data::garbage).short(),
    of("two-scripts", "two texts of the script at once", data::two_scripts).short(),
    of("clocks", "failover to a server with older data, clock 60 s ahead and behind", data::clocks),
    of("odd-names", "names with every odd byte", data::odd_names).short().noticing(&[]),
    of("swallow", "a network that swallows old connections", network::swallow).short().noticing(&[WAITED, PROBES]),
    of("slow", "a network that is 200 ms late", network::slow).short().noticing(&[WAITED, PROBES]),
    of("half", "replies cut in half", network::half).short().noticing(&[REFUSED, PROBES]),
    of("reset", "connections that are reset", network::reset).short(),
    of("cut", "a network that passes nothing on", network::cut).short().noticing(&[REFUSED, WAITED, PROBES]),
    of("lossy", "one piece of twenty 200 ms late", network::lossy).noticing(&[WAITED, PROBES]),
    of("netns-cut", "a namespace whose link goes down", network::netns_cut).noticing(&[REFUSED, PROBES]),
    of("netns-loss", "a namespace that loses 5 % of its packets", network::netns_loss),
    of("oom", "maxmemory reached, noeviction", refusals::oom).short().noticing(&[REFUSED, PROBES]),
    of("readonly", "REPLICAOF and back", refusals::readonly).short().noticing(&[REFUSED, PROBES]),
    of("noreplicas", "min-replicas-to-write", refusals::noreplicas).noticing(&[REFUSED, PROBES]),
    of("busy", "a script that does not end", refusals::busy).short().noticing(&[WAITED, REFUSED]),
    of("loading", "a server that loads its data", refusals::loading).noticing(&[REFUSED, PROBES]),
    of("noauth", "a password, set at run time", refusals::noauth).short().noticing(&[REFUSED, PROBES]),
    of("acl", "rights taken away at run time", refusals::acl).noticing(&[REFUSED, PROBES]),
    // Sentinels on a busy machine go into tilt, and then bring nobody back for half a minute.
    of("sentinel", "failover by Sentinel, ordered and by kill -9", failover::sentinel).alone().noticing(&[PROBES]),
    of("cluster", "Cluster of three masters, the circuit's killed", failover::cluster),
    of("slot", "Cluster of three masters, the circuit's slot moved", failover::slot),
    of("fleet-64", "64 instances: from the opening to the last that refuses", scale::fleet_64).short().alone(),
    of("reports", "reports a second, from 1 to 100,000 circuits", scale::reports).alone(),
    of("circuits", "100,000 circuits in one process", scale::circuits).alone(),
    of("history", "faults by chance, one after the other", history::run).alone(),
];

/// Debian's server with lines of configuration.
fn server(config: &[&str]) -> Server {
    Server::start(Kind::Debian, config).expect("a server that starts: ./x fleet installs it")
}

/// A connection for orders to a server.
fn admin(server: &Server) -> Live {
    server.connect().expect("a server that answers")
}

/// A command, by its words; `''` is an empty one. Its answer as text.
fn tell(live: &mut Live, words: &str) -> Result<String, String> {
    let words: Vec<&[u8]> =
        words.split(' ').map(|word| if word == "''" { &b""[..] } else { word.as_bytes() }).collect();
    live.command(&words).map(|answer| format!("{answer:?}")).map_err(|error| error.to_string())
}

/// What has to work for there to be a scenario.
fn must<T>(what: &str, result: io::Result<T>) -> T {
    result.unwrap_or_else(|error| panic!("{what}: {error}"))
}
