//! A modem that answers, or does not.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use anyhow::Result;

/// Answers each line that it hears by the signal quality, unless it is silent.
pub struct Modem {
    is_silent: Arc<AtomicBool>,
}

impl Modem {
    /// A modem at the other end of this line. It is gone when the line is closed.
    pub fn new(mut line: UnixStream) -> Result<Self> {
        let is_silent = Arc::new(AtomicBool::new(false));
        let heard = BufReader::new(line.try_clone()?);
        let silent = is_silent.clone();
        thread::spawn(move || {
            for _ in heard.lines().map_while(Result::ok) {
                if !silent.load(Ordering::SeqCst) && line.write_all(b"\r\n+CSQ: 17,0\r\n\r\nOK\r\n").is_err() {
                    break;
                }
            }
        });
        Ok(Self { is_silent })
    }

    pub fn be_silent(&self, silent: bool) {
        self.is_silent.store(silent, Ordering::SeqCst);
    }
}
