//! A folder of a run, with the sockets that QEMU connects to.

use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::Child;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};
use std::{env, fs, process, thread};

use anyhow::{Context, Result, bail};

/// How long QEMU may take to start: a machine may be busy.
const PATIENCE: Duration = Duration::from_secs(20);

/// A folder that is gone when this is.
pub struct Folder(PathBuf);

impl Folder {
    pub fn new() -> Result<Self> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("rig-{}-{}", process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let path = env::temp_dir().join(name);
        fs::create_dir(&path).with_context(|| format!("cannot make the folder {}", path.display()))?;
        Ok(Self(path))
    }

    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // It is in the system's folder for such things, so what stays there does no harm.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A socket that QEMU is told to connect to.
pub struct Socket {
    listener: UnixListener,
    path: PathBuf,
}

impl Socket {
    pub fn new(folder: &Folder, name: &str) -> Result<Self> {
        let path = folder.path().join(name);
        let listener =
            UnixListener::bind(&path).with_context(|| format!("cannot make the socket {}", path.display()))?;
        listener.set_nonblocking(true)?;
        Ok(Self { listener, path })
    }

    /// The argument by which QEMU finds it.
    pub fn argument(&self) -> String {
        format!("unix:{}", self.path.display())
    }

    /// Waits until QEMU has connected.
    pub fn accept(&self, qemu: &mut Child) -> Result<UnixStream> {
        let start = Instant::now();
        loop {
            match self.listener.accept() {
                Ok((stream, _)) => {
                    stream.set_nonblocking(false)?;
                    return Ok(stream);
                }
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error).context("QEMU cannot connect"),
            }
            if let Some(status) = qemu.try_wait()? {
                bail!("QEMU ended at once ({status}): it says why above");
            }
            if start.elapsed() > PATIENCE {
                bail!("QEMU did not connect to {} in {PATIENCE:?}", self.path.display());
            }
            thread::sleep(Duration::from_millis(2));
        }
    }
}
