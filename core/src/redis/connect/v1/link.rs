//! One connection to one server, with timeouts on everything.

use alloc::format;
use alloc::string::{String, ToString};
use core::mem::ManuallyDrop;
use core::time::Duration;

use redis_v1::io::tcp::socket2::TcpKeepalive;
use redis_v1::{Client, Connection, ConnectionAddr, ConnectionInfo, Msg, Pipeline, RedisResult, Value, cmd};

use super::Timeouts;
use super::errors::of_client;
use super::line::{Line, now};
use crate::redis::connect::Trouble;

/// A connection that is of no use any more after an error of any method.
pub(super) struct Link {
    connection: Connection,
    server: String,
}

impl Link {
    pub(super) fn open(info: &ConnectionInfo, timeouts: Timeouts) -> Result<Self, Trouble> {
        #[cfg(feature = "redis-tls-rustls")]
        super::tls::choose_cryptography();
        let server = info.addr().to_string();
        let connection = connect(watched(info, timeouts), timeouts)
            .map_err(|error| of_client(&error, &format!("connecting to {server}")))?;
        let mut link = Self { connection, server };
        // Without the password a server answers this, and hangs up on a call of the script. One that is loading says so.
        may_call(now(link.ask(&cmd("PING")))).map(|()| link)
    }

    pub(super) fn send(&mut self, packed: &[u8]) -> Result<(), Trouble> {
        let sent = self.connection.send_packed_command(packed);
        sent.map_err(|error| of_client(&error, &format!("writing to {}", self.server)))
    }

    /// The next value, an error of the server included. To be called once for each answer that is due and never again after
    /// an error: a pipeline of the client goes on waiting for each of the other answers, one timeout after the other.
    pub(super) fn receive(&mut self) -> Result<Value, Trouble> {
        let value = self.connection.recv_response();
        value.map_err(|error| of_client(&error, &format!("reading from {}", self.server)))
    }

    /// What answers a command, beside what a server with RESP3 says unasked.
    pub(super) fn next_answer(&mut self) -> Result<Value, Trouble> {
        loop {
            match self.receive()? {
                Value::Push { .. } => {}
                value => return Ok(value),
            }
        }
    }

    /// The next message of a connection that has subscribed; `None` if there was none in time.
    ///
    /// That leaves half a message where it is, and the rest of it is read by the next call. `receive` would take the first
    /// message after a timeout for the answer that came too late, and drop it.
    pub(super) fn message(&mut self, timeout: Duration) -> Result<Option<Msg>, Trouble> {
        match message(&mut self.connection, timeout) {
            Ok(message) => Ok(Some(message)),
            Err(error) if error.is_timeout() => Ok(None),
            Err(error) => Err(of_client(&error, &format!("listening to {}", self.server))),
        }
    }

    pub(super) fn set_read_timeout(&self, timeout: Duration) -> Result<(), Trouble> {
        let set = self.connection.set_read_timeout(Some(timeout));
        set.map_err(|error| of_client(&error, &format!("reading from {}", self.server)))
    }
}

impl Line for Link {
    async fn open(info: &ConnectionInfo, timeouts: Timeouts) -> Result<Self, Trouble> {
        Self::open(info, timeouts)
    }

    async fn send(&mut self, commands: Pipeline) -> Result<(), Trouble> {
        self.send(&commands.get_packed_pipeline())
    }

    async fn receive(&mut self) -> Result<Value, Trouble> {
        self.next_answer()
    }
}

/// Whether a server that was asked for life lets us call it, by what it has answered.
pub(super) fn may_call(answer: Result<Value, Trouble>) -> Result<(), Trouble> {
    match answer {
        Err(trouble) if !trouble.text.starts_with("NOPERM") => Err(trouble),
        _ => Ok(()),
    }
}

fn connect(info: ConnectionInfo, timeouts: Timeouts) -> RedisResult<Connection> {
    let connection = Client::open(info)?.get_connection_with_timeout(timeouts.to_connect())?;
    connection.set_write_timeout(Some(timeouts.to_respond()))?;
    connection.set_read_timeout(Some(timeouts.to_respond()))?;
    Ok(connection)
}

fn message(connection: &mut Connection, timeout: Duration) -> RedisResult<Msg> {
    // Not dropped: that would unsubscribe. It holds messages only after commands of its own, so nothing leaks.
    let mut pubsub = ManuallyDrop::new(connection.as_pubsub());
    pubsub.set_read_timeout(Some(timeout))?;
    pubsub.get_message()
}

/// The same server with another address, credentials and TLS unchanged.
pub(super) fn at(info: &ConnectionInfo, host: &str, port: u16) -> ConnectionInfo {
    let host = host.to_string();
    let address = match info.addr() {
        ConnectionAddr::TcpTls { insecure, tls_params, .. } => {
            ConnectionAddr::TcpTls { host, port, insecure: *insecure, tls_params: tls_params.clone() }
        }
        _ => ConnectionAddr::Tcp(host, port),
    };
    info.clone().set_addr(address)
}

/// With what the kernel needs to notice a peer that is gone, where the owner of the client has not chosen otherwise.
pub(super) fn watched(info: &ConnectionInfo, timeouts: Timeouts) -> ConnectionInfo {
    let second = Duration::from_secs(1);
    let idle = timeouts.to_be_idle().max(second);
    let mut tcp = info.tcp_settings().clone().set_nodelay(true);
    if tcp.keepalive().is_none() {
        let keepalive = TcpKeepalive::new().with_time(idle);
        #[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple", windows))]
        let keepalive = keepalive.with_interval(second);
        tcp = tcp.set_keepalive(keepalive);
    }
    #[cfg(any(target_os = "linux", target_os = "android"))]
    if tcp.user_timeout().is_none() {
        tcp = tcp.set_user_timeout(idle + timeouts.to_respond());
    }
    info.clone().set_tcp_settings(tcp)
}
