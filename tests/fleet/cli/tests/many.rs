//! Ten thousand circuits, and a Cluster.

mod common;

use std::time::{Duration, Instant};

use common::{Ran, World, program};

fn fill(live: &mut rig::Live, count: &str) {
    let script = b"for i = 1, ARGV[1] do
        redis.call('HSET', string.format('circuit_breaker:%05d', i), 'v', 1, 'state', 'closed', 'failures', 1)
    end";
    live.command(&[b"EVAL", script, b"0", count.as_bytes()]).unwrap();
}

#[test]
fn ten_thousand_circuits_take_a_few_dozen_round_trips() {
    let mut world = World::new();
    fill(&mut world.live, "10000");
    world.live.command(&[b"CONFIG", b"RESETSTAT"]).unwrap();
    let start = Instant::now();
    let text = world.ok(&["list", "--json"]);
    let time = start.elapsed();
    assert_eq!(text.lines().count(), 10_000);
    assert!(text.lines().is_sorted());
    let mut count = |command| world.live.count(command);
    // Each round trip is a step of the scan, or a look that asks for the time too.
    let (steps, looks, keys) = (count("scan"), count("time"), count("keys"));
    assert!((10..=20).contains(&steps) && looks == 20 && keys == 0, "{steps} steps, {looks} looks");
    assert_eq!((count("hgetall"), count("pttl")), (10_000, 10_000));
    assert!(time < Duration::from_secs(10), "{time:?}");
}

#[test]
fn a_cluster_is_listed_by_all_its_masters_and_ordered_at_the_right_one() {
    let config = ["cluster-enabled yes", "cluster-node-timeout 1000"];
    let mut worlds: Vec<World> = (0..3).map(|_| World::with(&config)).collect();
    let first = worlds[0].server.port().to_string();
    for (world, (from, to)) in worlds.iter_mut().zip([(0, 5460), (5461, 10922), (10923, 16383)]) {
        let slots: Vec<String> = (from..=to).map(|slot: u32| slot.to_string()).collect();
        let mut words: Vec<&[u8]> = vec![b"CLUSTER", b"ADDSLOTS"];
        words.extend(slots.iter().map(|slot| slot.as_bytes()));
        world.live.command(&words).unwrap();
        world.live.command(&[b"CLUSTER", b"MEET", b"127.0.0.1", first.as_bytes()]).unwrap();
    }
    let start = Instant::now();
    let is_ready = |world: &mut World| {
        let info = format!("{:?}", world.live.command(&[b"CLUSTER", b"INFO"]).unwrap());
        info.contains("cluster_state:ok") && info.contains("cluster_size:3")
    };
    while !worlds.iter_mut().all(is_ready) {
        assert!(start.elapsed() < Duration::from_secs(60));
        std::thread::sleep(Duration::from_millis(20));
    }
    let url = format!("redis-cluster://127.0.0.1:{first}");
    let run = |words: &[&str]| Ran::of(program(&[&["--redis", &url][..], words].concat()).output().unwrap());
    for n in 0..30 {
        let ran = run(&["open", &format!("c{n:02}"), "--reason", "all of them"]);
        assert_eq!(ran.code, 0, "{ran:?}");
    }
    for world in &mut worlds {
        let size = format!("{:?}", world.live.command(&[b"DBSIZE"]).unwrap());
        assert_ne!(size, "int(0)", "every master has a share");
    }
    let listed = run(&["list", "--json"]);
    let names: Vec<String> = listed
        .text
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["name"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(names, (0..30).map(|n| format!("c{n:02}")).collect::<Vec<_>>());
    let shown = run(&["show", "c17"]);
    assert!(shown.text.contains("isolated: all of them"), "{shown:?}");
    let mut watch = common::Running::start(program(&["--redis", &url, "watch"]));
    watch.hears("c29 forced open");
    run(&["reset", "c05"]);
    watch.hears("c05 closed failures=0 reason=reset");
}
