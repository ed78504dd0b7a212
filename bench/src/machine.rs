//! Where, when and of what a measurement was made.

use std::process::Command;

/// The processor and its cores.
pub(crate) fn processor() -> String {
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let model = model.map_or(std::env::consts::ARCH, |(_, name)| name);
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    format!("{model}, {cores} cores, {}", std::env::consts::OS)
}

/// The compiler.
pub(crate) fn compiler() -> String {
    let rustc = std::env::var("RUSTC").unwrap_or_else(|_| "rustc".into());
    said_by(&rustc, "--version")
}

/// Today, in UTC.
pub(crate) fn day() -> String {
    said_by("date", "+%Y-%m-%d")
}

/// A crate of this lock file, with its version.
pub(crate) fn version(lock_file: &str, name: &str) -> String {
    let entry = format!("name = \"{name}\"\nversion = \"");
    let version = lock_file.split_once(&entry).and_then(|(_, rest)| rest.split_once('"'));
    let (version, _) = version.expect("every subject is in the lock file");
    format!("{name} {version}")
}

fn said_by(command: &str, argument: &str) -> String {
    match Command::new(command).arg(argument).env("TZ", "UTC").output() {
        Ok(output) if output.status.success() => String::from_utf8_lossy(&output.stdout).trim().to_owned(),
        _ => format!("{command} unknown"),
    }
}
