//! How an instance takes part in a fleet.
//!
//! ```
//! use core::time::Duration;
//! use halfopen::redis::{Counting, FleetOptions};
//!
//! let options = FleetOptions::new().counting(Counting::Quorum(3)).settle(Duration::from_millis(50));
//! assert!(options.check().is_ok());
//! let error = FleetOptions::new().lease(Duration::ZERO).check().unwrap_err();
//! assert_eq!(error.to_string(), "lease_seconds is 0, must be 0.1 to 3600");
//! ```

use core::time::Duration;

use crate::config_error::{ConfigError, Unit};
use crate::time::ceil_millis;

const HOUR: u64 = 3_600_000;
const MOST_TTL_MS: u64 = 100 * 365 * 24 * HOUR;

/// Who counts failures, and what opens the circuit of the whole fleet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Counting {
    /// The fleet: failures in a row, wherever they happen, refuted by any later success.
    #[default]
    Fleet,
    /// Each instance by its own rule; the first that trips opens the circuit for all.
    Local,
    /// Each instance by its own rule; so many must have tripped at the same time. One that is alone with its failures refuses
    /// its own requests and nobody else's.
    Quorum(u16),
}

/// How an instance takes part in a fleet. Every field has a default.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FleetOptions {
    pub(super) counting: Counting,
    pub(super) settle: Duration,
    pub(super) lease: Duration,
    pub(super) poll_interval: Duration,
    pub(super) response_timeout: Duration,
    pub(super) probe_wait: Duration,
    pub(super) time_to_live: Duration,
}

impl FleetOptions {
    /// Counts in the fleet; every time as its method says.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            counting: Counting::Fleet,
            settle: Duration::from_millis(20),
            lease: Duration::from_secs(1),
            poll_interval: Duration::from_secs(1),
            response_timeout: Duration::from_millis(100),
            probe_wait: Duration::from_millis(50),
            time_to_live: Duration::from_secs(24 * 60 * 60),
        }
    }

    /// Who counts.
    #[must_use]
    pub const fn counting(mut self, counting: Counting) -> Self {
        self.counting = counting;
        self
    }

    /// How old a streak of failures has to be before it opens the circuit of the fleet, so that every instance can have refuted
    /// it: 0 to 10 s, by default 20 ms. An instance that has seen enough failures of its own does not wait for it.
    #[must_use]
    pub const fn settle(mut self, time: Duration) -> Self {
        self.settle = time;
        self
    }

    /// For how long a probe whose process is gone still holds its place: 100 ms to 1 h, by default 1 s. It is renewed every
    /// third of that while the probe runs. It is never more than twice the recovery timeout.
    #[must_use]
    pub const fn lease(mut self, time: Duration) -> Self {
        self.lease = time;
        self
    }

    /// How often a circuit that is in use is read, to make up for notices that were lost and to see what was changed by hand:
    /// 10 ms to 1 h, by default 1 s; by chance a fifth more or less.
    #[must_use]
    pub const fn poll_interval(mut self, time: Duration) -> Self {
        self.poll_interval = time;
        self
    }

    /// After how long without an answer Redis counts as away: 1 ms to 1 min, by default 100 ms.
    #[must_use]
    pub const fn response_timeout(mut self, time: Duration) -> Self {
        self.response_timeout = time;
        self
    }

    /// How long a request that could be a probe waits for its permit: 0 to 1 min, by default 50 ms. No other request waits for
    /// anything.
    #[must_use]
    pub const fn probe_wait(mut self, time: Duration) -> Self {
        self.probe_wait = time;
        self
    }

    /// How long Redis keeps a circuit of which nobody says anything: more than twice its recovery timeout, by default 24 h. A
    /// circuit that is forced is kept for ever.
    #[must_use]
    pub const fn time_to_live(mut self, time: Duration) -> Self {
        self.time_to_live = time;
        self
    }

    /// Checks what can be checked before a circuit's configuration is known.
    ///
    /// # Errors
    ///
    /// A [`ConfigError`] for the first field that is out of its range.
    pub fn check(&self) -> Result<(), ConfigError> {
        let quorum = match self.counting {
            Counting::Quorum(quorum) => quorum,
            Counting::Fleet | Counting::Local => 1,
        };
        let times = [
            ("settle_seconds", self.settle, 0, 10_000),
            ("lease_seconds", self.lease, 100, HOUR),
            ("poll_interval_seconds", self.poll_interval, 10, HOUR),
            ("response_timeout_seconds", self.response_timeout, 1, 60_000),
            ("probe_wait_seconds", self.probe_wait, 0, 60_000),
            ("time_to_live_seconds", self.time_to_live, 1_000, MOST_TTL_MS),
        ];
        let wrong = times
            .into_iter()
            .find_map(|(field, time, least, most)| {
                ConfigError::check(field, ceil_millis(time), least, most, Unit::Seconds)
            })
            .or_else(|| ConfigError::check("quorum", quorum.into(), 1, 1_000, Unit::Count));
        // A holder that renews every third of a lease must have had its answer before the lease is over.
        let lease = ceil_millis(self.lease);
        let timeout = wrong.or_else(|| {
            ConfigError::check(
                "response_timeout_seconds",
                ceil_millis(self.response_timeout),
                1,
                lease * 2 / 3 - 1,
                Unit::Seconds,
            )
        });
        timeout.map_or(Ok(()), Err)
    }

    /// Checks what depends on the recovery timeout, in milliseconds.
    pub(super) fn check_for(&self, recovery_ms: u32) -> Result<(), ConfigError> {
        self.check()?;
        let time_to_live = ceil_millis(self.time_to_live);
        let least = 2 * u64::from(recovery_ms) + 1;
        ConfigError::check("time_to_live_seconds", time_to_live, least, MOST_TTL_MS, Unit::Seconds).map_or(Ok(()), Err)
    }
}

impl Default for FleetOptions {
    fn default() -> Self {
        Self::new()
    }
}
