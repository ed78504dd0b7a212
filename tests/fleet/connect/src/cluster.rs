//! A Cluster.

use rig::Server;

use crate::{server, until};

/// The slots of each master.
pub const RANGES: [(u32, u32); 3] = [(0, 5460), (5461, 10922), (10923, 16383)];

/// A Cluster of three masters that know of each other.
///
/// # Panics
///
/// It does not start.
#[must_use]
pub fn cluster() -> Vec<Server> {
    let config = ["cluster-enabled yes", "cluster-node-timeout 1000", "cluster-require-full-coverage no"];
    let servers: Vec<_> = (0..3).map(|_| server(&config)).collect();
    for (server, (first, last)) in servers.iter().zip(RANGES) {
        let slots: Vec<String> = (first..=last).map(|slot| slot.to_string()).collect();
        let mut words: Vec<&[u8]> = vec![b"CLUSTER", b"ADDSLOTS"];
        words.extend(slots.iter().map(|slot| slot.as_bytes()));
        server.connect().unwrap().command(&words).unwrap();
        let port = servers[0].port().to_string();
        server.connect().unwrap().command(&[b"CLUSTER", b"MEET", b"127.0.0.1", port.as_bytes()]).unwrap();
    }
    until("all know of all slots", || {
        servers.iter().all(|server| {
            let info = format!("{:?}", server.connect().unwrap().command(&[b"CLUSTER", b"INFO"]).unwrap());
            info.contains("cluster_state:ok")
                && info.contains("cluster_slots_assigned:16384")
                && info.contains("cluster_size:3")
        })
    });
    servers
}
