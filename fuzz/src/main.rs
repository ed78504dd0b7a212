//! The fuzz target: `./x fuzz` builds it with coverage and runs it; built in any other way it does nothing.

#![cfg_attr(halfopen_fuzzing, no_main)]

#[cfg(halfopen_fuzzing)]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| conformance::reference::live(&halfopen_fuzz::life(bytes), &mut |_, _| {}));

#[cfg(not(halfopen_fuzzing))]
fn main() {
    eprintln!("built without a fuzzer: use ./x fuzz");
    std::process::exit(2);
}
