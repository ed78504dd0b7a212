//! What `rig` has to know of an example.

use std::path::{Path, PathBuf};

use anyhow::{Result, anyhow};

use crate::examples::EXAMPLES;
use crate::run::Pace;
use crate::script::Step;
use crate::target::Target;

/// An example: the folder of the same name.
pub struct Example {
    pub name: &'static str,
    pub about: &'static str,
    pub targets: &'static [Target],
    /// Another machine than the target's, as QEMU's arguments.
    pub machine: Option<&'static [&'static str]>,
    /// Devices beside those of the machine, as QEMU's arguments. `{folder}` is a fresh folder for files of the run.
    pub devices: &'static [&'static str],
    /// A file in that folder, with its first bytes and its size in bytes.
    pub disk: Option<Disk>,
    /// Whether the host answers on the second UART.
    pub has_modem: bool,
    /// What the host does, and when.
    pub script: &'static [Step],
    /// The fastest pace at which it still runs as it should.
    pub fastest: Pace,
}

/// A disk image.
pub struct Disk {
    pub name: &'static str,
    pub begins_with: &'static [u8],
    pub size: usize,
}

impl Example {
    pub fn folder(&self) -> PathBuf {
        workspace().join(self.name)
    }

    pub fn image(&self, target: Target) -> Result<PathBuf> {
        let path = workspace().join("target").join(target.triple()).join("release").join(self.name);
        if path.is_file() {
            return Ok(path);
        }
        let (name, triple) = (self.name, target.triple());
        Err(anyhow!("no image {}: build and run it by `./x firmware {name} {triple}`", path.display()))
    }
}

/// The firmware's workspace, which this tool is built in.
fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("rig is in the workspace's folder")
}

pub fn find(name: &str) -> Result<&'static Example> {
    let names = || EXAMPLES.iter().map(|example| example.name).collect::<Vec<_>>().join(", ");
    EXAMPLES
        .iter()
        .find(|example| example.name == name)
        .ok_or_else(|| anyhow!("there is no example '{name}'; there are {}", names()))
}

/// A line for each: its name, what it is about, and its targets, between bars.
pub fn list() -> String {
    let line = |example: &Example| {
        let targets: Vec<_> = example.targets.iter().map(|target| target.triple()).collect();
        format!("{:<14}| {:<66}| {}\n", example.name, example.about, targets.join(" "))
    };
    EXAMPLES.iter().map(line).collect()
}
