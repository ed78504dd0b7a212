//! What the host does to the world around the board, and at which line of the log.

use anyhow::{Result, bail};
use serde_json::json;

use crate::machine::Machine;

/// Something that the host does at its first turn after some lines of the log.
#[derive(Clone, Copy)]
pub struct Step {
    count: usize,
    text: &'static str,
    action: Action,
}

impl Step {
    /// Before the firmware runs.
    pub const fn at_start(action: Action) -> Self {
        Self { count: 0, text: "", action }
    }

    /// When `count` lines since the step before have had `text` in them.
    pub const fn after(count: usize, text: &'static str, action: Action) -> Self {
        Self { count, text, action }
    }
}

/// What the host can do.
#[derive(Clone, Copy)]
pub enum Action {
    /// Gives the sensor of this name a temperature, in half degrees.
    Warm(&'static str, i8),
    /// Pulls the sensor of this name out.
    Unplug(&'static str),
    /// Plugs it in again, with another temperature.
    PlugIn(&'static str, i8),
    /// As `Unplug`, for a sensor that the firmware simulates.
    PretendUnplug,
    /// As `PlugIn`, for such a sensor.
    PretendPlugIn(i8),
    /// Takes the disk out of the drive of this name.
    Eject(&'static str),
    /// Puts the disk in this file back into it.
    Insert(&'static str, &'static str),
    /// The modem says nothing from now on.
    Silence,
    /// The modem starts anew: it says so, and answers again.
    Restart,
}

impl Action {
    /// For the log.
    pub fn describe(self) -> &'static str {
        match self {
            Self::Warm(..) => "the sensor is there",
            Self::Unplug(_) | Self::PretendUnplug => "pulls the sensor out",
            Self::PlugIn(..) | Self::PretendPlugIn(_) => "plugs the sensor in, where it is warmer",
            Self::Eject(_) => "ejects the card",
            Self::Insert(..) => "puts the card back",
            Self::Silence => "the modem falls silent",
            Self::Restart => "the modem starts anew",
        }
    }

    pub fn perform(self, machine: &mut Machine) -> Result<()> {
        match self {
            Self::Warm(sensor, half_degrees) => set(machine, sensor, "temperature", json!(millis(half_degrees))),
            Self::Unplug(sensor) => move_to(machine, sensor, NOBODY_ASKS),
            Self::PlugIn(sensor, half_degrees) => {
                move_to(machine, sensor, ADDRESS)?;
                set(machine, sensor, "temperature", json!(millis(half_degrees)))
            }
            Self::PretendUnplug => machine.tell_firmware(b"-"),
            Self::PretendPlugIn(half_degrees) => machine.tell_firmware(&[b'+', half_degrees as u8]),
            Self::Eject(drive) => machine.command("eject", json!({ "device": drive, "force": true })),
            Self::Insert(drive, file) => {
                let file = machine.folder.path().join(file);
                let arguments = json!({ "device": drive, "filename": file, "format": "raw" });
                machine.command("blockdev-change-medium", arguments)
            }
            Self::Silence => machine.modem()?.fall_silent(),
            Self::Restart => machine.modem()?.restart(),
        }
    }
}

/// QEMU counts in thousandths.
fn millis(half_degrees: i8) -> i32 {
    i32::from(half_degrees) * 500
}

const ADDRESS: u8 = 0x48;
const NOBODY_ASKS: u8 = 0x77;

/// QEMU refuses to remove a device from this bus, but not to move it to another address: the one before is as dead.
fn move_to(machine: &mut Machine, sensor: &str, address: u8) -> Result<()> {
    set(machine, sensor, "realized", json!(false))?;
    set(machine, sensor, "address", json!(address))?;
    set(machine, sensor, "realized", json!(true))
}

fn set(machine: &mut Machine, sensor: &str, property: &str, value: serde_json::Value) -> Result<()> {
    let path = format!("/machine/peripheral/{sensor}");
    machine.command("qom-set", json!({ "path": path, "property": property, "value": value }))
}

/// Somebody who reads the log and knows what comes next.
pub struct Director {
    steps: std::slice::Iter<'static, Step>,
    next: Option<&'static Step>,
    heard: usize,
}

impl Director {
    pub fn new(script: &'static [Step]) -> Self {
        let mut steps = script.iter();
        let next = steps.next();
        Self { steps, next, heard: 0 }
    }

    /// Takes note of a line of the log.
    pub fn hear(&mut self, text: &str) {
        if self.next.is_some_and(|step| text.contains(step.text)) {
            self.heard += 1;
        }
    }

    /// What is to be done now, one after the other.
    pub fn due(&mut self) -> Option<Action> {
        let step = self.next.filter(|step| self.heard >= step.count)?;
        self.next = self.steps.next();
        self.heard = 0;
        Some(step.action)
    }

    /// Fails if something has not come to pass.
    pub fn finish(&self) -> Result<()> {
        if let Some(Step { count, text, .. }) = self.next {
            bail!("the firmware ended too early for the host: of {count} lines with '{text}' it heard {}", self.heard);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCRIPT: &[Step] = &[
        Step::at_start(Action::PretendUnplug),
        Step::after(2, "reading", Action::Silence),
        Step::after(1, "shed", Action::Restart),
    ];

    #[test]
    fn a_step_is_due_once_when_its_lines_have_come_since_the_step_before() {
        let mut director = Director::new(SCRIPT);
        assert!(matches!(director.due(), Some(Action::PretendUnplug)));
        for (text, is_due) in [("reading: 1", false), ("shed", false), ("reading: 2", true)] {
            director.hear(text);
            assert_eq!(matches!(director.due(), Some(Action::Silence)), is_due, "after '{text}'");
        }
        // The `shed` from before does not count.
        assert!(director.due().is_none());
        director.hear("shed");
        assert!(matches!(director.due(), Some(Action::Restart)));
        assert!(director.due().is_none());
    }

    #[test]
    fn a_script_that_is_not_over_is_a_failure() {
        let mut director = Director::new(SCRIPT);
        while director.due().is_some() {}
        director.hear("reading");
        assert!(director.finish().unwrap_err().to_string().contains("of 2 lines with 'reading' it heard 1"));
        director.hear("reading");
        while director.due().is_some() {}
        director.hear("shed");
        while director.due().is_some() {}
        assert!(director.finish().is_ok());
    }
}
