//! Real servers on free loopback ports, in temporary folders, which end with whoever started them.
//!
//! `REDIS_URL` names one that is there already: then no other is started, and nothing but the keys of the tests is touched.

use std::env;
use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use redis::{Connection, ErrorKind, ServerErrorKind, Value};

use crate::{Hash, Redis, Reply, script};

/// What there is to start. `./x fleet` installs them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Debian's Redis.
    Debian,
    /// Valkey, of a Python wheel.
    Valkey,
    /// A newer Redis, of another wheel.
    Newer,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Debian, Self::Valkey, Self::Newer];

    /// The name of its program in `.cache/fleet`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Debian => "redis-server",
            Self::Valkey => "valkey-server",
            Self::Newer => "newer/redis-server",
        }
    }

    /// Its program, if it is installed.
    #[must_use]
    pub fn program(self) -> Option<PathBuf> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../.cache/fleet").join(self.name());
        path.canonicalize().ok().map(|_| path)
    }
}

/// A server that this process has started; it is killed when this value is dropped, or the process ends in any way.
pub struct Server {
    program: PathBuf,
    config: Vec<String>,
    folder: PathBuf,
    port: u16,
    child: Child,
    guard: Child,
}

impl Server {
    /// Starts one, and returns when it answers. `config` are lines of its configuration file, after those that keep it
    /// to this machine and without persistence.
    ///
    /// # Errors
    ///
    /// It is not installed, or ends at once: with the end of its log.
    pub fn start(kind: Kind, config: &[&str]) -> io::Result<Self> {
        let program = kind.program().ok_or_else(|| {
            io::Error::other(format!("{} is not in .cache/fleet: ./x fleet installs it", kind.name()))
        })?;
        Self::start_program(&program, config)
    }

    /// The same of a program that is named.
    ///
    /// # Errors
    ///
    /// As [`Server::start`].
    pub fn start_program(program: &Path, config: &[&str]) -> io::Result<Self> {
        let config: Vec<String> = config.iter().map(|&line| line.to_owned()).collect();
        let mut failed = io::Error::other("never tried");
        // Whatever port is free now may be taken by then.
        for _ in 0..5 {
            let port = free_port()?;
            let folder = new_folder()?;
            match launch(program, &folder, port, &config) {
                Ok((child, guard)) => {
                    return Ok(Self { program: program.to_owned(), config, folder, port, child, guard });
                }
                Err(error) => failed = error,
            }
            std::fs::remove_dir_all(&folder)?;
        }
        Err(failed)
    }

    /// Where it listens.
    #[must_use]
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/", self.port)
    }

    /// Its port on the loopback interface.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Its process.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The folder that it works in, which goes with it.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Kills it at once, as a failing machine would.
    ///
    /// # Errors
    ///
    /// The operating system refuses.
    pub fn kill(&mut self) -> io::Result<()> {
        end(&mut self.guard)?;
        end(&mut self.child)
    }

    /// Starts it again after [`Server::kill`], on the same port and with the files that it left.
    ///
    /// # Errors
    ///
    /// As [`Server::start`].
    pub fn restart(&mut self) -> io::Result<()> {
        (self.child, self.guard) = launch(&self.program, &self.folder, self.port, &self.config)?;
        Ok(())
    }

    /// A connection to it.
    ///
    /// # Errors
    ///
    /// It does not answer within a second.
    pub fn connect(&self) -> redis::RedisResult<Live> {
        Live::connect(&self.url())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.kill();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// Every server that tests are to run on: the one that `REDIS_URL` names, or one of each kind that is installed.
///
/// # Panics
///
/// There is none: a test on no server proves nothing.
#[must_use]
pub fn servers() -> Vec<(String, Live, Option<Server>)> {
    if let Ok(url) = env::var("REDIS_URL") {
        let live = Live::connect(&url).expect("the server of REDIS_URL answers");
        return vec![("REDIS_URL".into(), live, None)];
    }
    let installed: Vec<Kind> = Kind::ALL.into_iter().filter(|kind| kind.program().is_some()).collect();
    assert!(!installed.is_empty(), "no server is installed, and REDIS_URL names none: ./x fleet test");
    let start = |kind: Kind| {
        let server = Server::start(kind, &[]).expect("a server that starts");
        (kind.name().into(), server.connect().expect("a server that answers"), Some(server))
    };
    installed.into_iter().map(start).collect()
}

fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}

