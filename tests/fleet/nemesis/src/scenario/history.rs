//! Long histories: faults by chance, one after the other, and after each few of them a fleet that must be well.

use std::time::{Duration, Instant};

use rig::Server;

use super::{Outcome, admin, must, server, tell};
use crate::dependency::Health;
use crate::process::signal;
use crate::proxy::{Proxy, Weather};
use crate::scene::{Plan, Scene, pause};
use crate::wire::Setup;

const KEY: &str = "circuit_breaker:s3_upload";
const FAULTS: u64 = 17;

struct Chance(u64);

impl Chance {
    fn below(&mut self, most: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 16) % most
    }
}

pub(super) fn run(plan: &Plan) -> Outcome {
    let mut redis = server(&["lua-time-limit 20"]);
    let proxy = Proxy::new(redis.port());
    let mut scene = Scene::new(plan, plan.processes(), Setup::new(&proxy.url()));
    let seed = std::env::var("NEMESIS_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(1_764_240_001);
    let mut chance = Chance(seed);
    scene.note(format!("seed {seed}"));
    let (start, mut rounds, mut faults, mut slowest) = (Instant::now(), 0, 0, Duration::ZERO);
    let mut memory = None;
    while start.elapsed() < plan.history {
        let health = if chance.below(3) == 0 { Health::Well(32) } else { Health::Sick(700) };
        scene.dependency.set(health);
        let mut named = Vec::new();
        for _ in 0..=chance.below(5) {
            pause(chance.below(900));
            named.push(fault(&mut scene, &mut redis, &proxy, &mut chance));
            faults += 1;
        }
        // Nothing is wrong any more: the fleet agrees, and closes within one recovery time, once it has found Redis.
        scene.dependency.set(Health::Well(0));
        let before = scene.errors();
        let took = scene.until("closes", Duration::from_millis(4_000), |scene| {
            scene.reports().iter().all(|report| report.state == "C" && !report.alone && report.failures == 0)
        });
        slowest = slowest.max(took);
        scene.well_for(Duration::from_millis(500));
        if scene.errors() > before {
            scene.note(format!("round {rounds}, {health:?}: {}", named.join(", ")));
        }
        rounds += 1;
        let now = scene.reports().iter().map(|report| report.memory_kb).max().unwrap_or(0);
        if memory.is_none() && start.elapsed() > plan.history / 4 {
            memory = Some(now);
        }
    }
    let last = scene.reports().iter().map(|report| report.memory_kb).max().unwrap_or(0);
    let first = memory.unwrap_or(last);
    scene.check(last < first + first / 5 + 1_024, "memory", &format!("from {first} to {last} KiB"));
    scene.note(format!(
        "{rounds} rounds, {faults} faults; agreed and CLOSED at the latest {} ms after the last",
        slowest.as_millis()
    ));
    scene.note(format!("memory of a worker {first} KiB after a quarter, {last} KiB at the end"));
    Ok(scene.finish())
}

/// One fault from its beginning to its end; its name.
fn fault(scene: &mut Scene, redis: &mut Server, proxy: &Proxy, chance: &mut Chance) -> &'static str {
    let time = 30 + chance.below(900);
    let order = |redis: &Server, on: &str, off: &str| {
        let mut admin = admin(redis);
        let _ = tell(&mut admin, on);
        pause(time);
        let _ = tell(&mut admin, off);
    };
    let weather = |weather: Weather| {
        proxy.set(weather);
        pause(time);
        proxy.set(Weather::Fine);
    };
    match chance.below(FAULTS) {
        0 => {
            let at = chance.below(scene.workers.len() as u64) as usize;
            scene.replace_worker(scene.prober().unwrap_or(at));
            "worker killed"
        }
        1 => {
            // For less than what is left of a lease between two renewals.
            let at = chance.below(scene.workers.len() as u64) as usize;
            scene.workers[at].signal("-STOP");
            pause(time.min(150));
            scene.workers[at].signal("-CONT");
            "worker stopped"
        }
        2 => {
            must("kill -9", redis.kill());
            pause(time);
            must("restart", redis.restart());
            "Redis killed"
        }
        3 => {
            signal(redis.pid(), "-STOP");
            pause(time);
            signal(redis.pid(), "-CONT");
            "Redis stopped"
        }
        4 => {
            order(redis, "FLUSHALL", "PING");
            "FLUSHALL"
        }
        5 => {
            order(redis, &format!("DEL {KEY}"), "SCRIPT FLUSH");
            "DEL, SCRIPT FLUSH"
        }
        6 => {
            order(redis, "CONFIG SET maxmemory 1", "CONFIG SET maxmemory 0");
            "OOM"
        }
        7 => {
            order(redis, "REPLICAOF 127.0.0.1 1", "REPLICAOF NO ONE");
            "READONLY"
        }
        8 => {
            order(redis, "ACL SETUSER default -eval -evalsha", "ACL SETUSER default +eval +evalsha");
            "ACL"
        }
        9 => {
            order(redis, &format!("SET {KEY} text"), &format!("DEL {KEY}"));
            "WRONGTYPE"
        }
        10 => {
            order(redis, &format!("HSET {KEY} gen abc failures -7 open_until nan lease.x 1e300 fail.x @@"), "PING");
            "garbage"
        }
        11 => {
            let mut blocked = admin(redis);
            let script = std::thread::spawn(move || blocked.command(&[b"EVAL", b"while true do end", b"0"]).map(drop));
            pause(time);
            let _ = (tell(&mut admin(redis), "SCRIPT KILL"), script.join());
            "BUSY"
        }
        12 => {
            proxy.swallow();
            "swallowed"
        }
        13 => {
            proxy.reset(None);
            "reset"
        }
        14 => {
            weather(Weather::Cut);
            "cut"
        }
        15 => {
            weather(Weather::Slow);
            "slow"
        }
        _ => {
            weather(Weather::Half);
            "half"
        }
    }
}
