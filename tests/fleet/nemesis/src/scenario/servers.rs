//! Redis goes, and comes back with what it has kept.

use rig::Server;

use super::{Outcome, must, server};
use crate::process::signal;
use crate::scene::{Plan, Scene, pause};
use crate::wire::Setup;

const AOF: &[&str] = &["appendonly yes", "appendfsync everysec"];
const RDB: &[&str] = &["save 1 1"];
/// Each way to be away comes once.
const TURNS: u32 = 3;

pub(super) fn kill_none(plan: &Plan) -> Outcome {
    kill(plan, &[], 5)
}

pub(super) fn kill_aof(plan: &Plan) -> Outcome {
    kill(plan, AOF, 5)
}

/// What comes back is old, and may count failures again that were refuted: that alone must not reach the threshold.
pub(super) fn kill_rdb(plan: &Plan) -> Outcome {
    kill(plan, RDB, 4 * plan.processes() as u32)
}

/// So many that some are free to ask while others probe.
fn many_threads(redis: &Server) -> Setup {
    Setup { threads: 8, pace_ms: 30, ..Setup::new(&redis.url()) }
}

fn kill(plan: &Plan, config: &[&str], threshold: u32) -> Outcome {
    let mut redis = server(config);
    let mut scene = Scene::new(plan, plan.processes(), Setup { threshold, ..many_threads(&redis) });
    // Long enough for a probe to be there before and after.
    (scene.probe_ms, scene.least_turns) = (2_000, TURNS);
    let mut kills = 0;
    scene.life(|scene, turn| {
        // In the middle of a probe, where there is one.
        scene.await_prober();
        must("kill -9", redis.kill());
        pause([900, 20, 300][turn as usize % 3]);
        must("restart", redis.restart());
        kills += 1;
        pause(400);
    });
    scene.note(format!("{kills} times"));
    Ok(scene.finish())
}

pub(super) fn stop(plan: &Plan) -> Outcome {
    let redis = server(&[]);
    let mut scene = Scene::new(plan, plan.processes(), many_threads(&redis));
    (scene.probe_ms, scene.least_turns) = (2_000, TURNS);
    let mut stops = 0;
    scene.life(|scene, turn| {
        scene.await_prober();
        signal(redis.pid(), "-STOP");
        pause([900, 60, 300][turn as usize % 3]);
        signal(redis.pid(), "-CONT");
        stops += 1;
        pause(500);
    });
    scene.note(format!("{stops} times"));
    Ok(scene.finish())
}

/// Two outages in a row, each longer than a lease, with less time between them than who probes has to renew; and at the end of
/// each a worker that has only just begun, and does not know that there was one.
pub(super) fn stop_twice(plan: &Plan) -> Outcome {
    let redis = server(&[]);
    let mut scene = Scene::new(plan, plan.processes(), Setup { places: 1, ..many_threads(&redis) });
    (scene.probe_ms, scene.least_turns) = (3_000, TURNS);
    let mut stops = 0;
    scene.life(|scene, _| {
        scene.await_prober();
        for _ in 0..2 {
            signal(redis.pid(), "-STOP");
            pause(900);
            scene.replace_idle_worker();
            // It has asked by then, and does not wait for longer than it would for an answer.
            pause(60);
            signal(redis.pid(), "-CONT");
            stops += 1;
            pause(30);
        }
        pause(500);
    });
    scene.note(format!("{stops} times"));
    Ok(scene.finish())
}

pub(super) fn open_none(plan: &Plan) -> Outcome {
    open(plan, &[])
}

pub(super) fn open_aof(plan: &Plan) -> Outcome {
    open(plan, AOF)
}

pub(super) fn open_rdb(plan: &Plan) -> Outcome {
    open(plan, RDB)
}

/// Nobody calls until the opening ends, workers that were started since included.
fn open(plan: &Plan, config: &[&str]) -> Outcome {
    let mut redis = server(config);
    let setup = Setup { recovery_ms: 4_000, ..Setup::new(&redis.url()) };
    let mut scene = Scene::new(plan, plan.processes(), setup);
    scene.well(&mut |_, _| pause(100));
    scene.fall_sick();
    for down in [20, 400] {
        must("kill -9", redis.kill());
        pause(down);
        must("restart", redis.restart());
        pause(700);
        scene.replace_worker(0);
        pause(200);
    }
    scene.settle();
    let seen = scene.dependency.seen();
    let calls = seen.plain + seen.probes + seen.alone;
    scene.note(format!("{calls} calls let through"));
    scene.check(calls == 0, "let through", &format!("{calls} calls while the circuit was OPEN"));
    scene.recover();
    Ok(scene.finish())
}