fn new_folder() -> io::Result<PathBuf> {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let name = format!("halfopen-fleet-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
    let folder = env::temp_dir().join(name);
    std::fs::create_dir(&folder)?;
    Ok(folder)
}

fn end(child: &mut Child) -> io::Result<()> {
    // By its handle: until `wait`, no other process can have its id.
    child.kill()?;
    child.wait().map(drop)
}

fn launch(program: &Path, folder: &Path, port: u16, config: &[String]) -> io::Result<(Child, Child)> {
    let file = folder.join("server.conf");
    // Its command line stays as it is, by which its guard knows it.
    let mut text = format!(
        "bind 127.0.0.1\nport {port}\ndaemonize no\nset-proc-title no\ndir {0}\nlogfile {0}/log\nsave \"\"\nappendonly no\n",
        folder.display()
    );
    for line in config {
        text.push_str(line);
        text.push('\n');
    }
    std::fs::write(&file, text)?;
    let mut child =
        Command::new(program).arg(&file).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
    let mut guard = match guard_of(&child, folder) {
        Ok(guard) => guard,
        Err(error) => return end(&mut child).and(Err(error)),
    };
    if wait_until_ready(&mut child, port) {
        return Ok((child, guard));
    }
    end(&mut guard)?;
    end(&mut child)?;
    let log = std::fs::read_to_string(folder.join("log")).unwrap_or_default();
    let tail: Vec<&str> = log.lines().rev().take(5).collect();
    Err(io::Error::other(format!("{} does not answer; the end of its log, backwards: {tail:#?}", program.display())))
}

/// A shell that waits until this process is gone, however that comes, and then kills the server if it is still that one.
fn guard_of(server: &Child, folder: &Path) -> io::Result<Child> {
    let wait = "read -r _; if grep -qF \"$2\" \"/proc/$1/cmdline\"; then kill -9 \"$1\"; rm -rf \"$2\"; fi";
    let mut command = Command::new("sh");
    command.args(["-c", wait, "guard", &server.id().to_string()]).arg(folder);
    // In its own group, so that Ctrl-C does not end it before it has done its work.
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()
}

/// Whether it answers, within ten seconds; an answer that it wants a password is one.
fn wait_until_ready(child: &mut Child, port: u16) -> bool {
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(10) {
        if !matches!(child.try_wait(), Ok(None)) {
            return false;
        }
        let mut answer = [0; 8];
        let asked = TcpStream::connect(("127.0.0.1", port)).and_then(|mut stream| {
            stream.set_read_timeout(Some(Duration::from_secs(1)))?;
            stream.write_all(b"PING\r\n")?;
            stream.read_exact(&mut answer[..6])
        });
        if asked.is_ok() && &answer[..6] != b"-LOADI" {
            // Another process may have taken the port, and be what answers.
            return matches!(child.try_wait(), Ok(None));
        }
        thread::sleep(Duration::from_millis(5));
    }
    false
}

/// A connection to a server.
pub struct Live {
    connection: Connection,
}

impl Live {
    /// Connects by a URL; nothing waits for longer than a second.
    ///
    /// # Errors
    ///
    /// The URL makes no sense, or nobody answers.
    pub fn connect(url: &str) -> redis::RedisResult<Self> {
        let limit = Duration::from_secs(1);
        let connection = redis::Client::open(url)?.get_connection_with_timeout(limit)?;
        connection.set_read_timeout(Some(10 * limit))?;
        connection.set_write_timeout(Some(limit))?;
        Ok(Self { connection })
    }

    /// Any command.
    ///
    /// # Errors
    ///
    /// What the server says.
    pub fn command(&mut self, words: &[&[u8]]) -> redis::RedisResult<Value> {
        let mut command = redis::Cmd::new();
        for word in words {
            command.arg(*word);
        }
        command.query(&mut self.connection)
    }

    /// How often a command was called since the server began or `CONFIG RESETSTAT`, by scripts too.
    ///
    /// # Panics
    ///
    /// The server does not say.
    pub fn count(&mut self, command: &str) -> u64 {
        let info = self.command(&[b"INFO", b"commandstats"]).expect("statistics");
        let Value::BulkString(text) = info else { panic!("no text: {info:?}") };
        let text = String::from_utf8(text).expect("text");
        let start = format!("cmdstat_{}:calls=", command.to_lowercase());
        let line = text.lines().find_map(|line| line.strip_prefix(&start)).unwrap_or("0,");
        line.split(',').next().expect("a number").parse().expect("a number")
    }

    fn run(&mut self, command: &[u8], script: &[u8], key: &[u8], args: &[Vec<u8>]) -> redis::RedisResult<Value> {
        let mut words: Vec<&[u8]> = vec![command, script, b"1", key];
        words.extend(args.iter().map(Vec::as_slice));
        self.command(&words)
    }

    fn expect(&mut self, words: &[&[u8]]) -> Value {
        self.command(words).expect("a command that works")
    }
}

impl Redis for Live {
    fn eval(&mut self, key: &[u8], args: &[Vec<u8>]) -> Result<Reply, String> {
        let by_name = self.run(b"EVALSHA", script::SCRIPT_SHA1.as_bytes(), key, args);
        let answer = match by_name {
            Err(error) if error.kind() == ErrorKind::Server(ServerErrorKind::NoScript) => {
                self.run(b"EVAL", script::SCRIPT.as_bytes(), key, args)
            }
            other => other,
        };
        match answer {
            Ok(Value::Array(words)) => Reply::from_words(words.into_iter().map(word).collect()),
            Ok(other) => Err(format!("not an answer: {other:?}")),
            // The code first, as the server says it.
            Err(error) => Err(format!("{} {}", error.code().unwrap_or_default(), error)),
        }
    }

    fn hash(&mut self, key: &[u8]) -> Hash {
        match self.expect(&[b"HGETALL", key]) {
            Value::Map(pairs) => pairs.into_iter().map(|(field, value)| (word(field), word(value))).collect(),
            Value::Array(flat) => {
                let mut words = flat.into_iter().map(word);
                std::iter::from_fn(|| words.next().zip(words.next())).collect()
            }
            other => panic!("no hash: {other:?}"),
        }
    }

    fn hset(&mut self, key: &[u8], field: &[u8], value: &[u8]) {
        self.expect(&[b"HSET", key, field, value]);
    }

    fn hdel(&mut self, key: &[u8], field: &[u8]) {
        self.expect(&[b"HDEL", key, field]);
    }

    fn del(&mut self, key: &[u8]) {
        self.expect(&[b"DEL", key]);
    }

    fn ttl_ms(&mut self, key: &[u8]) -> Option<u64> {
        match self.expect(&[b"PTTL", key]) {
            Value::Int(ms) => u64::try_from(ms).ok(),
            other => panic!("no time: {other:?}"),
        }
    }

    fn time_us(&mut self) -> u64 {
        let Value::Array(parts) = self.expect(&[b"TIME"]) else { panic!("no time") };
        let number =
            |at: usize| String::from_utf8(word(parts[at].clone())).expect("digits").parse::<u64>().expect("digits");
        number(0) * 1_000_000 + number(1)
    }
}

fn word(value: Value) -> Vec<u8> {
    match value {
        Value::BulkString(bytes) => bytes,
        Value::SimpleString(text) => text.into_bytes(),
        Value::Int(number) => number.to_string().into_bytes(),
        Value::Okay => b"OK".to_vec(),
        other => format!("{other:?}").into_bytes(),
    }
}
