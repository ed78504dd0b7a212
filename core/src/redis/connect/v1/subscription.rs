//! Notices over a connection of their own, which is asked whether it is still there when it is silent.

use alloc::collections::VecDeque;
use alloc::string::String;
use core::time::Duration;
use std::time::Instant;

use redis_v1::{Msg, PushKind, Value, cmd};

use super::Timeouts;
use super::answer::lossy;
use super::errors::of_server;
use super::link::Link;
use crate::redis::connect::{Subscription, Trouble};

/// A socket cannot wait for less.
const LEAST_WAIT: Duration = Duration::from_millis(1);

/// A connection that has subscribed to one channel.
pub(super) struct Notices {
    link: Link,
    timeouts: Timeouts,
    /// When the server was heard last.
    heard: Instant,
    /// What came ahead of the answer to a `PING`.
    early: VecDeque<String>,
}

impl Notices {
    pub(super) fn open(mut link: Link, timeouts: Timeouts, channel: &str) -> Result<Self, Trouble> {
        link.send(&cmd("SUBSCRIBE").arg(channel).get_packed_command())?;
        let mut early = VecDeque::new();
        loop {
            match link.receive()? {
                Value::ServerError(error) => return Err(of_server(&error)),
                Value::Push { kind: PushKind::Subscribe, .. } => break,
                value => match Msg::from_owned_value(value) {
                    Some(message) => early.extend(text(&message)),
                    None => break,
                },
            }
        }
        Ok(Self { link, timeouts, heard: Instant::now(), early })
    }

    /// Asks, and keeps the notices that come ahead of the answer.
    fn ping(&mut self) -> Result<(), Trouble> {
        self.link.set_read_timeout(self.timeouts.to_respond())?;
        self.link.send(&cmd("PING").get_packed_command())?;
        loop {
            match self.link.receive()? {
                Value::ServerError(error) => return Err(of_server(&error)),
                value => match Msg::from_value(&value) {
                    Some(message) => self.early.extend(text(&message)),
                    None if matches!(value, Value::Push { .. }) => {}
                    None => break,
                },
            }
        }
        self.heard = Instant::now();
        Ok(())
    }
}

impl Subscription for Notices {
    fn next(&mut self, timeout: Duration) -> Result<Option<String>, Trouble> {
        let started = Instant::now();
        loop {
            if let Some(notice) = self.early.pop_front() {
                return Ok(Some(notice));
            }
            let silence = self.timeouts.to_be_idle().saturating_sub(self.heard.elapsed());
            if silence.is_zero() {
                self.ping()?;
                continue;
            }
            let left = timeout.saturating_sub(started.elapsed());
            if let Some(message) = self.link.message(left.min(silence).max(LEAST_WAIT))? {
                self.heard = Instant::now();
                self.early.extend(text(&message));
            } else if started.elapsed() >= timeout {
                return Ok(None);
            }
        }
    }
}

fn text(message: &Msg) -> Option<String> {
    Some(lossy(message.get_payload_bytes().into()))
}
