//! Which server is the master now, by Sentinel.
//!
//! The client's own Sentinel connections wait without a timeout, so they are not used.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::sync::atomic::{AtomicUsize, Ordering};

use redis_v1::{ConnectionInfo, Value, cmd};

use super::Timeouts;
use super::answer::texts;
use super::errors::trouble;
use super::line::Line;
use super::link::at;
use crate::redis::connect::{Trouble, TroubleKind};

/// Sentinels, and the master that they watch.
#[derive(Debug)]
pub(super) struct Sentinels {
    sentinels: Vec<ConnectionInfo>,
    name: String,
    /// How to connect to it; its address is asked for.
    master: ConnectionInfo,
    /// The one that has answered last: it is asked first.
    first: AtomicUsize,
}

impl Sentinels {
    pub(super) fn new(sentinels: Vec<ConnectionInfo>, name: String, master: ConnectionInfo) -> Self {
        Self { sentinels, name, master, first: AtomicUsize::new(0) }
    }

    /// A connection to the master.
    pub(super) async fn connect<L: Line>(&self, timeouts: Timeouts) -> Result<L, Trouble> {
        self.find(timeouts).await.map(|(line, _)| line)
    }

    /// A connection to a server that is the master by its own words too, and where that is: a sentinel may not have heard of a
    /// failover yet.
    pub(super) async fn find<L: Line>(&self, timeouts: Timeouts) -> Result<(L, ConnectionInfo), Trouble> {
        let mut worst = trouble(TroubleKind::Connection, "no sentinel is given");
        let first = self.first.load(Ordering::Relaxed);
        for turn in 0..self.sentinels.len() {
            let index = (first + turn) % self.sentinels.len();
            match self.ask(&self.sentinels[index], timeouts).await {
                Ok(master) => {
                    self.first.store(index, Ordering::Relaxed);
                    return Ok(master);
                }
                // One that has answered says more than one that is not there.
                Err(trouble) if worst.kind == TroubleKind::Connection => worst = trouble,
                Err(_) => {}
            }
        }
        Err(worst)
    }

    async fn ask<L: Line>(
        &self,
        sentinel: &ConnectionInfo,
        timeouts: Timeouts,
    ) -> Result<(L, ConnectionInfo), Trouble> {
        let mut line = L::open(sentinel, timeouts).await?;
        let answer = line.ask(cmd("SENTINEL").arg("GET-MASTER-ADDR-BY-NAME").arg(&self.name)).await?;
        let address = texts(answer).unwrap_or_default();
        let [host, port] = address.as_slice() else {
            return Err(trouble(TroubleKind::Server, format!("{} knows no master {}", sentinel.addr(), self.name)));
        };
        let port = port.parse().map_err(|_| trouble(TroubleKind::Server, "a sentinel gives a port that is none"))?;
        let master = at(&self.master, host, port);
        let mut line = L::open(&master, timeouts).await?;
        is_master(&mut line, &master).await.map(|()| (line, master))
    }
}

/// Whether a server says so itself. One that does not let us ask has to be believed.
async fn is_master(line: &mut impl Line, info: &ConnectionInfo) -> Result<(), Trouble> {
    let role = match line.ask(&cmd("ROLE")).await {
        Ok(Value::Array(values)) => values.into_iter().next().map(|value| texts(Value::Array([value].into()))),
        Err(Trouble { kind: TroubleKind::Refused, .. }) => return Ok(()),
        Err(trouble) => return Err(trouble),
        Ok(_) => None,
    };
    match role {
        Some(Ok(role)) if role == ["master".to_string()] => Ok(()),
        _ => Err(trouble(TroubleKind::NotMaster, format!("{} is not the master yet, or not any more", info.addr()))),
    }
}
