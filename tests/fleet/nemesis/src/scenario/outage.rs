//! Outages of the dependency, and of workers.

use super::{Outcome, admin, server};
use crate::dependency::Health;
use crate::scene::{Plan, Scene, pause};
use crate::wire::{Sabotage, Setup};

pub(super) fn baseline(plan: &Plan) -> Outcome {
    let redis = server(&[]);
    let mut scene = Scene::new(plan, 8, Setup::new(&redis.url()));
    scene.life(|_, _| pause(100));
    Ok(scene.finish())
}

pub(super) fn commands(plan: &Plan) -> Outcome {
    let redis = server(&[]);
    let mut admin = admin(&redis);
    let mut scene = Scene::new(plan, plan.processes(), Setup { threshold: 1_000, ..Setup::new(&redis.url()) });
    pause(500);
    let calls = |scene: &Scene| scene.reports().iter().map(|report| report.calls).sum::<u64>();
    let mut phase = |scene: &mut Scene, nth| {
        scene.dependency.set(Health::Well(nth));
        scene.settle();
        let (before, sent) = (calls(scene), admin.count("evalsha"));
        scene.dependency.mark();
        std::thread::sleep(plan.phase());
        let (sent, failed) = (admin.count("evalsha") - sent, scene.dependency.seen().failed);
        scene.settle();
        (calls(scene) - before, sent, failed)
    };
    let (calls, sent, _) = phase(&mut scene, 0);
    // Every instance polls every 0.8 s at the soonest.
    let polls = scene.workers.len() as u64 * (plan.phase().as_millis() as u64 / 800 + 1);
    scene.note(format!(
        "{sent} commands for {calls} successful calls of {} processes, at most {polls} are polls",
        scene.workers.len()
    ));
    scene.check(sent <= polls, "commands", &format!("{sent} commands while nothing fails, {polls} polls"));
    scene.check(calls > 500, "vacuous", &format!("{calls} calls"));
    for (nth, percent) in [(100, 1), (10, 10)] {
        let (calls, sent, failed) = phase(&mut scene, nth);
        scene.note(format!("{percent} % fail: {sent} commands, {failed} failures, {calls} calls"));
    }
    // Failures alone: no success that refutes them.
    let (_, sent, failed) = phase(&mut scene, 1);
    scene.note(format!("100 % fail: {sent} commands for {failed} failures"));
    scene.check(sent <= failed + polls, "commands", &format!("{sent} commands for {failed} failures"));
    // Its text is sent where a server does not know it, and not each time.
    let texts = admin.count("eval");
    scene.check(texts <= scene.workers.len() as u64, "commands", &format!("{texts} times the script's text"));
    Ok(scene.finish())
}

/// Whoever probes is killed, and now and then anybody.
pub(super) fn kill(plan: &Plan) -> Outcome {
    let redis = server(&[]);
    let mut scene = Scene::new(plan, plan.processes(), Setup::new(&redis.url()));
    let (mut kills, mut probers) = (0, 0);
    scene.well(&mut |_, _| pause(100));
    scene.sick(&mut |scene, turn| {
        let prober = scene.prober();
        probers += u32::from(prober.is_some());
        if prober.is_some() || turn % 20 == 19 {
            scene.replace_worker(prober.unwrap_or(0));
            kills += 1;
            pause(150);
        }
        pause(20);
    });
    scene.note(format!("{kills} killed, {probers} of them in a probe"));
    scene.check(probers > 0, "vacuous", "nobody was killed in a probe");
    scene.recover();
    Ok(scene.finish())
}

/// A paused holder cannot renew, which is one of the two exceptions: its place is given to another one.
pub(super) fn stop(plan: &Plan) -> Outcome {
    let redis = server(&[]);
    let mut scene = Scene::new(plan, plan.processes(), Setup { lease_ms: 300, ..Setup::new(&redis.url()) });
    scene.bound *= 2;
    let mut stops = 0;
    scene.well(&mut |_, _| pause(100));
    scene.sick(&mut |scene, _| {
        if let Some(prober) = scene.prober() {
            scene.workers[prober].signal("-STOP");
            pause(500);
            scene.workers[prober].signal("-CONT");
            stops += 1;
        }
        pause(20);
    });
    scene.note(format!("{stops} stopped for 500 ms in a probe, lease 300 ms"));
    scene.check(stops > 0, "vacuous", "nobody was stopped in a probe");
    scene.recover();
    let mut row = scene.finish();
    // To a worker that was stopped in it a call is as long as that.
    row.wrong.retain(|wrong| plan.sabotage == Sabotage::Wait || !wrong.starts_with("waited"));
    Ok(row)
}
