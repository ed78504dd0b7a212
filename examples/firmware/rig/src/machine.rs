//! A machine in QEMU, with the lines to it.

use std::io::Write;
use std::os::unix::net::UnixStream;
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::{fs, io};

use anyhow::{Context, Result, anyhow};
use serde_json::json;

use crate::example::Example;
use crate::modem::Modem;
use crate::qmp::Qmp;
use crate::run::Pace;
use crate::sockets::{Folder, Socket};
use crate::target::Target;

/// By this byte the firmware goes on after the host's turn.
const GO_ON: u8 = b'.';

/// A machine that stands before its first instruction until [`Machine::start`].
pub struct Machine {
    qemu: Process,
    pub qmp: Qmp,
    firmware: UnixStream,
    pub modem: Option<Modem>,
    pub folder: Folder,
}

impl Machine {
    pub fn new(example: &Example, target: Target, word: Option<&str>, pace: Pace) -> Result<Self> {
        let image = example.image(target)?;
        let folder = Folder::new()?;
        if let Some(disk) = &example.disk {
            let mut bytes = vec![0; disk.size];
            bytes[..disk.begins_with.len()].copy_from_slice(disk.begins_with);
            fs::write(folder.path().join(disk.name), bytes)?;
        }
        let (control, host, uart) =
            (Socket::new(&folder, "qmp")?, Socket::new(&folder, "host")?, Socket::new(&folder, "modem")?);

        let mut command = Command::new(target.qemu());
        command
            .args(target.machine())
            .args(["-S", "-display", "none", "-monitor", "none", "-icount", pace.icount()])
            .args(["-semihosting-config", "enable=on,target=native"])
            .args(["-qmp", &control.argument(), "-serial", &host.argument()])
            .args(["-serial", &if example.has_modem { uart.argument() } else { "null".into() }])
            .args(example.devices.iter().map(|device| device.replace("{folder}", &folder.path().display().to_string())))
            .arg("-kernel")
            .arg(&image)
            .args(word.map(|word| ["-append", word]).into_iter().flatten())
            .stdin(Stdio::null())
            .stdout(Stdio::piped());
        let qemu = Process::spawn(command, target)?;

        let mut child = qemu.child();
        let control = control.accept(&mut child)?;
        let firmware = host.accept(&mut child)?;
        let modem = if example.has_modem { Some(Modem::new(uart.accept(&mut child)?)?) } else { None };
        drop(child);
        Ok(Self { qmp: Qmp::new(control)?, qemu, firmware, modem, folder })
    }

    pub fn start(&mut self) -> Result<()> {
        self.qmp.execute("cont", json!({})).map(drop)
    }

    /// The firmware's log.
    pub fn log(&mut self) -> Result<ChildStdout> {
        self.qemu.child().stdout.take().ok_or_else(|| anyhow!("QEMU's output is taken"))
    }

    /// Sends bytes to the firmware, which waits for them during the host's turn.
    pub fn tell_firmware(&mut self, bytes: &[u8]) -> Result<()> {
        self.firmware.write_all(bytes).context("the firmware's line is closed: QEMU ended during the host's turn")
    }

    /// Ends the host's turn.
    pub fn go_on(&mut self) -> Result<()> {
        self.tell_firmware(&[GO_ON])
    }

    /// Waits until QEMU ends, as it does with the firmware.
    pub fn wait(&mut self) -> Result<ExitStatus> {
        self.qemu.child().wait().context("QEMU cannot be waited for")
    }

    /// Something that can end QEMU from another thread.
    pub fn killer(&self) -> Process {
        self.qemu.clone()
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        self.qemu.kill();
    }
}

/// QEMU's process, which several threads may end.
#[derive(Clone)]
pub struct Process(Arc<Mutex<Child>>);

impl Process {
    fn spawn(mut command: Command, target: Target) -> Result<Self> {
        match command.spawn() {
            Ok(child) => Ok(Self(Arc::new(Mutex::new(child)))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                Err(anyhow!("{} is not installed: run ./x setup qemu", target.qemu()))
            }
            Err(error) => Err(error).with_context(|| format!("{} cannot be started", target.qemu())),
        }
    }

    fn child(&self) -> std::sync::MutexGuard<'_, Child> {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    pub fn kill(&self) {
        let mut child = self.child();
        // It may have ended by itself.
        let _ = child.kill();
        let _ = child.wait();
    }
}
