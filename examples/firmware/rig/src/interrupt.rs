//! Ctrl-C ends QEMU, so that the run ends as any other does and leaves no files behind.

use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Mutex, PoisonError};
use std::thread;

use anyhow::{Context, Result};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::machine::Killer;

static CAME: AtomicBool = AtomicBool::new(false);
static MACHINE: Mutex<Option<Killer>> = Mutex::new(None);

/// From now on these signals end the machine that runs, and not this process.
pub fn expect() -> Result<()> {
    let mut signals = Signals::new([SIGHUP, SIGINT, SIGTERM]).context("signals cannot be handled")?;
    thread::spawn(move || {
        for _ in signals.forever() {
            CAME.store(true, SeqCst);
            kill();
        }
    });
    Ok(())
}

/// Whether one has come.
pub fn came() -> bool {
    CAME.load(SeqCst)
}

/// This machine runs now: it is the one to be ended.
pub fn ends(machine: Killer) {
    *MACHINE.lock().unwrap_or_else(PoisonError::into_inner) = Some(machine);
    // It may have come before there was a machine.
    if came() {
        kill();
    }
}

fn kill() {
    if let Some(machine) = &*MACHINE.lock().unwrap_or_else(PoisonError::into_inner) {
        machine.kill();
    }
}
