//! What a network does to connections that are open, and to those that are not yet.

use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use rig::Server;

use super::{Outcome, server};
use crate::proxy::{Proxy, Weather};
use crate::scene::{Plan, Scene, pause};
use crate::wire::Setup;

fn behind(plan: &Plan) -> (Server, Proxy, Scene) {
    behind_with(plan, 5)
}

fn behind_with(plan: &Plan, threshold: u32) -> (Server, Proxy, Scene) {
    let redis = server(&[]);
    let proxy = Proxy::new(redis.port());
    let mut scene =
        Scene::new(plan, plan.processes(), Setup { threads: 4, pace_ms: 16, threshold, ..Setup::new(&proxy.url()) });
    scene.probe_ms = 500;
    (redis, proxy, scene)
}

/// The three phases, with that weather for so long, again and again.
fn under(plan: &Plan, weather: Weather, bad_ms: u64, fine_ms: u64) -> Outcome {
    let (_redis, proxy, mut scene) = behind(plan);
    scene.life(|_, _| {
        proxy.set(weather);
        pause(bad_ms);
        proxy.set(Weather::Fine);
        pause(fine_ms);
    });
    Ok(scene.finish())
}

pub(super) fn swallow(plan: &Plan) -> Outcome {
    let (_redis, proxy, mut scene) = behind(plan);
    scene.life(|_, _| {
        proxy.swallow();
        pause(700);
    });
    Ok(scene.finish())
}

pub(super) fn slow(plan: &Plan) -> Outcome {
    under(plan, Weather::Slow, 600, 300)
}

/// Requests arrive, and what is answered does not: a failure is counted of which its instance hears nothing, so that the
/// success after it cannot be told. As many instances as the threshold open the circuit like that, which is why it is higher here.
pub(super) fn half(plan: &Plan) -> Outcome {
    let (_redis, proxy, mut scene) = behind_with(plan, 4 * plan.processes() as u32);
    scene.life(|_, _| {
        proxy.set(Weather::Half);
        pause(300);
        proxy.set(Weather::Fine);
        pause(300);
    });
    Ok(scene.finish())
}

pub(super) fn reset(plan: &Plan) -> Outcome {
    let (_redis, proxy, mut scene) = behind(plan);
    scene.life(|_, _| {
        proxy.reset(None);
        pause(60);
    });
    Ok(scene.finish())
}

pub(super) fn cut(plan: &Plan) -> Outcome {
    under(plan, Weather::Cut, 900, 700)
}

pub(super) fn lossy(plan: &Plan) -> Outcome {
    under(plan, Weather::Lossy, 2_000, 1)
}

/// A network namespace that is joined to this one by a pair of links; gone with this value.
struct Space {
    name: String,
    link: String,
    address: String,
}

impl Space {
    fn new() -> Result<Self, String> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = (std::process::id() + 37 * COUNT.fetch_add(1, Ordering::Relaxed)) % 250;
        let (name, link) = (format!("nemesis{number}"), format!("nem{number}"));
        let address = format!("10.213.{number}.1");
        let space = Self { name, link, address };
        let (name, link, number) = (&space.name, &space.link, number);
        for command in [
            format!("ip netns add {name}"),
            format!("ip link add {link} type veth peer name {link}p netns {name}"),
            format!("ip address add 10.213.{number}.1/30 dev {link}"),
            format!("ip link set {link} up"),
            format!("ip -n {name} address add 10.213.{number}.2/30 dev {link}p"),
            format!("ip -n {name} link set {link}p up"),
            format!("ip -n {name} link set lo up"),
        ] {
            order(&command)?;
        }
        Ok(space)
    }
}

impl Drop for Space {
    fn drop(&mut self) {
        let _ = (order(&format!("ip link del {}", self.link)), order(&format!("ip netns del {}", self.name)));
    }
}

fn order(command: &str) -> Result<(), String> {
    let mut words = command.split(' ');
    let program = words.next().unwrap_or_default();
    let output = Command::new(program).args(words).output().map_err(|error| format!("{program}: {error}"))?;
    let error = String::from_utf8_lossy(&output.stderr);
    if output.status.success() { Ok(()) } else { Err(format!("{command}: {}", error.trim())) }
}

fn spaced(plan: &Plan, space: &Space) -> (Server, Scene) {
    let redis = server(&[]);
    let proxy = Proxy::at(&space.address, redis.port());
    let setup = Setup { netns: space.name.clone(), ..Setup::new(&proxy.url()) };
    (redis, Scene::new(plan, plan.processes(), setup))
}

pub(super) fn netns_cut(plan: &Plan) -> Outcome {
    let space = Space::new()?;
    let (_redis, mut scene) = spaced(plan, &space);
    scene.life(|_, _| {
        for (state, ms) in [("down", 900), ("up", 900)] {
            order(&format!("ip link set {} {state}", space.link)).unwrap_or_else(|error| panic!("{error}"));
            pause(ms);
        }
    });
    Ok(scene.finish())
}

/// In both directions: by `netem`, or where the kernel has none by the filter of the namespace.
pub(super) fn netns_loss(plan: &Plan) -> Outcome {
    let space = Space::new()?;
    let (name, link) = (&space.name, &space.link);
    let by_netem = order(&format!("tc qdisc add dev {link} root netem loss 5%"))
        .and_then(|()| order(&format!("ip netns exec {name} tc qdisc add dev {link}p root netem loss 5%")));
    let by_filter = || {
        ["INPUT", "OUTPUT"].into_iter().try_for_each(|chain| {
            let rule = format!("-A {chain} -o {link}p -m statistic --mode random --probability 0.05 -j DROP");
            let rule = if chain == "INPUT" { rule.replace("-o", "-i") } else { rule };
            order(&format!("ip netns exec {name} iptables {rule}"))
        })
    };
    by_netem.or_else(|netem| by_filter().map_err(|filter| format!("{netem}; {filter}")))?;
    let (_redis, mut scene) = spaced(plan, &space);
    scene.life(|_, _| pause(100));
    Ok(scene.finish())
}
