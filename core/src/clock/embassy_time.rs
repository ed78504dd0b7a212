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
