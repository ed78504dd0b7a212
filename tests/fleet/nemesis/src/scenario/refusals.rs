//! A server that answers and does not do what it is asked for.

use std::thread;

use rig::{Live, Server};

use super::{Outcome, admin, must, server, tell};
use crate::scene::{Plan, Scene, pause};
use crate::wire::Setup;

/// The three phases, with some commands for so long and then others, again and again. The connection that orders it stays.
fn between(plan: &Plan, refuse: &[&str], serve: &[&str], sign: &str) -> Outcome {
    let redis = server(&[]);
    let mut admin = admin(&redis);
    let mut scene = Scene::new(plan, plan.processes(), Setup { threads: 4, pace_ms: 16, ..Setup::new(&redis.url()) });
    scene.probe_ms = 500;
    let order = |admin: &mut Live, commands: &[&str]| {
        for command in commands {
            tell(admin, command).unwrap_or_else(|error| panic!("{command}: {error}"));
        }
    };
    let mut times = 0;
    scene.life(|_, _| {
        order(&mut admin, refuse);
        pause(500);
        order(&mut admin, serve);
        pause(600);
        times += 1;
    });
    let refused = tell(&mut admin, "INFO errorstats").unwrap_or_default();
    scene.check(refused.contains(sign), "vacuous", &format!("nobody was answered {sign}"));
    scene.note(format!("{times} times"));
    Ok(scene.finish())
}

pub(super) fn oom(plan: &Plan) -> Outcome {
    between(plan, &["CONFIG SET maxmemory 1"], &["CONFIG SET maxmemory 0"], "OOM")
}

pub(super) fn readonly(plan: &Plan) -> Outcome {
    between(plan, &["REPLICAOF 127.0.0.1 1"], &["REPLICAOF NO ONE"], "READONLY")
}

pub(super) fn noreplicas(plan: &Plan) -> Outcome {
    let (on, off) = ("CONFIG SET min-replicas-to-write 1", "CONFIG SET min-replicas-to-write 0");
    between(plan, &[on], &[off], "NOREPLICAS")
}

pub(super) fn noauth(plan: &Plan) -> Outcome {
    let refuse = ["CONFIG SET requirepass secret", "CLIENT KILL TYPE normal", "CLIENT KILL TYPE pubsub"];
    between(plan, &refuse, &["CONFIG SET requirepass ''"], "NOAUTH")
}

pub(super) fn acl(plan: &Plan) -> Outcome {
    let (refuse, serve) = (["ACL SETUSER default -eval -evalsha"], ["ACL SETUSER default +eval +evalsha"]);
    between(plan, &refuse, &serve, "NOPERM")
}

pub(super) fn busy(plan: &Plan) -> Outcome {
    let redis = server(&["lua-time-limit 20"]);
    let mut scene = Scene::new(plan, plan.processes(), Setup::new(&redis.url()));
    let mut killer = admin(&redis);
    scene.life(|_, _| {
        let mut blocked = admin(&redis);
        let script = thread::spawn(move || blocked.command(&[b"EVAL", b"while true do end", b"0"]).map(drop));
        pause(500);
        tell(&mut killer, "SCRIPT KILL").expect("a script that runs");
        let _ = script.join();
        pause(600);
    });
    let refused = tell(&mut killer, "INFO errorstats").unwrap_or_default();
    scene.check(refused.contains("BUSY"), "vacuous", "nobody was answered BUSY");
    Ok(scene.finish())
}

/// A second or so of loading, by a delay for each key.
pub(super) fn loading(plan: &Plan) -> Outcome {
    let config = ["key-load-delay 500", "loading-process-events-interval-bytes 1024", "enable-debug-command yes"];
    let mut redis: Server = server(&config);
    let mut scene = Scene::new(plan, plan.processes(), Setup::new(&redis.url()));
    tell(&mut admin(&redis), "DEBUG POPULATE 2000").expect("keys");
    let mut refused = 0;
    scene.life(|_, _| {
        tell(&mut admin(&redis), "SAVE").expect("a file");
        must("kill -9", redis.kill());
        must("restart", redis.restart());
        let errors = tell(&mut admin(&redis), "INFO errorstats").unwrap_or_default();
        refused += u32::from(errors.contains("LOADING"));
        pause(600);
    });
    scene.check(refused > 0, "vacuous", "nobody was answered LOADING");
    Ok(scene.finish())
}
