//! Notices over a connection of their own that blocks no thread, and that is asked whether it is still there when it is silent.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::{String, ToString};
use core::future::poll_fn;
use core::pin::Pin;
use core::time::Duration;
use std::time::Instant;

use futures_core::Stream;
use redis_v1::aio::{PubSubSink, PubSubStream};
use redis_v1::{Client, ConnectionInfo, RedisResult, Value};
use tokio::time::timeout;

use super::super::Timeouts;
use super::super::answer::lossy;
use super::super::errors::{of_client, trouble};
use super::super::link::{may_call, watched};
use crate::redis::connect::{AsyncSubscription, BoxFuture, Trouble, TroubleKind};

/// A connection that has subscribed to one channel.
pub(super) struct TaskNotices {
    sink: PubSubSink,
    stream: PubSubStream,
    timeouts: Timeouts,
    server: String,
    /// When the server was heard last.
    heard: Instant,
}

impl TaskNotices {
    pub(super) async fn open(info: &ConnectionInfo, timeouts: Timeouts, channel: &str) -> Result<Self, Trouble> {
        #[cfg(feature = "redis-tls-rustls")]
        super::super::tls::choose_cryptography();
        let server = info.addr().to_string();
        let connecting = async { Client::open(watched(info, timeouts))?.get_async_pubsub().await };
        let connection = within(timeouts.to_connect(), connecting, "connecting to", &server).await?;
        let (mut sink, stream) = connection.split();
        // As a link that blocks does.
        may_call(within(timeouts.to_respond(), sink.ping::<Value>(), "asking", &server).await)?;
        within(timeouts.to_respond(), sink.subscribe(channel), "subscribing at", &server).await?;
        Ok(Self { sink, stream, timeouts, server, heard: Instant::now() })
    }

    async fn hear(&mut self, longest: Duration) -> Result<Option<String>, Trouble> {
        let started = Instant::now();
        loop {
            let silence = self.timeouts.to_be_idle().saturating_sub(self.heard.elapsed());
            if silence.is_zero() {
                let pong = self.sink.ping::<Value>();
                within(self.timeouts.to_respond(), pong, "listening to", &self.server).await?;
                self.heard = Instant::now();
                continue;
            }
            let left = longest.saturating_sub(started.elapsed());
            let message = poll_fn(|context| Pin::new(&mut self.stream).poll_next(context));
            match timeout(left.min(silence), message).await {
                Ok(Some(message)) => {
                    self.heard = Instant::now();
                    return Ok(Some(lossy(message.get_payload_bytes().into())));
                }
                Ok(None) => {
                    return Err(trouble(TroubleKind::Connection, format!("listening to {}: closed", self.server)));
                }
                Err(_) if started.elapsed() >= longest => return Ok(None),
                Err(_) => {}
            }
        }
    }
}

/// What is done in time.
async fn within<T>(
    longest: Duration,
    work: impl Future<Output = RedisResult<T>>,
    doing: &str,
    server: &str,
) -> Result<T, Trouble> {
    match timeout(longest, work).await {
        Ok(done) => done.map_err(|error| of_client(&error, &format!("{doing} {server}"))),
        Err(_) => Err(trouble(TroubleKind::Connection, format!("{doing} {server}: no answer in time"))),
    }
}

impl AsyncSubscription for TaskNotices {
    fn next(&mut self, timeout: Duration) -> BoxFuture<'_, Result<Option<String>, Trouble>> {
        Box::pin(self.hear(timeout))
    }
}
