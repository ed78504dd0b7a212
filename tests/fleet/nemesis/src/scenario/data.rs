//! What becomes of the data: lost, replaced, old, or of another version.

use std::time::{Duration, Instant};

use halfopen::redis::v1::redis::Value;
use halfopen::redis::v1::{RedisConnect, Timeouts};
use halfopen::redis::{Fleet, FleetOptions};
use halfopen::{CircuitState, Config, SystemClock};

use super::{Outcome, admin, server, tell};
use crate::proxy::Proxy;
use crate::scene::{Plan, Row, Scene, pause};
use crate::wire::Setup;

const KEY: &str = "circuit_breaker:s3_upload";

/// The three phases, with commands every so often.
fn with_commands(plan: &Plan, config: &[&str], every_ms: u64, commands: &[&str]) -> Outcome {
    let redis = server(config);
    let mut admin = admin(&redis);
    let mut scene = Scene::new(plan, plan.processes(), Setup::new(&redis.url()));
    let mut times = 0;
    scene.life(|scene, turn| {
        // In the middle of a probe, where there are any.
        scene.await_prober();
        let command = commands[turn as usize % commands.len()];
        tell(&mut admin, command).unwrap_or_else(|error| panic!("{command}: {error}"));
        times += 1;
        pause(every_ms);
    });
    scene.note(format!("{times} times"));
    Ok(scene.finish())
}

pub(super) fn flushall(plan: &Plan) -> Outcome {
    with_commands(plan, &[], 110, &["FLUSHALL"])
}

pub(super) fn del(plan: &Plan) -> Outcome {
    with_commands(plan, &[], 110, &[&format!("DEL {KEY}")])
}

pub(super) fn script_flush(plan: &Plan) -> Outcome {
    with_commands(plan, &[], 30, &["SCRIPT FLUSH"])
}

pub(super) fn wrongtype(plan: &Plan) -> Outcome {
    let redis = server(&[]);
    let mut admin = admin(&redis);
    let mut scene = Scene::new(plan, plan.processes(), Setup::new(&redis.url()));
    scene.life(|scene, _| {
        scene.await_prober();
        tell(&mut admin, &format!("SET {KEY} text")).expect("SET");
        pause(400);
        tell(&mut admin, &format!("DEL {KEY}")).expect("DEL");
        pause(500);
    });
    Ok(scene.finish())
}

pub(super) fn garbage(plan: &Plan) -> Outcome {
    let commands = [
        format!("HSET {KEY} gen abc failures -7 open_until nan state weird v 9"),
        format!("HSET {KEY} fail.x 7*x failures 99999999999999999999 streak -1 last_ok inf"),
        format!("HSET {KEY} lease.x 1e300 lease.y nan lease. 1 vote.z -1 quiet_until 99999999999999 touched 1e99"),
        format!("HDEL {KEY} state gen open_until"),
        format!("HSET {KEY} reason |||| forced perhaps recovery_ms -1 base_at 1e20 successes 77.5"),
    ];
    with_commands(plan, &[], 150, &commands.each_ref().map(String::as_str))
}

pub(super) fn eviction(plan: &Plan) -> Outcome {
    let redis = server(&["maxmemory-policy allkeys-random"]);
    let mut admin = admin(&redis);
    let mut scene = Scene::new(plan, plan.processes(), Setup::new(&redis.url()));
    let mut gone = 0;
    scene.life(|scene, _| {
        scene.await_prober();
        // With as little memory as that every write evicts what there is.
        for command in ["CONFIG SET maxmemory 100kb", "SET other text"] {
            let _ = tell(&mut admin, command);
        }
        gone += u32::from(tell(&mut admin, &format!("EXISTS {KEY}")).is_ok_and(|exists| exists == "int(0)"));
        let _ = tell(&mut admin, "CONFIG SET maxmemory 0");
        pause(150);
    });
    scene.note(format!("the key was gone {gone} times"));
    scene.check(gone > 3, "vacuous", "the key was not evicted");
    Ok(scene.finish())
}

pub(super) fn two_scripts(plan: &Plan) -> Outcome {
    let redis = server(&[]);
    let half = plan.processes() / 2;
    let mut scene = Scene::new(plan, half, Setup::new(&redis.url()));
    scene.setup.script = "comment".into();
    (0..half).for_each(|_| scene.start_worker());
    scene.settle();
    scene.life(|_, _| pause(100));
    Ok(scene.finish())
}

