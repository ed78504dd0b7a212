//! The workers as the demo sees them: processes that say a line for each thing that happens.

use std::io::{self, BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use crate::worker::WORD;

/// How many there are.
pub(crate) const COUNT: usize = 4;

/// What a worker said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Said {
    /// Its circuit changed: from, to, and why in words.
    State { to: String, text: String },
    /// It shares its circuit, or goes on alone.
    Shares(bool),
    /// A call ended so, after waiting so long for the breaker.
    Call(Ended, Duration),
    /// It is gone.
    Gone,
}

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    Ok { probe: bool },
    Failed { probe: bool },
    Refused,
}

/// All of them; they end when this is dropped.
pub(crate) struct Workers {
    children: Vec<Child>,
    lines: Receiver<(usize, Instant, Said)>,
}

impl Workers {
    /// Starts them.
    pub(crate) fn start(redis: &str, service: SocketAddr) -> io::Result<Self> {
        let (send, lines) = channel();
        let mut workers = Self { children: Vec::new(), lines };
        for number in 1..=COUNT {
            let mut child = Command::new(std::env::current_exe()?)
                .args([WORD, &number.to_string(), redis, &service.to_string()])
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .spawn()?;
            let output = child.stdout.take();
            workers.children.push(child);
            if let Some(output) = output {
                let send = send.clone();
                std::thread::spawn(move || listen(number, BufReader::new(output), &send));
            }
        }
        Ok(workers)
    }

    /// What one of them says next, by its number, if it comes within this time.
    pub(crate) fn next(&self, within: Duration) -> Option<(usize, Instant, Said)> {
        self.lines.recv_timeout(within).ok()
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        for child in &mut self.children {
            drop(child.stdin.take());
        }
        for child in &mut self.children {
            let _ = child.wait();
        }
    }
}

fn listen(number: usize, output: impl BufRead, send: &Sender<(usize, Instant, Said)>) {
    for line in output.lines().map_while(Result::ok) {
        if let Some(said) = read(&line) {
            let _ = send.send((number, Instant::now(), said));
        }
    }
    let _ = send.send((number, Instant::now(), Said::Gone));
}

fn read(line: &str) -> Option<Said> {
    let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
    let call = |ended| Some(Said::Call(ended, Duration::from_micros(rest.parse().ok()?)));
    match word {
        // "closed -> open (consecutive_failures, …)"
        "state" => Some(Said::State { to: rest.split(' ').nth(2)?.to_owned(), text: rest.to_owned() }),
        "shared" => Some(Said::Shares(true)),
        "alone" => Some(Said::Shares(false)),
        "ok" => call(Ended::Ok { probe: false }),
        "probe_ok" => call(Ended::Ok { probe: true }),
        "failed" => call(Ended::Failed { probe: false }),
        "probe_failed" => call(Ended::Failed { probe: true }),
        "refused" => call(Ended::Refused),
        _ => None,
    }
}
