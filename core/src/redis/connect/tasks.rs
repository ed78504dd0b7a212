//! How Redis is reached from tasks: the same as [`Connect`](super::Connect), by futures.
//!
//! [`AsyncConnect`] is what you implement to bring an async client that this crate does not know. For the crate `redis` 1 there are
//! [`RedisConnect`](super::v1::RedisConnect), and [`Brought`](super::v1::Brought) for a connection that you have already.

use alloc::boxed::Box;
use alloc::string::String;
use core::pin::Pin;
use core::time::Duration;

use super::{Answers, ScriptCall, Trouble};

/// A future in a box, which a runtime may move from thread to thread.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Makes connections.
///
/// An implementation MUST NOT block its thread, MUST NOT wait for a server for longer than the timeouts that it was made with, and
/// MUST give up a connection that it cannot trust any more: after an error of a whole exchange the driver drops it and asks for
/// another one. A future that is dropped MUST leave nothing behind that waits.
pub trait AsyncConnect: Send + Sync {
    /// A connection for calls of the script. Fails with why there is none.
    fn connect(&self) -> BoxFuture<'_, Result<Box<dyn AsyncConnection>, Trouble>>;

    /// A connection that gets notices of `channel`; `None` where there can be none, and circuits are read more often. Fails with
    /// why there is none at the moment.
    fn subscribe<'a>(&'a self, channel: &'a str) -> BoxFuture<'a, Result<Option<Box<dyn AsyncSubscription>>, Trouble>>;
}

/// A connection for calls of the script.
pub trait AsyncConnection: Send {
    /// Makes the calls in one round trip: see [`Connection::exchange`](super::Connection::exchange).
    fn exchange<'a>(&'a mut self, calls: &'a [ScriptCall]) -> BoxFuture<'a, Answers>;
}

/// A connection that gets notices.
pub trait AsyncSubscription: Send {
    /// The next notice; `None` if there was none within `timeout`. Fails if the connection is of no use any more.
    fn next(&mut self, timeout: Duration) -> BoxFuture<'_, Result<Option<String>, Trouble>>;
}
