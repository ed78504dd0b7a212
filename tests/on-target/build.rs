//! Picks the QEMU machine of a target (its memory map, its clock, its linker scripts), and puts the vectors into flash.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::{env, fs};

use conformance::{BreakerShell, Capability, Parsed, Shell, StepShell, TableShell, Vector, parse_dir, to_rust};

fn main() {
    let out = PathBuf::from(env::var("OUT_DIR").unwrap());
    machine(&out);
    vectors(&out);
}

fn machine(out: &Path) {
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

/// What a shell cannot do on a chip, where no heap holds a text.
const TEXTS: [Capability; 2] = [Capability::ConfigText, Capability::SnapshotText];

/// Writes the vectors, the names of those that are left out, and how many runs of them a chip has to make.
fn vectors(out: &Path) {
    println!("cargo::rerun-if-changed=../vectors");
    let parsed = parse_dir("../vectors".as_ref()).unwrap_or_else(|error| panic!("{error}"));
    let vectors: Vec<Vector<'_>> = parsed.iter().map(|Parsed { vector, .. }| *vector).collect();
    fs::write(out.join("vectors.rs"), to_rust(&vectors)).unwrap();

    let shells: [&dyn Shell; 3] = [&StepShell, &BreakerShell, &TableShell];
    let runs = |shell: &&dyn Shell| {
        let lacks = [shell.lacks(), &TEXTS].concat();
        vectors.iter().filter(|vector| vector.misses(&lacks).is_none()).count()
    };
    let runs: usize = shells.iter().map(runs).sum();
    let mut expected = format!("const VECTORS_IN_JSON: usize = {};\nconst RUNS: usize = {runs};\n", vectors.len());
    let left_out: Vec<_> = vectors.iter().filter(|vector| vector.misses(&TEXTS).is_some()).collect();
    writeln!(expected, "const LEFT_OUT: [(&str, &str); {}] = [", left_out.len()).unwrap();
    for vector in left_out {
        writeln!(expected, "    ({:?}, {:?}),", vector.rule, vector.name).unwrap();
    }
    expected += "];\n";
    fs::write(out.join("expected.rs"), expected).unwrap();
}
