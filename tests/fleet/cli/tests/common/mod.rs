//! The program, and what it says with its times left out.
#![allow(dead_code, reason = "each test file uses a part")]

use std::io::Read;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use rig::{Kind, Live, Redis, Server};

/// A server, a connection to it, and the program that is told of it.
pub(crate) struct World {
    pub(crate) server: Server,
    pub(crate) live: Live,
}

impl World {
    pub(crate) fn new() -> Self {
        Self::with(&[])
    }

    pub(crate) fn with(config: &[&str]) -> Self {
        let server = Server::start(Kind::Debian, config).expect("a server that starts");
        let live = server.connect().expect("a server that answers");
        Self { server, live }
    }

    pub(crate) fn command(&self, words: &[&str]) -> Command {
        let mut command = program(words);
        command.env("REDIS_URL", self.server.url());
        command
    }

    /// Runs it to its end.
    pub(crate) fn run(&self, words: &[&str]) -> Ran {
        Ran::of(self.command(words).output().expect("a program that runs"))
    }

    /// Runs it, and it must say that all went well.
    pub(crate) fn ok(&self, words: &[&str]) -> String {
        let ran = self.run(words);
        assert_eq!(ran.code, 0, "{words:?}: {}", ran.errors);
        ran.text
    }

    /// Writes fields as they are.
    pub(crate) fn hset(&mut self, name: &str, fields: &[(&str, &str)]) {
        for (field, value) in fields {
            self.live.hset(key(name).as_bytes(), field.as_bytes(), value.as_bytes());
        }
    }

    /// The server's time so many milliseconds from now.
    pub(crate) fn ms(&mut self, ahead: i64) -> String {
        let now = i64::try_from(self.live.time_us() / 1_000).expect("a time");
        (now + ahead).to_string()
    }

    pub(crate) fn field(&mut self, name: &str, field: &str) -> Option<String> {
        let hash = self.live.hash(key(name).as_bytes());
        hash.get(field.as_bytes()).map(|value| String::from_utf8_lossy(value).into_owned())
    }
}

pub(crate) fn key(name: &str) -> String {
    format!("circuit_breaker:{name}")
}

/// The program, without what a terminal or a person has set.
pub(crate) fn program(words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_halfopen"));
    command.args(words).stdin(Stdio::null());
    for name in ["REDIS_URL", "NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "COLUMNS"] {
        command.env_remove(name);
    }
    command
}

/// What came of it.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) text: String,
    pub(crate) errors: String,
}

impl Ran {
    pub(crate) fn of(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
        Self { code: output.status.code().expect("an exit"), text: text(output.stdout), errors: text(output.stderr) }
    }
}

/// A program that goes on, killed in the end, and what it has said so far.
pub(crate) struct Running {
    child: Child,
    lines: std::sync::mpsc::Receiver<String>,
    said: String,
}

impl Running {
    pub(crate) fn start(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("a program that runs");
        let mut out = child.stdout.take().expect("its output");
        let (send, lines) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(count @ 1..) = out.read(&mut buffer) {
                if send.send(String::from_utf8_lossy(&buffer[..count]).into_owned()).is_err() {
                    break;
                }
            }
        });
        Self { child, lines, said: String::new() }
    }

    /// Waits until it has said this, and forgets what was said up to there.
    pub(crate) fn hears(&mut self, text: &str) {
        let end = Instant::now() + Duration::from_secs(20);
        loop {
            if let Some(at) = self.said.find(text) {
                self.said.drain(..at + text.len());
                return;
            }
            let left = end.saturating_duration_since(Instant::now());
            match self.lines.recv_timeout(left) {
                Ok(more) => self.said.push_str(&more),
                Err(_) => panic!("never said {text:?}, but {:?}", self.said),
            }
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The same with every time as `T` and every run of spaces as two, for a time is not always as long.
pub(crate) fn masked(text: &str) -> String {
    let word = |word: &str| {
        let core = word.trim_end_matches(',');
        let rest = &word[core.len()..];
        if is_time(core) { format!("T{rest}") } else { word.to_owned() }
    };
    let line = |line: &str| {
        let indent = if line.starts_with(' ') { "  " } else { "" };
        let cells = line.split("  ").map(str::trim).filter(|cell| !cell.is_empty());
        let cells: Vec<String> = cells.map(|cell| cell.split(' ').map(word).collect::<Vec<_>>().join(" ")).collect();
        format!("{indent}{}\n", cells.join("  "))
    };
    text.lines().map(line).collect()
}

/// `0.4s`, `3m05s`, `2h13m`, `4d02h`, or a generation.
fn is_time(word: &str) -> bool {
    let digits = word.bytes().filter(u8::is_ascii_digit).count();
    let generation = digits == word.len() && digits >= 16;
    let units = word.bytes().all(|byte| byte.is_ascii_digit() || b".smhd".contains(&byte));
    generation
        || (digits > 1 && units && word.ends_with(['s', 'm', 'h']) && word.starts_with(|c: char| c.is_ascii_digit()))
}

/// Compares with a file of tests/golden; `BLESS=1` writes it anew.
pub(crate) fn assert_golden(name: &str, text: &str) {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    let text = masked(text);
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, &text).expect("a file that can be written");
    }
    let expected = std::fs::read_to_string(&path).expect("a file; BLESS=1 writes it");
    assert_eq!(text, expected, "{name} is another one; BLESS=1 writes it anew");
}
