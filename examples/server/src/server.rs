//! The service: a small HTTP server on a free port of the loopback interface that can be made sick.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use tiny_http::{Response, Server};

use crate::scenario::Health;

/// How many requests reached the server, by how it was.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Received {
    /// While it was healthy.
    pub healthy: u32,
    /// While it was failing or hanging.
    pub sick: u32,
}

/// A running server.
pub struct FlakyServer {
    server: Arc<Server>,
    address: SocketAddr,
    health: Arc<Mutex<Health>>,
    thread: JoinHandle<Received>,
}

impl FlakyServer {
    /// Starts a healthy one.
    ///
    /// # Errors
    ///
    /// If there is no free port on 127.0.0.1.
    pub fn start() -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let server = Arc::new(Server::from_listener(listener, None).map_err(io::Error::other)?);
        let health = Arc::new(Mutex::new(Health::Healthy));
        let thread = {
            let (server, health) = (Arc::clone(&server), Arc::clone(&health));
            thread::spawn(move || serve(&server, &health))
        };
        Ok(Self { server, address, health, thread })
    }

    /// Where it listens.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Makes it sick, or well again.
    pub fn set_health(&self, health: Health) {
        *self.health.lock().unwrap_or_else(PoisonError::into_inner) = health;
    }

    /// Stops it, and tells what reached it.
    ///
    /// # Panics
    ///
    /// If its thread did.
    #[must_use]
    pub fn stop(self) -> Received {
        self.server.unblock();
        self.thread.join().expect("the server's thread does not panic")
    }
}

fn serve(server: &Server, health: &Mutex<Health>) -> Received {
    let mut received = Received::default();
    // A request that hangs is kept here until the server stops; no client waits that long.
    let mut hanging = Vec::new();
    for request in server.incoming_requests() {
        let health = *health.lock().unwrap_or_else(PoisonError::into_inner);
        match health.is_sick() {
            true => received.sick += 1,
            false => received.healthy += 1,
        }
        let (text, status) = match health {
            Health::Hanging => {
                hanging.push(request);
                continue;
            }
            Health::Failing => ("try later\n", 503),
            Health::Healthy if request.url() == "/" => ("here you are\n", 200),
            Health::Healthy => ("no such page\n", 404),
        };
        // A client that has gone away is its own business.
        let _ = request.respond(Response::from_string(text).with_status_code(status));
    }
    received
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::client::Client;

    #[test]
    fn it_answers_by_its_health_and_counts() {
        let server = FlakyServer::start().unwrap();
        let patient = Client::new(server.url(), Duration::from_secs(30));
        assert_eq!(patient.get("/").unwrap(), 200);
        assert_eq!(patient.get("/no-such-page").unwrap(), 404);
        server.set_health(Health::Failing);
        assert_eq!(patient.get("/").unwrap(), 503);
        server.set_health(Health::Healthy);
        assert_eq!(patient.get("/").unwrap(), 200);
        assert_eq!(server.stop(), Received { healthy: 3, sick: 1 });
    }

    #[test]
    fn a_hanging_server_is_given_up_and_recovers() {
        let server = FlakyServer::start().unwrap();
        server.set_health(Health::Hanging);
        let hasty = Client::new(server.url(), Duration::from_millis(50));
        assert!(matches!(hasty.get("/"), Err(ureq::Error::Timeout(_))));
        server.set_health(Health::Healthy);
        let patient = Client::new(server.url(), Duration::from_secs(30));
        assert_eq!(patient.get("/").unwrap(), 200);
        assert!(server.stop().healthy >= 1);
    }
}
