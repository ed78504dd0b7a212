//! The clock of `embassy-time`: whatever driver the firmware has, at whatever rate it ticks.
//!
//! ```
//! # extern crate embassy_time_v0_5 as embassy_time;
//! use halfopen::{CircuitBreaker, Config, EmbassyClock};
//!
//! static MODEM: CircuitBreaker<EmbassyClock> = CircuitBreaker::with_clock("modem", Config::new(), EmbassyClock);
//! MODEM.record_failure();
//! let failed = MODEM.last_failure_time().map(|at| at.as_millis());
//! assert_eq!(failed, Some(embassy_time::Instant::now().as_millis()));
//! ```

use embassy_time_v0_5::Instant;

use super::Clock;
use crate::time::Timestamp;

/// Milliseconds since boot, by `embassy_time::Instant::now()`. All values of this type share one time line.
///
/// What a look takes beside the driver's own, in instructions, counted under QEMU for times up to 2^50 ticks:
///
/// | feature of `embassy-time` | Cortex-M0 | Cortex-M3 |
/// | --- | --- | --- |
/// | `tick-hz-1_000` | 0 | 0 |
/// | `tick-hz-32_768` (a multiplication and a shift) | 44 | 6 |
/// | `tick-hz-1_000_000` (a division of 64 bits) | 245 to 538 | 47 to 149 |
///
/// Where calls are not timed, a healthy circuit never looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct EmbassyClock;

impl Clock for EmbassyClock {
    // Inlined, so that no program which never reads it has to have a driver.
    #[inline]
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(Instant::now().as_millis())
    }
}
