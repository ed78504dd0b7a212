//! SysTick belongs to the program, such as to the time driver of an executor; the board asks the program for the time.

/// Tells the board the program's milliseconds: `board::clock!(|| Mono::now().as_ticks());`. For programs that bring their own
/// clock, by `default-features = false` for this crate.
#[macro_export]
macro_rules! clock {
    ($millis:expr) => {
        // SAFETY: nobody else has a symbol of this name: two clocks do not link.
        #[unsafe(no_mangle)]
        fn _board_millis() -> u32 {
            let millis: fn() -> u32 = $millis;
            millis()
        }
    };
}

// SAFETY: `clock!` defines it, as a safe function of this signature; without a clock the program does not link.
unsafe extern "Rust" {
    safe fn _board_millis() -> u32;
}

/// Milliseconds of the program's clock.
pub fn millis() -> u32 {
    _board_millis()
}

/// Panics if it was called before; the program starts the clock.
pub(crate) fn start() {
    if cortex_m::singleton!(: () = ()).is_none() {
        panic!("the board is taken");
    }
}
