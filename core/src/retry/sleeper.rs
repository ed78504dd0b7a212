//! How a retry waits where nobody has said how.
//!
//! ```
//! # #[cfg(feature = "std")] {
//! use core::time::Duration;
//! use halfopen::retry::{SystemSleeper, backon::BlockingSleeper};
//!
//! SystemSleeper.sleep(Duration::from_millis(1));
//! # }
//! ```

/// The platform's: `std::thread::sleep` with `std`, and with the feature `retry-sleep` a timer of tokio, in wasm one of JavaScript.
///
/// Where it cannot wait it is no sleeper, and a retry that names no other one does not compile.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct SystemSleeper;

// Where there are no threads the standard library's sleep would panic.
#[cfg(all(feature = "std", not(all(target_family = "wasm", target_os = "unknown"))))]
impl backon::BlockingSleeper for SystemSleeper {
    fn sleep(&self, wait: core::time::Duration) {
        backon::StdSleeper.sleep(wait);
    }
}

#[cfg(feature = "retry-sleep")]
impl backon::Sleeper for SystemSleeper {
    type Sleep = <backon::DefaultSleeper as backon::Sleeper>::Sleep;

    fn sleep(&self, wait: core::time::Duration) -> Self::Sleep {
        backon::DefaultSleeper::default().sleep(wait)
    }
}
