//! Which Cortex-M this is.

use crate::register::Register;

/// The name of the core that runs this, by its own word.
pub fn chip() -> &'static str {
    const CPUID: Register = {
        // SAFETY: every Cortex-M has it, and nobody writes it.
        unsafe { Register::at(0xE000_ED00) }
    };
    const PART_NUMBER: u32 = 0xFFF0;
    match CPUID.read() & PART_NUMBER {
        0xC200 => "Cortex-M0",
        0xC230 => "Cortex-M3",
        _ => "another Cortex-M",
    }
}
