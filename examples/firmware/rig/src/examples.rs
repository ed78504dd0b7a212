//! The examples, and what happens to each.

use crate::example::{Disk, Example};
use crate::run::Pace;
use crate::script::{Action, Step};
use crate::target::Target;

pub const EXAMPLES: &[Example] = &[SENSOR, SENSOR_RISCV, SD_CARD, MODEM, EMBASSY, RTIC, FLASH];

/// In half degrees, as the sensor has them.
const WARM: i8 = 51;
const WARMER: i8 = 60;
/// QEMU's names of the sensors, in `devices`.
const THERMOMETER: &str = "thermometer";
const NEIGHBOUR: &str = "neighbour";

const SENSOR: Example = Example {
    name: "sensor",
    about: "a thermometer on I2C is pulled out and plugged back",
    targets: &[Target::CortexM0, Target::CortexM3],
    machine: None,
    devices: &["-device", "tmp105,id=thermometer,bus=i2c,address=0x48"],
    disk: None,
    has_modem: false,
    script: &[
        Step::at_start(Action::Warm(THERMOMETER, WARM)),
        Step::after(4, "reading", Action::Unplug(THERMOMETER)),
        Step::after(10, "shed", Action::PlugIn(THERMOMETER, WARMER)),
    ],
    fastest: Pace::Free,
};

const SENSOR_RISCV: Example = Example {
    name: "sensor-riscv",
    about: "the same on RISC-V, with a simulated thermometer",
    targets: &[Target::Rv32Imc, Target::Rv32Imac],
    machine: None,
    devices: &[],
    disk: None,
    has_modem: false,
    script: &[Step::after(4, "reading", Action::PretendUnplug), Step::after(10, "shed", Action::PretendPlugIn(WARMER))],
    fastest: Pace::Free,
};

/// QEMU's name of the card, in `devices`.
const CARD: &str = "card";

const SD_CARD: Example = Example {
    name: "sd-card",
    about: "an SD card is ejected, and a driver blocks for ten seconds, once",
    targets: &[Target::CortexM3],
    machine: None,
    devices: &["-drive", "if=sd,id=card,format=raw,file={folder}/card.img"],
    disk: Some(Disk { name: "card.img", begins_with: b"\xDE\xAD\xBE\xEF", size: 4 << 20 }),
    has_modem: false,
    script: &[Step::after(5, "block 0", Action::Eject(CARD)), Step::after(4, "shed", Action::Insert(CARD, "card.img"))],
    fastest: Pace::Free,
};

const MODEM: Example = Example {
    name: "modem",
    about: "a modem on a UART falls silent and comes back",
    targets: &[Target::CortexM3],
    machine: None,
    devices: &[],
    disk: None,
    has_modem: true,
    script: &[Step::after(4, "signal quality", Action::Silence), Step::after(5, "shed", Action::Restart)],
    // The modem answers in real time.
    fastest: Pace::RealTime,
};

const EMBASSY: Example = Example {
    name: "embassy",
    about: "two tasks and an interrupt share a table, and one sensor dies",
    targets: &[Target::CortexM3],
    machine: None,
    devices: &[
        "-device",
        "tmp105,id=thermometer,bus=i2c,address=0x48",
        "-device",
        "tmp105,id=neighbour,bus=i2c,address=0x49",
    ],
    disk: None,
    has_modem: false,
    script: &[
        Step::at_start(Action::Warm(THERMOMETER, WARM)),
        Step::at_start(Action::Warm(NEIGHBOUR, WARMER)),
        Step::after(4, "inlet: ", Action::Unplug(THERMOMETER)),
        Step::after(7, "inlet: shed", Action::PlugIn(THERMOMETER, WARMER)),
    ],
    fastest: Pace::Free,
};

const RTIC: Example = Example {
    name: "rtic",
    about: "tasks of two priorities share a breaker, without a lock",
    targets: &[Target::CortexM3],
    machine: None,
    devices: &["-device", "tmp105,id=thermometer,bus=i2c,address=0x48"],
    disk: None,
    has_modem: false,
    script: &[
        Step::at_start(Action::Warm(THERMOMETER, WARM)),
        Step::after(3, "reading", Action::Unplug(THERMOMETER)),
        Step::after(6, "shed", Action::PlugIn(THERMOMETER, WARMER)),
    ],
    fastest: Pace::Free,
};

const FLASH: Example = Example {
    name: "flash",
    about: "a breaker goes on after resets, from RAM or flash",
    targets: &[Target::CortexM0],
    // Its flash can be written.
    machine: Some(&["-machine", "microbit"]),
    devices: &[],
    disk: None,
    has_modem: false,
    script: &[],
    fastest: Pace::Free,
};
