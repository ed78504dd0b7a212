//! The service: a small HTTP server that can be made sick, and counts for itself what reaches it.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

/// How long an answer takes.
const WORK: Duration = Duration::from_millis(20);
/// So much longer that of a probe takes: two of them would meet.
const PROBE: Duration = Duration::from_millis(150);

/// What it knows.
#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    sick: bool,
    /// Everybody refuses: whatever comes while it is sick is a probe, whatever it calls itself.
    all_refuse: bool,
    sent_while_sick: u32,
    probes: u32,
    probes_now: u32,
    most_probes: u32,
}

/// A running service. It ends with the process.
pub(crate) struct Service {
    address: SocketAddr,
    seen: Arc<Mutex<Seen>>,
}

impl Service {
    /// Starts one that is well.
    pub(crate) fn start() -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let (address, seen) = (listener.local_addr()?, Arc::new(Mutex::default()));
        let theirs = Arc::clone(&seen);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let seen = Arc::clone(&theirs);
                // A client that has gone away is its own business.
                thread::spawn(move || drop(answer(stream, &seen)));
            }
        });
        Ok(Self { address, seen })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn set_sick(&self, sick: bool) {
        let mut seen = lock(&self.seen);
        (seen.sick, seen.all_refuse) = (sick, false);
    }

    /// Every worker refuses, and what it had let through before has been answered.
    pub(crate) fn all_refuse(&self) {
        lock(&self.seen).all_refuse = true;
    }

    /// Requests that came while it was sick.
    pub(crate) fn sent_while_sick(&self) -> u32 {
        lock(&self.seen).sent_while_sick
    }

    /// Probes, and the most at once, since this was last asked.
    pub(crate) fn take_probes(&self) -> (u32, u32) {
        let mut seen = lock(&self.seen);
        let taken = (seen.probes, seen.most_probes);
        (seen.probes, seen.most_probes) = (0, seen.probes_now);
        taken
    }
}

fn lock(seen: &Mutex<Seen>) -> MutexGuard<'_, Seen> {
    seen.lock().unwrap_or_else(PoisonError::into_inner)
}

fn answer(mut stream: TcpStream, seen: &Mutex<Seen>) -> io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    let mut is_probe = false;
    for line in BufReader::new(stream.try_clone()?).lines() {
        let line = line?;
        is_probe |= line.eq_ignore_ascii_case("x-probe: yes");
        if line.is_empty() {
            break;
        }
    }
    let sick = {
        let mut seen = lock(seen);
        is_probe |= seen.sick && seen.all_refuse;
        seen.sent_while_sick += u32::from(seen.sick);
        if is_probe {
            seen.probes += 1;
            seen.probes_now += 1;
            seen.most_probes = seen.most_probes.max(seen.probes_now);
        }
        seen.sick
    };
    thread::sleep(if is_probe { PROBE } else { WORK });
    if is_probe {
        // Before the answer: who hears it may send the next one at once.
        lock(seen).probes_now -= 1;
    }
    let status = if sick { "503 Service Unavailable" } else { "200 OK" };
    write!(stream, "HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
}
