//! Connections by the crate `redis` 1: one server, TLS, a unix socket, Sentinel, Cluster.
//!
//! ```
//! use halfopen::redis::v1::{RedisConnect, Timeouts, redis};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let by_url = RedisConnect::from_url("redis://:secret@redis.example:6379/0", Timeouts::new())?;
//! let by_client = RedisConnect::from_client(&redis::Client::open("redis://127.0.0.1/")?, Timeouts::new());
//! let wrong = RedisConnect::from_url("redis://:secret@redis.example:port", Timeouts::new()).unwrap_err();
//! assert_eq!(wrong.to_string(), "wrong Redis URL: the port must be a number from 1 to 65535");
//! # Ok(())
//! # }
//! ```
//!
//! Of that crate only connections to single servers are used. Its `ConnectionManager` stays on a connection that is dead,
//! its Sentinel waits without a timeout, and its Cluster sleeps between attempts.

mod answer;
mod browse;
mod cluster;
mod errors;
mod line;
mod link;
mod sentinel;
mod single;
mod slots;
mod subscription;
#[cfg(feature = "redis-tokio")]
mod tasks;
mod timeouts;
#[cfg(feature = "redis-tls-rustls")]
mod tls;
mod url;

use alloc::boxed::Box;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

/// The crate whose clients [`RedisConnect`] takes.
pub use redis_v1 as redis;
use redis_v1::{Client, ConnectionInfo};

use self::cluster::{Cluster, Nodes};
use self::line::{first_of, now};
use self::link::Link;
use self::sentinel::Sentinels;
use self::single::Single;
use self::subscription::Notices;
#[cfg(feature = "redis-tokio")]
pub use self::tasks::Brought;
pub use self::timeouts::Timeouts;
pub use self::url::UrlError;
use super::{Browse, Browser, Connect, Connection, Subscription, Trouble};

/// Makes connections, one for each call of the script's driver and one for each subscription. Nothing is shared with the
/// client that it was made from.
#[derive(Debug)]
pub struct RedisConnect {
    servers: Servers,
    timeouts: Timeouts,
}

#[derive(Debug)]
enum Servers {
    One(Box<ConnectionInfo>),
    Sentinel(Box<Sentinels>),
    Cluster(Arc<Nodes>),
}

impl RedisConnect {
    /// By a URL. Nothing is connected: building never waits for Redis, and does not fail because it is away.
    ///
    /// | URL | what it reaches |
    /// | --- | --- |
    /// | `redis://[user][:password@]host[:port][/db]` | one server; `valkey://` is the same |
    /// | `rediss://…` | the same by TLS, with the feature `redis-tls-rustls`; `valkeys://` is the same |
    /// | `unix:///path[?db=…&user=…&pass=…]` | one server by its unix socket |
    /// | `redis-cluster://[user][:password@]host[:port],…` | a Cluster, by any of its nodes; `rediss-cluster://` by TLS |
    /// | `redis-sentinel://[user][:password@]host[:port],…/name[/db]` | the master `name`, by sentinels at these hosts, port 26379; `rediss-sentinel://` by TLS |
    ///
    /// User and password are the servers'. Those of sentinels are `?sentinel_user=…&sentinel_password=…`. `?protocol=resp3` asks
    /// for RESP3. Whatever has a meaning in a URL is written as `%` and two digits: `@` in a password is `%40`.
    ///
    /// # Errors
    ///
    /// A [`UrlError`] that names the part that is wrong, and shows nothing of what it holds.
    pub fn from_url(url: &str, timeouts: Timeouts) -> Result<Self, UrlError> {
        Ok(match url::parse(url)? {
            url::Parsed::One(client) => Self::from_client(&client, timeouts),
            url::Parsed::Cluster(nodes) => Self::from_cluster(&nodes, timeouts),
            url::Parsed::Sentinel { sentinels, name, master } => {
                Self::from_sentinels(&sentinels, name, &master, timeouts)
            }
        })
    }

    /// By a client of one server, or of what looks like one. `Client::build_with_tls` makes one with certificates of your own.
    #[must_use]
    pub fn from_client(client: &Client, timeouts: Timeouts) -> Self {
        Self { servers: Servers::One(Box::new(client.get_connection_info().clone())), timeouts }
    }

    /// By clients of some nodes of a Cluster; the others are asked for. Credentials and TLS are those of the first.
    #[must_use]
    pub fn from_cluster<'a>(nodes: impl IntoIterator<Item = &'a Client>, timeouts: Timeouts) -> Self {
        Self { servers: Servers::Cluster(Arc::new(Nodes::new(infos(nodes)))), timeouts }
    }

    /// By clients of sentinels, which are asked for the address of the master `name` at each connection. `master` says all
    /// but that: credentials, database, TLS.
    #[must_use]
    pub fn from_sentinels<'a>(
        sentinels: impl IntoIterator<Item = &'a Client>,
        name: impl Into<String>,
        master: &Client,
        timeouts: Timeouts,
    ) -> Self {
        let master = master.get_connection_info().clone();
        let sentinels = Box::new(Sentinels::new(infos(sentinels), name.into(), master));
        Self { servers: Servers::Sentinel(sentinels), timeouts }
    }
}

fn infos<'a>(clients: impl IntoIterator<Item = &'a Client>) -> Vec<ConnectionInfo> {
    clients.into_iter().map(|client| client.get_connection_info().clone()).collect()
}

impl Connect for RedisConnect {
    fn connect(&self) -> Result<Box<dyn Connection>, Trouble> {
        Ok(match &self.servers {
            Servers::One(info) => Box::new(Single::new(Link::open(info, self.timeouts)?)),
            Servers::Sentinel(sentinels) => Box::new(Single::new(now(sentinels.connect::<Link>(self.timeouts))?)),
            Servers::Cluster(nodes) => Box::new(now(Cluster::<Link>::open(nodes.clone(), self.timeouts))?),
        })
    }

    fn subscribe(&self, channel: &str) -> Result<Option<Box<dyn Subscription>>, Trouble> {
        let listen = |link| Notices::open(link, self.timeouts, channel);
        let notices = match &self.servers {
            Servers::One(info) => listen(Link::open(info, self.timeouts)?)?,
            Servers::Sentinel(sentinels) => listen(now(sentinels.connect(self.timeouts))?)?,
            // Every node hears of every notice.
            Servers::Cluster(nodes) => {
                now(first_of(nodes.to_ask(), async |info| listen(Link::open(&info, self.timeouts)?)))?
            }
        };
        Ok(Some(Box::new(notices)))
    }
}

impl Browse for RedisConnect {
    fn browse(&self) -> Result<Box<dyn Browser>, Trouble> {
        Ok(match &self.servers {
            Servers::One(info) => Box::new(Single::new(Link::open(info, self.timeouts)?)),
            Servers::Sentinel(sentinels) => Box::new(Single::new(now(sentinels.connect::<Link>(self.timeouts))?)),
            Servers::Cluster(nodes) => Box::new(now(Cluster::<Link>::open(nodes.clone(), self.timeouts))?),
        })
    }
}
