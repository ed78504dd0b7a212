//! The boards of the examples: drivers for what QEMU emulates, a clock, and a log.
//!
//! - `lm3s6965evb`: Cortex-M3, and Cortex-M0 on request. I2C, an SD card behind SSI, a UART for a modem.
//! - `microbit`, by the feature of this name: Cortex-M0 whose flash can be written. It has no line to the host.
//! - `virt`: RV32IMC or RV32IMAC. It has no I2C, so its sensor is a simulated one.
//!
//! ```ignore
//! #![no_std]
//! #![no_main]
//!
//! #[board::entry]
//! fn main() -> ! {
//!     let mut board = board::take();
//!     defmt::info!("up for {} ms", board::millis());
//!     board.host.rest(50);
//!     board::exit(0)
//! }
//! ```
//!
//! Without the feature `clock`, which is on by default, SysTick is the program's: see `clock!`.
//!
//! The drivers are as short as QEMU lets them be: what silicon needs beyond it, such as pins that are switched to a
//! peripheral, is left out.
#![no_std]

use defmt_semihosting as _;
pub use semihosting::process::exit;

#[cfg_attr(all(target_arch = "arm", not(feature = "microbit")), path = "lm3s6965/mod.rs")]
#[cfg_attr(all(target_arch = "arm", feature = "microbit"), path = "microbit/mod.rs")]
#[cfg_attr(target_arch = "riscv32", path = "virt/mod.rs")]
mod machine;

#[cfg(target_arch = "arm")]
mod core_id;
mod delay;
#[cfg(not(feature = "microbit"))]
mod host;
mod register;
#[cfg(target_arch = "arm")]
mod systick;

pub use delay::{Delay, wait_ms};
#[cfg(not(feature = "microbit"))]
pub use host::Host;
pub use machine::*;

defmt::timestamp!("{=u32}", millis());

/// Whether the image was started with this word: `rig run NAME --word WORD`.
pub fn has_argument(word: &str) -> bool {
    // Room for the path of the image, which comes first. QEMU gives nothing where it does not fit.
    let arguments = semihosting::experimental::env::args::<1024>();
    arguments.is_ok_and(|arguments| (&arguments).skip(1).any(|argument| argument == Ok(word)))
}

/// The exit code of a panic, as that of a program on a host.
const PANICKED: i32 = 101;

#[panic_handler]
fn panic(info: &core::panic::PanicInfo) -> ! {
    defmt::error!("{}", defmt::Display2Format(info));
    exit(PANICKED)
}

/// `defmt::panic!` has told already why.
#[defmt::panic_handler]
fn defmt_panic() -> ! {
    exit(PANICKED)
}
