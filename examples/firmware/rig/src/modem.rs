//! A modem that answers, or does not.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::thread;

use anyhow::{Context, Result};

/// Answers each line that it hears by the signal quality, unless it is silent.
pub struct Modem {
    line: UnixStream,
    is_silent: Arc<AtomicBool>,
}

impl Modem {
    /// A modem at the other end of this line. It is gone when the line is closed.
    pub fn new(line: UnixStream) -> Result<Self> {
        let is_silent = Arc::new(AtomicBool::new(false));
        let (heard, mut answers, silent) = (BufReader::new(line.try_clone()?), line.try_clone()?, is_silent.clone());
        thread::spawn(move || {
            for _ in heard.lines().map_while(Result::ok) {
                if !silent.load(SeqCst) && answers.write_all(b"\r\n+CSQ: 17,0\r\n\r\nOK\r\n").is_err() {
                    break;
                }
            }
        });
        Ok(Self { line, is_silent })
    }

    /// Says nothing from now on.
    pub fn fall_silent(&mut self) -> Result<()> {
        self.is_silent.store(true, SeqCst);
        Ok(())
    }

    /// Says that it is there, which nobody has asked, and answers again.
    pub fn restart(&mut self) -> Result<()> {
        self.line.write_all(b"\r\nRDY\r\n").context("the modem's line is closed")?;
        self.is_silent.store(false, SeqCst);
        Ok(())
    }
}
