//! A Redis that is started here, and killed here.

use std::io;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Waits for the end of its input, which comes with the end of whoever has started it too, and kills the server then.
const GUARD: &str =
    r#""$@" >/dev/null 2>&1 & server=$!; read -r _; kill -9 "$server"; wait "$server" 2>/dev/null; exit 0"#;

/// A server on a free port, without persistence: what is killed has forgotten everything.
pub(crate) struct Redis {
    program: PathBuf,
    port: u16,
    guard: Option<Child>,
}

impl Redis {
    /// Starts one.
    pub(crate) fn start(program: &Path) -> io::Result<Self> {
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
        let mut redis = Self { program: program.to_owned(), port, guard: None };
        redis.start_again()?;
        Ok(redis)
    }

    /// Starts it again, on the same port.
    pub(crate) fn start_again(&mut self) -> io::Result<()> {
        let port = self.port.to_string();
        let arguments = ["--bind", "127.0.0.1", "--port", &port, "--save", "", "--appendonly", "no", "--dir"];
        let guard = Command::new("sh")
            .args(["-c", GUARD, "guard"])
            .arg(&self.program)
            .args(arguments)
            .arg(std::env::temp_dir())
            .stdin(Stdio::piped())
            .spawn()?;
        self.guard = Some(guard);
        let start = Instant::now();
        while TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).is_err() {
            if start.elapsed() > Duration::from_secs(10) {
                self.kill();
                let program = self.program.display();
                return Err(io::Error::other(format!("{program} does not start: --redis-server names another one")));
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(())
    }

    /// Kills it at once, as a failing machine would.
    pub(crate) fn kill(&mut self) {
        if let Some(mut guard) = self.guard.take() {
            drop(guard.stdin.take());
            let _ = guard.wait();
        }
    }

    /// Where it listens.
    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/", self.port)
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.kill();
    }
}