/// Two servers, of which the other one has what the first had some time ago, and a clock that differs by a minute.
pub(super) fn clocks(plan: &Plan) -> Outcome {
    let servers = [server(&[]), server(&[])];
    let mut admins = [admin(&servers[0]), admin(&servers[1])];
    let proxy = Proxy::new(servers[0].port());
    let mut scene = Scene::new(plan, plan.processes(), Setup { script: "clock".into(), ..Setup::new(&proxy.url()) });
    // What was lost may be twice, until the next renewal.
    scene.bound *= 2;
    let (mut now, mut clock) = (0, -60);
    scene.life(|_, _| {
        // What the other one will have.
        let dump = admins[now].command(&[b"DUMP", KEY.as_bytes()]);
        pause(150);
        let other = 1 - now;
        if let Ok(Value::BulkString(dump)) = dump {
            let words: [&[u8]; 5] = [b"RESTORE", KEY.as_bytes(), b"0", &dump, b"REPLACE"];
            admins[other].command(&words).expect("RESTORE");
        }
        clock = -clock;
        tell(&mut admins[other], &format!("SET nemesis:clock {}", if other == 1 { clock } else { 0 })).expect("SET");
        proxy.reset(Some(servers[other].port()));
        now = other;
        pause(700);
    });
    let calls = admins.each_mut().map(|admin| admin.count("eval"));
    scene.note(format!("{} and {} calls of the script", calls[0], calls[1]));
    scene.check(calls.iter().all(|calls| *calls > 50), "vacuous", "a server was never the master");
    Ok(scene.finish())
}

/// Two instances, each with a circuit of every name: what one opens, the other refuses.
pub(super) fn odd_names(_: &Plan) -> Outcome {
    let redis = server(&[]);
    let mut names: Vec<String> = (0..=127_u8).map(|byte| format!("a{}b", char::from(byte))).collect();
    names.extend((0..=127_u8).map(|byte| char::from(byte).to_string()));
    let more =
        ["a b", "a\r\nb", "{", "}", "{}", "a{b}c", "|", "a|b|c", "1|2|closed|0|0|0|||k", "ü", "日本", "\u{10FFFF}"];
    names.extend(more.map(String::from));
    names.push((0..=255_u8).map(char::from).collect());
    names.push("x".repeat(65_536));
    names.sort();
    names.dedup();
    let options = FleetOptions::new();
    let fleet = || {
        let connect = RedisConnect::from_url(&redis.url(), Timeouts::from(&options)).expect("a URL");
        Fleet::with_connect(connect, options, SystemClock).expect("options")
    };
    let (one, other) = (fleet(), fleet());
    let config = Config::new().failure_threshold(2);
    let circuits = |fleet: &Fleet| -> Vec<_> {
        names.iter().map(|name| fleet.breaker(name.as_str(), config).expect("a configuration")).collect()
    };
    let (mine, theirs) = (circuits(&one), circuits(&other));
    let mut row = Row { processes: 1, ..Row::default() };
    for breaker in &mine {
        for _ in 0..2 {
            row.sum.calls += 1;
            if let Ok(permit) = breaker.try_acquire() {
                permit.failure();
            }
        }
    }
    let start = Instant::now();
    let closed = || theirs.iter().filter(|breaker| breaker.state() == CircuitState::Closed).count();
    while closed() > 0 && start.elapsed() < Duration::from_secs(5) {
        pause(5);
    }
    row.sum.refused = theirs.iter().filter(|breaker| breaker.try_acquire().is_err()).count() as u64;
    row.faults = names.len() as u64 - row.sum.refused;
    let keys = tell(&mut admin(&redis), "DBSIZE").unwrap_or_default();
    row.notes.push(format!(
        "{} names, {keys} keys, all seen OPEN {} ms later",
        names.len(),
        start.elapsed().as_millis()
    ));
    if row.faults > 0 {
        let bad = theirs.iter().zip(&names).filter(|(breaker, _)| breaker.state() == CircuitState::Closed);
        let bad: Vec<String> = bad.map(|(_, name)| name.chars().take(9).collect::<String>()).collect();
        row.wrong.push(format!("let through: {} names: {bad:?}", row.faults));
    }
    if keys != format!("int({})", names.len()) {
        row.wrong.push(format!("keys: {keys} for {} names", names.len()));
    }
    Ok(row)
}
