//! Where a measurement was made.

use std::process::Command;

/// Prints this crate's version, the compiler, the processor and how many bytes a breaker takes.
pub(crate) fn print_header(bytes: usize) {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    println!("halfopen {}, {}, {}, {cores} cores", env!("CARGO_PKG_VERSION"), compiler(), processor());
    println!("a breaker takes {bytes} bytes\n");
}

fn processor() -> String {
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    model.map_or_else(|| std::env::consts::ARCH.to_owned(), |(_, name)| name.to_owned())
}

fn compiler() -> String {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    match Command::new(rustc).arg("--version").output() {
        Ok(output) if output.status.success() => String::from_utf8_lossy(&output.stdout).trim().to_owned(),
        _ => "rustc of an unknown version".to_owned(),
    }
}
