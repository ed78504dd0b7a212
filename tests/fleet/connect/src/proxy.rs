//! A proxy that can swallow the connections that it has, while it takes new ones.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

/// In front of a server on this machine; for as long as the process lives.
pub struct Proxy {
    port: u16,
    age: Arc<AtomicU64>,
}

impl Proxy {
    /// In front of the server at this port.
    ///
    /// # Panics
    ///
    /// No port is free.
    #[must_use]
    pub fn new(server: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let age = Arc::new(AtomicU64::new(0));
        let shared = age.clone();
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let Ok(server) = TcpStream::connect(("127.0.0.1", server)) else { continue };
                let born = shared.load(Ordering::SeqCst);
                for (from, to) in [(&client, &server), (&server, &client)] {
                    let (from, to) = (from.try_clone().expect("a socket"), to.try_clone().expect("a socket"));
                    let age = shared.clone();
                    thread::spawn(move || pass_on(from, to, || age.load(Ordering::SeqCst) == born));
                }
            }
        });
        Self { port, age }
    }

    /// Where it listens.
    #[must_use]
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Its port.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// From now on nothing passes on the connections that there are; they stay open.
    pub fn swallow(&self) {
        self.age.fetch_add(1, Ordering::SeqCst);
    }
}

fn pass_on(mut from: TcpStream, mut to: TcpStream, is_alive: impl Fn() -> bool) {
    let mut bytes = [0; 4096];
    while let Ok(count @ 1..) = from.read(&mut bytes) {
        if is_alive() && to.write_all(&bytes[..count]).is_err() {
            break;
        }
    }
    if is_alive() {
        let _ = to.shutdown(std::net::Shutdown::Both);
    }
}
