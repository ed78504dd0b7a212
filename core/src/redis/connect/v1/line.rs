//! What calls of the script need of a connection to one server, whether it blocks its thread or not.
//!
//! What Sentinel and Cluster need beside that is written once, as futures. Those over a [`Link`](super::link::Link), which blocks,
//! are always ready, and [`now`] has what they give without a runtime.

use alloc::vec::Vec;
use core::pin::pin;
use core::task::{Context, Poll, Waker};

use redis_v1::{Cmd, ConnectionInfo, Pipeline, Value, pipe};

use super::Timeouts;
use super::errors::{of_server, trouble};
use crate::redis::connect::{Trouble, TroubleKind};

/// A connection that is of no use any more after an error of any method.
pub(super) trait Line: Sized + Send {
    fn open(info: &ConnectionInfo, timeouts: Timeouts) -> impl Future<Output = Result<Self, Trouble>> + Send;

    /// Sends commands, each of which has one answer. Not to be called before all that are due were received.
    fn send(&mut self, commands: Pipeline) -> impl Future<Output = Result<(), Trouble>> + Send;

    /// The next answer, an error of the server included. To be called once for each that is due, and never after an error.
    fn receive(&mut self) -> impl Future<Output = Result<Value, Trouble>> + Send;

    /// The answer to one command.
    fn ask(&mut self, command: &Cmd) -> impl Future<Output = Result<Value, Trouble>> + Send {
        let mut commands = pipe();
        commands.add_command(command.clone());
        async move {
            self.send(commands).await?;
            match self.receive().await? {
                Value::ServerError(error) => Err(of_server(&error)),
                value => Ok(value),
            }
        }
    }
}

/// What a future over links that block gives.
pub(super) fn now<T>(future: impl Future<Output = Result<T, Trouble>>) -> Result<T, Trouble> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(result) => result,
        Poll::Pending => Err(trouble(TroubleKind::Connection, "a connection that blocks has not")),
    }
}

/// What the first of these servers gives that gives anything; otherwise the last trouble.
pub(super) async fn first_of<T, F: Future<Output = Result<T, Trouble>>>(
    servers: Vec<ConnectionInfo>,
    ask: impl Fn(ConnectionInfo) -> F,
) -> Result<T, Trouble> {
    let mut last = trouble(TroubleKind::Connection, "no node is given");
    for server in servers {
        match ask(server).await {
            Ok(got) => return Ok(got),
            Err(trouble) => last = trouble,
        }
    }
    Err(last)
}
