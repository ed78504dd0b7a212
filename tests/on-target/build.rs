//! Picks the QEMU machine of a target (its memory map, its clock, its linker scripts), and puts the vectors into flash.

use std::path::{Path, PathBuf};
use std::{env, fs};

use conformance::{BreakerShell, By, Capability, Parsed, Shell, StepShell, TableShell, Vector, parse_dir, to_rust};

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
    // Only where there is a logger: the script asks for one.
    if env::var_os("CARGO_FEATURE_DEFMT").is_some() {
        for image in ["logs", "formats", "size_logs"] {
            println!("cargo::rustc-link-arg-bin={image}=-Tdefmt.x");
        }
    }
    // Without it the segments are padded to pages, and the first one would start below the flash.
    println!("cargo::rustc-link-arg-bins=--nmagic");
}

/// What a shell cannot do on a chip, where no heap holds a text.
const TEXTS: [Capability; 2] = [Capability::ConfigText, Capability::SnapshotText];

/// The images that the vectors are spread over, for no small chip has room for the code of all rules.
const IMAGES: [(&str, &[&dyn Shell]); 3] = [
    ("vectors", &[&StepShell, &BreakerShell, &TableShell]),
    ("vectors_windows", &[&BreakerShell, &TableShell]),
    ("vectors_adaptive", &[&BreakerShell, &TableShell]),
];

/// The image that has the code for the rules of `vector`.
fn image(vector: &Vector<'_>) -> &'static str {
    let adaptive = vector.rules().any(By::is_adaptive);
    let plain = vector.rules().any(|by| !by.is_adaptive() && by != By::Consecutive);
    match (plain, adaptive) {
        (false, false) => "vectors",
        (true, false) => "vectors_windows",
        (false, true) => "vectors_adaptive",
        (true, true) => panic!("\"{}\" needs the rules of two images", vector.name),
    }
}

/// Writes the vectors of each image, the names of those that are left out, and how many runs of them a chip has to make.
fn vectors(out: &Path) {
    println!("cargo::rerun-if-changed=../vectors");
    let parsed = parse_dir("../vectors".as_ref()).unwrap_or_else(|error| panic!("{error}"));
    for (name, shells) in IMAGES {
        let all = parsed.iter().map(|Parsed { vector, .. }| *vector);
        let suite = suite(&all.filter(|vector| image(vector) == name).collect::<Vec<_>>(), shells);
        fs::write(out.join(name).with_extension("rs"), suite).unwrap();
    }
}

/// A constant of the type `board::Suite`.
fn suite(vectors: &[Vector<'_>], shells: &[&dyn Shell]) -> String {
    let runs = |shell: &&dyn Shell| {
        let lacks = [shell.lacks(), &TEXTS].concat();
        vectors.iter().filter(|vector| vector.misses(&lacks).is_none()).count()
    };
    let runs: usize = shells.iter().map(runs).sum();
    let left_out = vectors.iter().filter(|vector| vector.misses(&TEXTS).is_some());
    let left_out: Vec<_> = left_out.map(|vector| (vector.rule, vector.name)).collect();
    format!(
        "board::Suite {{ vectors: {}, left_out: &{left_out:?}, in_json: {}, runs: {runs} }}",
        to_rust(vectors),
        vectors.len()
    )
}
