//! How Redis is reached: what a driver needs of a client, and nothing of the client itself.
//!
//! [`Connect`] is what you implement to bring a client that this crate does not know. For the crate `redis` 1 there is
//! [`RedisConnect`](v1::RedisConnect).

#[cfg(feature = "redis-tokio")]
mod tasks;
pub mod v1;

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;

#[cfg(feature = "redis-tokio")]
pub use tasks::{AsyncConnect, AsyncConnection, AsyncSubscription, BoxFuture};

/// A call of the script for one key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScriptCall {
    /// `KEYS[1]`.
    pub key: String,
    /// `ARGV`.
    pub arguments: Vec<String>,
}

/// What came of an exchange: what each call answered, in their order, or why nobody knows.
pub type Answers = Result<Vec<Result<Vec<String>, Trouble>>, Trouble>;

/// Makes connections.
///
/// An implementation MUST NOT wait for a server for longer than the timeouts that it was made with, and MUST give up a connection that
/// it cannot trust any more: after an error of a whole exchange the driver drops it and asks for another one.
pub trait Connect: Send + Sync {
    /// A connection for calls of the script.
    ///
    /// # Errors
    ///
    /// Why there is none.
    fn connect(&self) -> Result<Box<dyn Connection>, Trouble>;

    /// A connection that gets notices of `channel`; `None` where there can be none, and circuits are read more often.
    ///
    /// # Errors
    ///
    /// Why there is none.
    fn subscribe(&self, channel: &str) -> Result<Option<Box<dyn Subscription>>, Trouble>;
}

/// A connection for calls of the script.
pub trait Connection: Send {
    /// Makes the calls in one round trip, and gives what each of them answered, in their order: twelve texts. `EVALSHA` of the
    /// script's hash; where the server does not know it, `EVAL` of its text.
    ///
    /// A call MUST NOT be sent twice within one exchange: the outcome of a probe would count twice.
    ///
    /// An error of one call says nothing of the others. In a Cluster a node that is gone is such an error of each call for its
    /// keys ([`TroubleKind::Connection`]); the connection is still of use, and has the node's successor when there is one.
    ///
    /// # Errors
    ///
    /// The connection is of no use any more, and nobody knows which of the calls were made.
    fn exchange(&mut self, calls: &[ScriptCall]) -> Answers;
}

/// Finds and reads what is stored, for those who look at circuits without having one: [`Admin`](crate::redis::admin::Admin).
pub trait Browse: Connect {
    /// A connection for reading.
    ///
    /// # Errors
    ///
    /// Why there is none.
    fn browse(&self) -> Result<Box<dyn Browser>, Trouble>;
}

/// A connection for reading.
pub trait Browser: Send {
    /// Every key that begins with `prefix`, once, in any order; in a Cluster those of all masters. Found in steps, so that no
    /// server does nothing else meanwhile. What comes or goes meanwhile may be among them or not.
    ///
    /// # Errors
    ///
    /// A server that may have some of them did not answer, or does not let us ask.
    fn keys(&mut self, prefix: &str) -> Result<Vec<Vec<u8>>, Trouble>;

    /// What is stored under each of the keys, in their order, in one round trip where nothing is out of the ordinary.
    ///
    /// # Errors
    ///
    /// The connection is of no use any more.
    fn look(&mut self, keys: &[Vec<u8>]) -> Result<Vec<Result<Stored, Trouble>>, Trouble>;
}

/// What is stored under a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stored {
    /// There is no such key.
    Nothing,
    /// A HASH.
    Hash {
        /// Field and value, in any order.
        fields: Vec<(Vec<u8>, Vec<u8>)>,
        /// How long the key has to live, in milliseconds; `None`: for ever, or the server does not let us ask.
        expires_ms: Option<u64>,
        /// The time of the server that has the key, in microseconds.
        now_us: u64,
    },
    /// Something else, by the name that Redis has for its type.
    Other(String),
}

/// A connection that gets notices.
pub trait Subscription: Send {
    /// The next notice; `None` if there was none within `timeout`.
    ///
    /// # Errors
    ///
    /// The connection is of no use any more.
    fn next(&mut self, timeout: Duration) -> Result<Option<String>, Trouble>;
}

/// Why Redis did not do what it was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// Which of the kinds that make a difference.
    pub kind: TroubleKind,
    /// In words, for logs.
    pub text: String,
}

/// What an error means for whoever has to go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TroubleKind {
    /// No connection, or it broke: refused, reset, closed, no answer in time, TLS, a name that is not known.
    Connection,
    /// The server answers and cannot do it now: LOADING, BUSY, CLUSTERDOWN, TRYAGAIN, MASTERDOWN, NOREPLICAS, OOM, a disk that is full.
    Server,
    /// It is not the master any more: READONLY, or a role that changed. Another connection has to be made.
    NotMaster,
    /// It does not let us: NOAUTH, WRONGPASS, NOPERM.
    Refused,
    /// Only this key: WRONGTYPE, or an answer that is none of the script.
    Key,
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl core::error::Error for Trouble {}
