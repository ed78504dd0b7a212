//! A connection that the application has already.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::future::poll_fn;
use core::task::Poll;

use redis_v1::aio::ConnectionLike;
use redis_v1::{RedisError, ServerErrorKind, Value};
use tokio::time::timeout;

use super::super::Timeouts;
use super::super::answer::{By, command, is_no_script, texts};
use super::super::errors::{of_client, trouble};
use crate::redis::connect::{
    Answers, AsyncConnect, AsyncConnection, AsyncSubscription, BoxFuture, ScriptCall, Trouble, TroubleKind,
};

/// Any async connection of the crate `redis` 1: a `MultiplexedConnection`, a `ConnectionManager`, a `ClusterConnection`.
///
/// It gets no notices, so that circuits in use are read every 250 ms. And it is never replaced: where it stays on a server that is gone, or on
/// one that is the master no more, every circuit goes on alone for as long as it does. A `ConnectionManager` of `redis` 1.8 does so
/// after a timeout and after READONLY. [`RedisConnect`](super::super::RedisConnect) by the same client does not.
///
/// ```no_run
/// use halfopen::SystemClock;
/// use halfopen::redis::v1::{Brought, Timeouts, redis};
/// use halfopen::redis::{Fleet, FleetOptions};
///
/// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
/// let connection = redis::Client::open("redis://127.0.0.1/")?.get_multiplexed_async_connection().await?;
/// let options = FleetOptions::new();
/// let connect = Brought::new(connection, Timeouts::from(&options));
/// let fleet = Fleet::spawn_on(&tokio::runtime::Handle::current(), connect, options, SystemClock)?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Brought<C> {
    connection: C,
    timeouts: Timeouts,
}

impl<C: ConnectionLike + Clone + Send + Sync + 'static> Brought<C> {
    /// Uses clones of this connection. Of `timeouts` that of the response is for the calls of one round trip together; a
    /// shorter one of the connection itself holds too.
    #[must_use]
    pub const fn new(connection: C, timeouts: Timeouts) -> Self {
        Self { connection, timeouts }
    }

    /// Each call by itself, all at the same time: a `ClusterConnection` takes no pipeline for more than one slot, and the others
    /// make one of them.
    async fn ask(&self, due: Vec<(usize, redis_v1::Cmd)>) -> Result<Vec<(usize, Result<Value, RedisError>)>, Trouble> {
        let mut asked: Vec<_> = due
            .into_iter()
            .map(|(call, command)| {
                let mut connection = self.connection.clone();
                let answer: BoxFuture<'static, _> =
                    Box::pin(async move { connection.req_packed_command(&command).await });
                (call, answer)
            })
            .collect();
        let mut answers = Vec::with_capacity(asked.len());
        let all = poll_fn(|context| {
            asked.retain_mut(|(call, answer)| match answer.as_mut().poll(context) {
                Poll::Ready(value) => {
                    answers.push((*call, value));
                    false
                }
                Poll::Pending => true,
            });
            if asked.is_empty() { Poll::Ready(()) } else { Poll::Pending }
        });
        let done = timeout(self.timeouts.to_respond(), all).await;
        done.map_err(|_| {
            trouble(TroubleKind::Connection, "asking by the connection that was brought: no answer in time")
        })?;
        Ok(answers)
    }

    async fn make(&self, calls: &[ScriptCall]) -> Answers {
        let mut answers: Vec<_> = (0..calls.len())
            .map(|_| Err(trouble(TroubleKind::Server, "it forgets the script again and again")))
            .collect();
        let mut due: Vec<usize> = (0..calls.len()).collect();
        for attempt in 0..By::ATTEMPTS {
            // In a Cluster each node has to be told.
            let by = if attempt == 0 { By::Hash } else { By::Text };
            let commands = due.iter().map(|&call| (call, command(&calls[call], by))).collect();
            due.clear();
            for (call, answer) in self.ask(commands).await? {
                match answer {
                    Ok(value) if is_no_script(&value) => due.push(call),
                    Err(error) if error.kind() == ServerErrorKind::NoScript.into() => due.push(call),
                    Ok(value) => answers[call] = texts(value),
                    Err(error) => answers[call] = Err(of_client(&error, "asking by the connection that was brought")),
                }
            }
            if due.is_empty() {
                break;
            }
        }
        let is_gone = |answer: &_| matches!(answer, Err(Trouble { kind: TroubleKind::Connection, .. }));
        match answers.first() {
            Some(Err(trouble)) if answers.iter().all(is_gone) => Err(trouble.clone()),
            _ => Ok(answers),
        }
    }
}

impl<C: ConnectionLike + Clone + Send + Sync + 'static> AsyncConnect for Brought<C> {
    fn connect(&self) -> BoxFuture<'_, Result<Box<dyn AsyncConnection>, Trouble>> {
        let connection = self.clone();
        Box::pin(async move { Ok(Box::new(connection) as Box<dyn AsyncConnection>) })
    }

    fn subscribe<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<Option<Box<dyn AsyncSubscription>>, Trouble>> {
        Box::pin(async { Ok(None) })
    }
}

impl<C: ConnectionLike + Clone + Send + Sync + 'static> AsyncConnection for Brought<C> {
    fn exchange<'a>(&'a mut self, calls: &'a [ScriptCall]) -> BoxFuture<'a, Answers> {
        Box::pin(self.make(calls))
    }
}
