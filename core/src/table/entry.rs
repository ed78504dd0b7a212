//! A handle to a circuit of a table.
//!
//! ```
//! use halfopen::{BreakerTable, Config, Entry, ManualClock};
//!
//! static CLOCK: ManualClock = ManualClock::new();
//! static SENSORS: BreakerTable<&ManualClock, 2> = BreakerTable::new(Config::new(), &CLOCK);
//!
//! let imu: Entry<'static, &ManualClock> = SENSORS.register("imu")?; // a task keeps it
//! assert!(imu.allow_request());
//! # Ok::<(), halfopen::TableError>(())
//! ```

use core::fmt;
use core::ops::Deref;

use super::slot::Pin;
use crate::breaker::CircuitBreaker;
use crate::clock::{Clock, DefaultClock};
use crate::observer::Observer;
use crate::rules::{Consecutive, Rule};
#[cfg(doc)]
use crate::table::BreakerTable;

/// A handle to a circuit of a [`BreakerTable`]: used like a [`CircuitBreaker`], found without a search.
///
/// Its circuit is not retired as long as the handle lives. Dropping one that was looked up reads the clock, to note the use;
/// keep the handle on a hot path.
pub struct Entry<'t, C: Clock = DefaultClock, O: Observer = (), K: AsRef<str> = &'static str, R: Rule = Consecutive> {
    pub(super) pin: Pin<'t, CircuitBreaker<C, O, K, R>>,
    pub(super) used: bool,
}

impl<C: Clock, O: Observer, K: AsRef<str>, R: Rule> Deref for Entry<'_, C, O, K, R> {
    type Target = CircuitBreaker<C, O, K, R>;

    #[inline]
    fn deref(&self) -> &Self::Target {
        self.pin.get()
    }
}

impl<C: Clock, O: Observer, K: AsRef<str>, R: Rule> Drop for Entry<'_, C, O, K, R> {
    fn drop(&mut self) {
        if self.used {
            self.pin.slot().touch(self.pin.get().clock().now().low());
        }
    }
}

impl<C: Clock, O: Observer, K: AsRef<str>, R: Rule> fmt::Debug for Entry<'_, C, O, K, R>
where
    R::Policy: fmt::Debug,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.pin.get().fmt(f)
    }
}
