//! The observer that counts.
//!
//! ```
//! use halfopen::metrics::MetricsObserver;
//! use halfopen::{BreakerTable, Config, SystemClock};
//!
//! // One observer for the table; each circuit gets a clone, which learns its name when something happens to it.
//! static HOSTS: BreakerTable<SystemClock, 16, &str, MetricsObserver> =
//!     BreakerTable::with_observer(Config::new(), SystemClock, MetricsObserver::new());
//!
//! let host = HOSTS.register("api.example.com")?;
//! host.observer().register("api.example.com"); // or at its first call
//! # Ok::<(), halfopen::TableError>(())
//! ```

use core::fmt;
use std::sync::OnceLock;

use super::handles::Handles;
use crate::circuit::Mode;
use crate::clock::Clock;
use crate::event::{CallReport, Receipt, Refusal};
use crate::observer::Observer;
use crate::system_clock::SystemClock;
use crate::transition::Transition;

/// Counts what a breaker does in the metrics of [`names`](super::names), through the recorder that the application has
/// installed for the crate `metrics`.
///
/// It is for one circuit: the name that it is first told, or is [registered](Self::register) by, stays. The handles are those
/// of the recorder that there is then; one that is installed later hears nothing of this circuit. An `Arc` of one that many
/// circuits share counts them all under the first one's name: give a registry the observer itself, which it clones. Two circuits of one
/// name in a process add up in the counters, and the later one to change is what the gauges show.
///
/// `C` times how long the circuit is OPEN.
pub struct MetricsObserver<C = SystemClock> {
    handles: OnceLock<Handles>,
    clock: C,
}

impl MetricsObserver {
    /// One that gets its handles when it is first told something. A `const fn`: it fits a `static`.
    #[must_use]
    pub const fn new() -> Self {
        Self::with_clock(SystemClock)
    }

    /// One with its handles, for the circuit of this name: its metrics are there before the first call. To be made after the
    /// exporter is installed: before that there is nothing to have handles of, and this one never counts.
    #[must_use]
    pub fn of(operation_name: &str) -> Self {
        let observer = Self::new();
        observer.register(operation_name);
        observer
    }
}

impl<C> MetricsObserver<C> {
    /// As [`new`](MetricsObserver::new), by a clock of your own: best the breaker's.
    pub const fn with_clock(clock: C) -> Self {
        Self { handles: OnceLock::new(), clock }
    }

    /// Gets the handles now, so that the circuit's metrics are there before its first call. No effect on one that has them.
    pub fn register(&self, operation_name: &str) {
        self.handles(operation_name);
    }

    #[inline]
    fn handles(&self, operation_name: &str) -> &Handles {
        match self.handles.get() {
            Some(handles) => handles,
            None => self.handles_at_first(operation_name),
        }
    }

    #[cold]
    #[inline(never)]
    fn handles_at_first(&self, operation_name: &str) -> &Handles {
        self.handles.get_or_init(|| Handles::register(operation_name))
    }
}

impl<C: Clock> Observer for MetricsObserver<C> {
    fn on_transition(&self, operation_name: &str, transition: &Transition) {
        self.handles(operation_name).go(operation_name, transition, self.clock.now());
    }

    fn on_refused(&self, operation_name: &str, refusal: &Refusal, mode: Mode) {
        self.handles(operation_name).count_refusal(*refusal, mode);
    }

    #[inline]
    fn on_call(&self, operation_name: &str, report: CallReport) {
        self.handles(operation_name).count(report);
    }

    fn on_late(&self, operation_name: &str, receipt: Receipt) {
        self.handles(operation_name).count_late(receipt);
    }
}

impl Default for MetricsObserver {
    fn default() -> Self {
        Self::new()
    }
}

/// For another circuit: a clone has no handles yet.
impl<C: Clone> Clone for MetricsObserver<C> {
    fn clone(&self) -> Self {
        Self::with_clock(self.clock.clone())
    }
}

impl<C> fmt::Debug for MetricsObserver<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MetricsObserver").field("registered", &self.handles.get().is_some()).finish_non_exhaustive()
    }
}
