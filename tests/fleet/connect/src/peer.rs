//! A server that says what a test wants, when it wants.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

/// Listens on a port of this machine, and answers nothing by itself.
pub struct Peer {
    listener: TcpListener,
}

impl Peer {
    /// On a free port.
    ///
    /// # Panics
    ///
    /// There is none.
    #[must_use]
    pub fn new() -> Self {
        Self { listener: TcpListener::bind(("127.0.0.1", 0)).expect("a free port") }
    }

    /// Where it listens.
    #[must_use]
    pub fn url(&self) -> String {
        format!("redis://{}", self.listener.local_addr().expect("an address"))
    }

    /// The next client, greeted: two answers to what it says of itself, one to whether anybody is there.
    ///
    /// # Panics
    ///
    /// None comes.
    #[must_use]
    pub fn accept(&self) -> TcpStream {
        let (mut client, _) = self.listener.accept().expect("a client");
        client.set_read_timeout(Some(Duration::from_secs(10))).expect("a timeout");
        await_text(&mut client, "LIB-VER");
        client.write_all(b"+OK\r\n+OK\r\n").expect("a client that listens");
        await_text(&mut client, "PING");
        client.write_all(b"+PONG\r\n").expect("a client that listens");
        client
    }
}

impl Default for Peer {
    fn default() -> Self {
        Self::new()
    }
}

/// Reads until the client has sent this.
///
/// # Panics
///
/// It sends something else, or nothing.
pub fn await_text(client: &mut TcpStream, text: &str) {
    let mut seen = String::new();
    let mut bytes = [0; 4096];
    while !seen.contains(text) {
        let count = client.read(&mut bytes).expect("a client that talks");
        assert!(count > 0, "the client is gone, and has not said {text}: {seen}");
        seen.push_str(&String::from_utf8_lossy(&bytes[..count]));
    }
}
