//! Picks the QEMU machine of a target: its memory map, its clock, its linker scripts.

use std::{env, fs, path::PathBuf};

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=memory");

    let target = env::var("TARGET").unwrap();
    let (machine, timer_hz) = match target.as_str() {
        "thumbv6m-none-eabi" => ("microbit", 16_000_000),
        "thumbv7m-none-eabi" => ("lm3s6965evb", 12_500_000),
        "thumbv7em-none-eabihf" => ("mps2-an386", 25_000_000),
        "riscv32imc-unknown-none-elf" | "riscv32imac-unknown-none-elf" => ("virt", 10_000_000),
        _ => panic!("no machine runs {target}: see the targets in .cargo/config.toml, or use `./x run TARGET BIN`"),
    };

    let out = PathBuf::from(env::var("OUT_DIR").unwrap());
    fs::copy(format!("memory/{machine}.x"), out.join("memory.x")).unwrap();
    let constants = format!(
        "/// The target this image was built for.\npub const TARGET: &str = \"{target}\";\n\
         /// The QEMU machine that runs it.\npub const MACHINE: &str = \"{machine}\";\n\
         pub(crate) const TIMER_HZ: u32 = {timer_hz};\n"
    );
    fs::write(out.join("machine.rs"), constants).unwrap();

    println!("cargo::rustc-link-search={}", out.display());
    if target.starts_with("riscv") {
        // cortex-m-rt's link.x includes the memory map by itself, riscv-rt's does not.
        println!("cargo::rustc-link-arg-bins=-Tmemory.x");
    }
    println!("cargo::rustc-link-arg-bins=-Tlink.x");
    // Without it the segments are padded to pages, and the first one would start below the flash.
    println!("cargo::rustc-link-arg-bins=--nmagic");
}
