//! One connection to one server that blocks no thread.

use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::future::poll_fn;
use core::task::Poll;

use redis_v1::aio::MultiplexedConnection;
use redis_v1::{AsyncConnectionConfig, Client, ConnectionInfo, Pipeline, RedisError, RedisResult, Value, cmd};

use super::super::Timeouts;
use super::super::errors::{of_client, trouble};
use super::super::line::Line;
use super::super::link::{may_call, watched};
use crate::redis::connect::{BoxFuture, Trouble, TroubleKind};

/// The client's multiplexed connection, of which nobody else has a clone.
pub(super) struct TaskLine {
    connection: MultiplexedConnection,
    server: String,
    /// Commands on their way.
    sent: Option<BoxFuture<'static, RedisResult<Vec<Value>>>>,
    /// Answers that have come and were not received yet.
    came: VecDeque<Value>,
}

impl TaskLine {
    fn trouble(&self, error: &RedisError) -> Trouble {
        of_client(error, &format!("asking {}", self.server))
    }
}

impl Line for TaskLine {
    async fn open(info: &ConnectionInfo, timeouts: Timeouts) -> Result<Self, Trouble> {
        #[cfg(feature = "redis-tls-rustls")]
        super::super::tls::choose_cryptography();
        let server = info.addr().to_string();
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(timeouts.to_connect()))
            .set_response_timeout(Some(timeouts.to_respond()));
        let connection = match Client::open(watched(info, timeouts)) {
            Ok(client) => client.get_multiplexed_async_connection_with_config(&config).await,
            Err(error) => Err(error),
        };
        let connection = connection.map_err(|error| of_client(&error, &format!("connecting to {server}")))?;
        let mut line = Self { connection, server, sent: None, came: VecDeque::new() };
        // As a link that blocks does.
        may_call(line.ask(&cmd("PING")).await).map(|()| line)
    }

    async fn send(&mut self, commands: Pipeline) -> Result<(), Trouble> {
        let mut connection = self.connection.clone();
        let mut sent: BoxFuture<'static, _> = Box::pin(async move {
            let count = commands.len();
            connection.send_packed_commands(&commands, 0, count).await
        });
        // Polled once, so that they are on their way while others are sent to other servers.
        let answered = poll_fn(|context| Poll::Ready(sent.as_mut().poll(context))).await;
        match answered {
            Poll::Ready(answers) => self.came.extend(answers.map_err(|error| self.trouble(&error))?),
            Poll::Pending => self.sent = Some(sent),
        }
        Ok(())
    }

    async fn receive(&mut self) -> Result<Value, Trouble> {
        if let Some(sent) = self.sent.take() {
            let answers = sent.await.map_err(|error| self.trouble(&error))?;
            self.came.extend(answers);
        }
        self.came.pop_front().ok_or_else(|| {
            trouble(TroubleKind::Connection, format!("asking {}: fewer answers than commands", self.server))
        })
    }
}
