//! What every image here shares: a clock, an interrupt to run code in, a way to print and to end with an exit code.
//!
//! ```ignore
//! #![no_std]
//! #![no_main]
//!
//! board::panic_handler!();
//!
//! #[board::entry]
//! fn main() -> ! {
//!     board::start();
//!     board::println!("running on {}", board::TARGET);
//!     board::exit(0)
//! }
//! ```
#![no_std]

use core::sync::atomic::{AtomicPtr, Ordering::Relaxed};

#[cfg_attr(target_arch = "arm", path = "cortex_m.rs")]
#[cfg_attr(target_arch = "riscv32", path = "riscv.rs")]
mod chip;

pub mod bus;
mod suite;

include!(concat!(env!("OUT_DIR"), "/machine.rs"));

pub use chip::entry;
pub use semihosting::{print, println, process::exit};
pub use suite::Suite;

/// Starts the clock: from here on an interrupt comes every millisecond.
pub fn start() {
    chip::start_timer(TIMER_HZ / 1000);
}

/// Milliseconds since [`start`]; wraps after 2^32 - 1.
pub fn now_ms() -> u32 {
    chip::now_ms()
}

/// Resets the chip: the image starts anew, and RAM that it does not initialise stays as it is.
pub fn reset() -> ! {
    chip::reset()
}

/// Sleeps until the next interrupt. Call [`start`] first, or nothing wakes the chip.
pub fn idle() {
    chip::wait_for_interrupt();
}

/// Sleeps for at least `ms` milliseconds.
pub fn wait_ms(ms: u32) {
    let start = now_ms();
    // One more: the first millisecond may be all but over.
    while now_ms().wrapping_sub(start) <= ms {
        idle();
    }
}

/// Runs `f` in the timer's interrupt, every `period_ns` nanoseconds instead of every millisecond. Starts the clock if need
/// be, which goes on keeping time.
///
/// The period is rounded down to a step of the timer (40 to 100 ns) and is at most a millisecond. An instruction takes
/// 32 ns, so a period that is not a multiple of the interrupted loop's time lands between each two of its instructions
/// sooner or later. It must leave the loop some time: `f` and the handler around it take about 2 us.
pub fn on_tick(period_ns: u32, f: fn()) {
    assert!(period_ns <= 1_000_000, "a tick is at most a millisecond, not {period_ns} ns");
    let period = u64::from(TIMER_HZ) * u64::from(period_ns) / 1_000_000_000;
    HOOK.store(f as *mut (), Relaxed);
    chip::start_timer(period as u32);
}

/// Instructions that one call of `f` takes more than one of an empty function. Without the clock: call it before [`start`].
pub fn instructions(f: fn()) -> u32 {
    #[inline(never)]
    fn nothing() {}

    // An instruction takes 2^5 ns, as `.cargo/config.toml` has it; so many that the timer's steps do not matter.
    const CALLS: u64 = 10_000;
    const NS: u64 = 32;
    let time = |f: fn()| {
        let f = core::hint::black_box(f);
        chip::nanoseconds(|| (0..CALLS).for_each(|_| f()))
    };
    ((time(f) - time(nothing) + CALLS * NS / 2) / (CALLS * NS)) as u32
}

static HOOK: AtomicPtr<()> = AtomicPtr::new(core::ptr::null_mut());

fn run_hook() {
    let hook = HOOK.load(Relaxed);
    if !hook.is_null() {
        // SAFETY: only `on_tick` stores here, and it stores a `fn()`.
        let hook = unsafe { core::mem::transmute::<*mut (), fn()>(hook) };
        hook();
    }
}

/// Whether the image was started with this word: `./x run TARGET BIN WORD`.
pub fn has_argument(word: &str) -> bool {
    // Room for the path of the image, which comes first. QEMU gives nothing where it does not fit.
    let arguments = semihosting::experimental::env::args::<1024>();
    arguments.is_ok_and(|arguments| (&arguments).skip(1).any(|argument| argument == Ok(word)))
}

/// Prints texts one after the other, as `print!` does, but without `core::fmt`.
pub fn say(texts: &[&str]) {
    use semihosting::io::{Write, stdout};
    if let Ok(mut out) = stdout() {
        for text in texts {
            let _ = out.write_all(text.as_bytes());
        }
    }
}

/// Defines the panic handler of an image: it prints the message and ends the run with exit code 101.
#[macro_export]
macro_rules! panic_handler {
    () => {
        #[panic_handler]
        fn panic(info: &core::panic::PanicInfo) -> ! {
            $crate::println!("{info}");
            $crate::exit(101)
        }
    };
}

/// The panic handler of a size image, where printing would outweigh what is measured: it leaves nothing in an image that
/// cannot panic, and a symbol that `./x size` finds in one that can.
#[macro_export]
macro_rules! silent_panic_handler {
    () => {
        #[panic_handler]
        fn panic(_: &core::panic::PanicInfo) -> ! {
            panic_is_reachable()
        }

        #[unsafe(no_mangle)]
        #[inline(never)]
        extern "C" fn panic_is_reachable() -> ! {
            loop {}
        }
    };
}

/// Defines a `defmt` logger that is as small as can be, for images in which logging is measured.
#[macro_export]
macro_rules! mute_logger {
    () => {
        #[defmt::global_logger]
        struct MuteLogger;

        // SAFETY: there is nothing to share.
        unsafe impl defmt::Logger for MuteLogger {
            fn acquire() {}

            unsafe fn write(bytes: &[u8]) {
                // The bytes are really made.
                core::hint::black_box(bytes);
            }

            unsafe fn flush() {}

            unsafe fn release() {}
        }
    };
}
