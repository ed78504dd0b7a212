//! Picks the memory map of the target's machine.

use std::path::PathBuf;
use std::{env, fs};

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=memory");

    let target = env::var("TARGET").unwrap();
    let machine = match target.as_str() {
        "thumbv6m-none-eabi" if env::var_os("CARGO_FEATURE_MICROBIT").is_some() => "microbit",
        "thumbv6m-none-eabi" | "thumbv7m-none-eabi" => "lm3s6965evb",
        "riscv32imc-unknown-none-elf" | "riscv32imac-unknown-none-elf" => "virt",
        _ => panic!("no machine here runs {target}: use `./x firmware NAME TARGET`"),
    };
    let out = PathBuf::from(env::var("OUT_DIR").unwrap());
    fs::copy(format!("memory/{machine}.x"), out.join("memory.x")).unwrap();
    println!("cargo::rustc-link-search={}", out.display());
}
