//! What workers call: answers as it is told, and counts by itself how many probes it has at once.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use crate::wire::Right;

/// How it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Health {
    /// Every so manieth plain call fails; 0: none. Probes work.
    Well(u64),
    /// Everything fails. A probe takes up to so many milliseconds.
    Sick(u64),
}

/// What it has seen since the latest [`Dependency::mark`].
#[derive(Clone, Copy, Debug, Default)]
pub struct Seen {
    /// Calls that were no probes.
    pub plain: u64,
    /// Those of them that failed.
    pub failed: u64,
    /// Probes of the fleet.
    pub probes: u64,
    /// The most of them at once, over all time.
    pub most: usize,
    /// Probes that began when there were too many, over all time.
    pub excesses: u64,
    /// Probes of instances that were alone.
    pub alone: u64,
    /// The most of one instance at once, over all time.
    pub most_alone: usize,
}

struct State {
    health: Health,
    places: usize,
    chance: u64,
    running: Vec<u32>,
    running_alone: BTreeMap<u32, usize>,
    seen: Seen,
}

/// A service at a unix socket, in threads of this process.
pub struct Dependency {
    state: Arc<Mutex<State>>,
    path: PathBuf,
}

impl Dependency {
    /// Which is well. `places`: how many probes are not too many.
    ///
    /// # Panics
    ///
    /// There is no place for its socket.
    #[must_use]
    pub fn new(places: usize) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("halfopen-nemesis-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        let _ = std::fs::remove_file(&path);
        let listener = UnixListener::bind(&path).expect("a socket");
        let state = Arc::new(Mutex::new(State {
            health: Health::Well(0),
            places,
            chance: 0x9E37_79B9_7F4A_7C15,
            running: Vec::new(),
            running_alone: BTreeMap::new(),
            seen: Seen::default(),
        }));
        let shared = Arc::clone(&state);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let state = Arc::clone(&shared);
                thread::spawn(move || serve(&state, stream));
            }
        });
        Self { state, path }
    }

    /// Where it is.
    #[must_use]
    pub fn socket(&self) -> String {
        self.path.display().to_string()
    }

    /// From now on.
    pub fn set(&self, health: Health) {
        lock(&self.state).health = health;
    }

    /// What it has seen.
    #[must_use]
    pub fn seen(&self) -> Seen {
        lock(&self.state).seen
    }

    /// Counts from here. What is over all time goes on.
    pub fn mark(&self) {
        let seen = &mut lock(&self.state).seen;
        let Seen { most, excesses, most_alone, .. } = *seen;
        *seen = Seen { most, excesses, most_alone, ..Seen::default() };
    }

    /// The workers whose probes it has at the moment.
    #[must_use]
    pub fn probing(&self) -> Vec<u32> {
        lock(&self.state).running.clone()
    }
}

impl Drop for Dependency {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// One thread of one worker: five bytes are a call, one byte is the answer.
fn serve(state: &Mutex<State>, mut stream: UnixStream) {
    let mut call = [0; 5];
    loop {
        if stream.set_read_timeout(None).is_err() || stream.read_exact(&mut call).is_err() {
            return;
        }
        let id = u32::from_le_bytes([call[0], call[1], call[2], call[3]]);
        let right = Right::from_byte(call[4]);
        let (delay, fails) = lock(state).begin(id, right);
        // A worker that is gone has no probe any more.
        let gone = !delay.is_zero() && stream.set_read_timeout(Some(delay)).is_ok() && is_gone(&mut stream);
        // Ended before it is answered: with the answer another probe may begin.
        lock(state).end(id, right);
        if gone || stream.write_all(&[u8::from(!fails)]).is_err() {
            return;
        }
    }
}

/// Waits for the timeout of the stream, which says nothing unless it ends.
fn is_gone(stream: &mut UnixStream) -> bool {
    stream.read(&mut [0]).is_ok()
}

impl State {
    fn begin(&mut self, id: u32, right: Right) -> (Duration, bool) {
        self.chance ^= self.chance << 13;
        self.chance ^= self.chance >> 7;
        self.chance ^= self.chance << 17;
        let chance = self.chance >> 16;
        let (most_ms, fails) = match (self.health, right) {
            (Health::Well(nth), Right::Plain) => (0, nth > 0 && chance % nth == 0),
            (Health::Well(_), _) => (20, false),
            (Health::Sick(_), Right::Plain) => (0, true),
            (Health::Sick(most), _) => (most, true),
        };
        match right {
            Right::Plain => {
                self.seen.plain += 1;
                self.seen.failed += u64::from(fails);
            }
            Right::Probe => {
                self.running.push(id);
                self.seen.probes += 1;
                self.seen.most = self.seen.most.max(self.running.len());
                self.seen.excesses += u64::from(self.running.len() > self.places);
            }
            Right::Alone => {
                let running = self.running_alone.entry(id).or_default();
                *running += 1;
                self.seen.alone += 1;
                self.seen.most_alone = self.seen.most_alone.max(*running);
            }
        }
        let delay = if most_ms > 0 { 5 + chance % most_ms } else { 0 };
        (Duration::from_millis(delay), fails)
    }

    fn end(&mut self, id: u32, right: Right) {
        match right {
            Right::Plain => {}
            Right::Probe => {
                if let Some(at) = self.running.iter().position(|other| *other == id) {
                    self.running.swap_remove(at);
                }
            }
            Right::Alone => {
                self.running_alone.entry(id).and_modify(|running| *running -= 1);
            }
        }
    }
}
