//! A network that misbehaves: stands in front of a server, and does what it is told to all that passes.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU8, AtomicU16, AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use socket2::SockRef;

/// What it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Weather {
    /// Passes everything on.
    Fine,
    /// Passes nothing on, new connections included, which it takes: a network that is cut.
    Cut,
    /// Each piece comes 200 ms later.
    Slow,
    /// Of the next reply half comes, and the connection ends.
    Half,
    /// One piece of twenty comes 200 ms later, as it does where its packet was lost and sent again.
    Lossy,
}

struct Shared {
    weather: AtomicU8,
    server: AtomicU16,
    /// Connections that are older pass nothing on.
    age: AtomicU64,
    chance: AtomicU64,
    streams: Mutex<Vec<TcpStream>>,
}

/// In front of a server on this machine; for as long as the process lives.
pub struct Proxy {
    address: String,
    port: u16,
    shared: Arc<Shared>,
}

impl Proxy {
    /// In front of the server at this port.
    ///
    /// # Panics
    ///
    /// No port is free.
    #[must_use]
    pub fn new(server: u16) -> Self {
        Self::at("127.0.0.1", server)
    }

    /// The same, which listens at another address of this machine.
    ///
    /// # Panics
    ///
    /// No port is free there.
    #[must_use]
    pub fn at(address: &str, server: u16) -> Self {
        let listener = TcpListener::bind((address, 0)).expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let shared = Arc::new(Shared {
            weather: AtomicU8::new(0),
            server: AtomicU16::new(server),
            age: AtomicU64::new(0),
            chance: AtomicU64::new(0),
            streams: Mutex::default(),
        });
        let accepting = Arc::clone(&shared);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let Ok(server) = TcpStream::connect(("127.0.0.1", accepting.server.load(SeqCst))) else { continue };
                let _ = (client.set_nodelay(true), server.set_nodelay(true));
                let born = accepting.age.load(SeqCst);
                for (from, to, back) in [(&client, &server, false), (&server, &client, true)] {
                    let (Ok(from), Ok(to)) = (from.try_clone(), to.try_clone()) else { continue };
                    let shared = Arc::clone(&accepting);
                    thread::spawn(move || shared.pass_on(from, to, back, born));
                }
                accepting.streams.lock().expect("no panic").extend([client, server]);
            }
        });
        Self { address: address.into(), port, shared }
    }

    /// Where it listens.
    #[must_use]
    pub fn url(&self) -> String {
        format!("redis://{}:{}/", self.address, self.port)
    }

    /// From now on.
    pub fn set(&self, weather: Weather) {
        self.shared.weather.store(weather as u8, SeqCst);
    }

    /// From now on nothing passes on the connections that there are, and they stay open; new ones work.
    pub fn swallow(&self) {
        self.shared.age.fetch_add(1, SeqCst);
    }

    /// Resets all connections. New ones go to the server at this port.
    ///
    /// # Panics
    ///
    /// Never.
    pub fn reset(&self, server: Option<u16>) {
        if let Some(server) = server {
            self.shared.server.store(server, SeqCst);
        }
        for stream in self.shared.streams.lock().expect("no panic").drain(..) {
            let _ = SockRef::from(&stream).set_linger(Some(Duration::ZERO));
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

impl Shared {
    fn pass_on(&self, mut from: TcpStream, mut to: TcpStream, back: bool, born: u64) {
        let mut bytes = [0; 65_536];
        while let Ok(count @ 1..) = from.read(&mut bytes) {
            let weather = self.weather.load(SeqCst);
            let is = |what: Weather| weather == what as u8;
            if is(Weather::Cut) || self.age.load(SeqCst) != born {
                continue;
            }
            if is(Weather::Slow) || (is(Weather::Lossy) && self.chance.fetch_add(1, SeqCst) % 20 == 0) {
                thread::sleep(Duration::from_millis(200));
            }
            if is(Weather::Half) && back {
                let _ = to.write_all(&bytes[..count / 2]);
                break;
            }
            if to.write_all(&bytes[..count]).is_err() {
                break;
            }
        }
        if self.age.load(SeqCst) == born {
            let _ = (to.shutdown(Shutdown::Both), from.shutdown(Shutdown::Both));
        }
    }
}
