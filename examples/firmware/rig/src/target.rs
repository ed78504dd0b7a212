//! The chips, and the QEMU machines that have them.

use anyhow::{Result, anyhow};

/// A chip.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    CortexM0,
    CortexM3,
    Rv32Imc,
    Rv32Imac,
}

impl Target {
    const ALL: [Self; 4] = [Self::CortexM0, Self::CortexM3, Self::Rv32Imc, Self::Rv32Imac];

    pub fn by_triple(triple: &str) -> Result<Self> {
        let target = Self::ALL.into_iter().find(|target| target.triple() == triple);
        target.ok_or_else(|| {
            anyhow!("no machine runs '{triple}'; there are {}", Self::ALL.map(|target| target.triple()).join(", "))
        })
    }

    /// As Rust calls it.
    pub fn triple(self) -> &'static str {
        match self {
            Self::CortexM0 => "thumbv6m-none-eabi",
            Self::CortexM3 => "thumbv7m-none-eabi",
            Self::Rv32Imc => "riscv32imc-unknown-none-elf",
            Self::Rv32Imac => "riscv32imac-unknown-none-elf",
        }
    }

    /// What the firmware finds out of its core.
    pub fn chip(self) -> &'static str {
        match self {
            Self::CortexM0 => "Cortex-M0",
            Self::CortexM3 => "Cortex-M3",
            Self::Rv32Imc => "RV32IMC",
            Self::Rv32Imac => "RV32IMAC",
        }
    }

    pub fn qemu(self) -> &'static str {
        match self {
            Self::CortexM0 | Self::CortexM3 => "qemu-system-arm",
            Self::Rv32Imc | Self::Rv32Imac => "qemu-system-riscv32",
        }
    }

    /// The machine. QEMU has no board with a Cortex-M0 and a whole I2C controller, so it gets the M3's board.
    pub fn machine(self) -> &'static [&'static str] {
        match self {
            Self::CortexM0 => &["-machine", "lm3s6965evb", "-cpu", "cortex-m0"],
            Self::CortexM3 => &["-machine", "lm3s6965evb", "-cpu", "cortex-m3"],
            Self::Rv32Imc => &["-machine", "virt", "-bios", "none", "-cpu", "rv32,a=false,f=false,d=false"],
            Self::Rv32Imac => &["-machine", "virt", "-bios", "none", "-cpu", "rv32,f=false,d=false"],
        }
    }
}
