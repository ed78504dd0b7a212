//! A machine in QEMU, with the lines to it.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::{fs, io, thread};

use anyhow::{Context, Result, anyhow, bail};
use serde_json::{Value, json};

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
    qmp: Qmp,
    firmware: UnixStream,
    modem: Option<Modem>,
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
            .args(example.machine.unwrap_or(target.machine()))
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

        let mut child = qemu.child.lock();
        let control = control.accept(&mut child)?;
        let firmware = host.accept(&mut child)?;
        let modem = if example.has_modem { Some(Modem::new(uart.accept(&mut child)?)?) } else { None };
        drop(child);
        Ok(Self { qmp: Qmp::new(control)?, qemu, firmware, modem, folder })
    }

    pub fn start(&mut self) -> Result<()> {
        self.command("cont", json!({}))
    }

    /// Tells QEMU to do something.
    pub fn command(&mut self, name: &str, arguments: Value) -> Result<()> {
        self.qmp.execute(name, arguments).map(drop)
    }

    pub fn modem(&mut self) -> Result<&mut Modem> {
        self.modem.as_mut().ok_or_else(|| anyhow!("the example's script has a modem, and its machine has none"))
    }

    /// The firmware's log.
    pub fn log(&mut self) -> Result<ChildStdout> {
        self.qemu.child.lock().stdout.take().ok_or_else(|| anyhow!("QEMU's output is taken"))
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
        self.qemu.child.lock().wait().context("QEMU cannot be waited for")
    }

    /// Something that can end QEMU from another thread.
    pub fn killer(&self) -> Killer {
        self.qemu.child.clone()
    }
}

/// QEMU's process.
struct Process {
    child: Killer,
    /// Hands on what QEMU says, until it ends.
    complaints: Option<JoinHandle<()>>,
}

/// QEMU says so of every board like ours, before the firmware runs.
const HARMLESS: &str = "Timer with period zero, disabling";

impl Process {
    fn spawn(mut command: Command, target: Target) -> Result<Self> {
        let mut child = match command.stderr(Stdio::piped()).spawn() {
            Ok(child) => child,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                bail!("{} is not installed: run ./x setup qemu", target.qemu())
            }
            Err(error) => return Err(error).with_context(|| format!("{} cannot be started", target.qemu())),
        };
        let complaints = child.stderr.take().map(|stderr| {
            thread::spawn(move || {
                let lines = BufReader::new(stderr).lines().map_while(Result::ok);
                lines.filter(|line| line != HARMLESS).for_each(|line| eprintln!("{line}"));
            })
        });
        Ok(Self { child: Killer(Arc::new(Mutex::new(child))), complaints })
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.child.kill();
        if let Some(complaints) = self.complaints.take() {
            // It only prints.
            let _ = complaints.join();
        }
    }
}

/// What can end QEMU, from any thread.
#[derive(Clone)]
pub struct Killer(Arc<Mutex<Child>>);

impl Killer {
    fn lock(&self) -> MutexGuard<'_, Child> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn kill(&self) {
        let mut child = self.lock();
        // It may have ended by itself.
        let _ = child.kill();
        let _ = child.wait();
    }
}
