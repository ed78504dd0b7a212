//! One run of an example.

use std::os::unix::process::ExitStatusExt;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;
use std::{fs, thread};

use anyhow::{Context, Result, bail};
use defmt_decoder::Table;

use crate::example::Example;
use crate::interrupt;
use crate::log::{Heard, Line, Log, table};
use crate::machine::{Killer, Machine};
use crate::script::Director;
use crate::target::Target;

/// How the firmware's time passes while it sleeps.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// It jumps.
    Free,
    /// As real time does.
    RealTime,
}

impl Pace {
    /// QEMU's argument: each instruction takes 2^5 ns.
    pub fn icount(self) -> &'static str {
        match self {
            Self::Free => "shift=5,sleep=off",
            Self::RealTime => "shift=5,sleep=on",
        }
    }
}

/// What to run, and how.
pub struct Run<'a> {
    pub example: &'static Example,
    pub target: Target,
    pub word: Option<&'a str>,
    pub pace: Pace,
    pub timeout: Duration,
}

/// How a run ended.
pub enum Ending {
    /// The firmware's exit code.
    Exit(u8),
    /// It did not end in this time.
    Hung(Duration),
}

/// The exit code of a panic, by the board's handler.
const PANICKED: u8 = 101;

impl Ending {
    /// What went wrong, if something did, and what to do next.
    pub fn explain(&self) -> String {
        match self {
            Self::Exit(PANICKED) => "the firmware panicked: the log's last line says where".into(),
            Self::Exit(code) => format!("the firmware ended with exit code {code}: the log's last lines say why"),
            Self::Hung(timeout) => format!(
                "the firmware hung, or was not done after {timeout:?}: it was stopped after the log's last line \
                 (--timeout gives it more)"
            ),
        }
    }
}

impl Run<'_> {
    /// Runs it, and shows each line to `show` as it comes.
    pub fn watch(&self, mut show: impl FnMut(&Line)) -> Result<Ending> {
        let image = fs::read(self.example.image(self.target)?)?;
        let table = table(&image)?;
        let mut machine = Machine::new(self.example, self.target, self.word, self.pace)?;
        interrupt::ends(machine.killer());
        let watchdog = Watchdog::new(machine.killer(), self.timeout);
        let played = self.play(&mut machine, &table, &mut show);
        if interrupt::came() {
            bail!("interrupted");
        }
        if watchdog.has_bitten() {
            return Ok(Ending::Hung(self.timeout));
        }
        let director = played?;
        let status = machine.wait()?;
        let code = status.code().with_context(|| format!("QEMU was ended by signal {:?}", status.signal()))?;
        if code == 0 {
            director.finish()?;
        }
        match u8::try_from(code) {
            Ok(code) => Ok(Ending::Exit(code)),
            Err(_) => bail!("QEMU ended with {code}"),
        }
    }

    /// Until there is no more log.
    fn play(&self, machine: &mut Machine, table: &Table, show: &mut impl FnMut(&Line)) -> Result<Director> {
        let mut log = Log::new(table, machine.log()?);
        let mut director = Director::new(self.example.script);
        act(&mut director, machine, show)?;
        machine.start()?;
        while let Some(heard) = log.next()? {
            match heard {
                Heard::Line(line) => {
                    show(&line);
                    director.hear(&line.text);
                }
                Heard::YourTurn => {
                    act(&mut director, machine, show)?;
                    machine.go_on()?;
                }
            }
        }
        Ok(director)
    }
}

/// Does what is due.
fn act(director: &mut Director, machine: &mut Machine, show: &mut impl FnMut(&Line)) -> Result<()> {
    while let Some(action) = director.due() {
        action.perform(machine)?;
        show(&Line::by_host(action.describe()));
    }
    Ok(())
}

/// Ends QEMU when a time is over.
struct Watchdog {
    done: Sender<()>,
    thread: JoinHandle<bool>,
}

impl Watchdog {
    fn new(killer: Killer, timeout: Duration) -> Self {
        let (done, watch) = channel();
        let thread = thread::spawn(move || {
            let is_over = matches!(watch.recv_timeout(timeout), Err(RecvTimeoutError::Timeout));
            if is_over {
                killer.kill();
            }
            is_over
        });
        Self { done, thread }
    }

    /// Whether it had to; from now on it does not.
    fn has_bitten(self) -> bool {
        drop(self.done);
        self.thread.join().unwrap_or(false)
    }
}
