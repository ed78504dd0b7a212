//! The processes of the workers, to whoever starts and ends them.

use std::collections::VecDeque;
use std::io::{self, BufRead, BufReader};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::wire::{Report, Setup};

#[derive(Default)]
struct Heard {
    report: Report,
    /// The latest other lines.
    lines: VecDeque<String>,
}

/// A worker that runs. It ends with this value, or with this process.
pub struct Process {
    id: u32,
    child: Child,
    stdin: Option<ChildStdin>,
    heard: Arc<Mutex<Heard>>,
    reader: Option<JoinHandle<()>>,
}

impl Process {
    /// Starts one.
    ///
    /// # Errors
    ///
    /// The operating system refuses.
    pub fn start(setup: &Setup) -> io::Result<Self> {
        let program = std::env::current_exe()?;
        let mut command = if setup.netns.is_empty() {
            Command::new(program)
        } else {
            // Which becomes the worker itself.
            let mut command = Command::new("ip");
            command.args(["netns", "exec", &setup.netns]).arg(program);
            command
        };
        command.arg("worker").args(setup.to_arguments());
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let stdin = child.stdin.take();
        let heard = Arc::new(Mutex::new(Heard::default()));
        let (stdout, shared) = (child.stdout.take(), Arc::clone(&heard));
        let reader = thread::spawn(move || {
            let Some(stdout) = stdout else { return };
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                let mut heard = lock(&shared);
                if !heard.report.read(&line) {
                    heard.lines.push_back(line);
                    if heard.lines.len() > 30 {
                        heard.lines.pop_front();
                    }
                }
            }
        });
        Ok(Self { id: setup.id, child, stdin, heard, reader: Some(reader) })
    }

    /// Its number.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.id
    }

    /// Its latest report.
    #[must_use]
    pub fn report(&self) -> Report {
        lock(&self.heard).report.clone()
    }

    /// The latest lines that were no reports.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        lock(&self.heard).lines.iter().cloned().collect()
    }

    /// Sends a signal, by `kill`.
    pub fn signal(&self, name: &str) {
        signal(self.child.id(), name);
    }

    /// Kills it at once, and gives its last report.
    pub fn kill(mut self) -> Report {
        let _ = self.child.kill();
        self.wait();
        self.report()
    }

    /// Lets it end, and gives its last report, and whether it did so within five seconds.
    pub fn end(mut self) -> (Report, bool) {
        drop(self.stdin.take());
        let start = Instant::now();
        let mut ended = false;
        while !ended && start.elapsed() < Duration::from_secs(5) {
            thread::sleep(Duration::from_millis(5));
            ended = matches!(self.child.try_wait(), Ok(Some(_)));
        }
        if !ended {
            let _ = self.child.kill();
        }
        self.wait();
        (self.report(), ended)
    }

    fn wait(&mut self) {
        let _ = self.child.wait();
        if let Some(reader) = self.reader.take() {
            let _ = reader.join();
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        self.wait();
    }
}

/// Sends a signal to a process that this one has started and not waited for yet.
pub fn signal(pid: u32, name: &str) {
    let _ = Command::new("kill").args([name, &pid.to_string()]).status();
}

fn lock(heard: &Mutex<Heard>) -> MutexGuard<'_, Heard> {
    heard.lock().unwrap_or_else(PoisonError::into_inner)
}
