//! The configuration of a vector, small enough for a table of hundreds in flash.

use core::time::Duration;

use halfopen::{Config, StatePersistence};

use crate::by::By;
use crate::setting::Setting;
use crate::subject::Capability;

/// The rule, and the fields that a vector gives. One that is `None` is left to the library's default, which is so put to the test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Setup<'a> {
    /// The rule of the breaker.
    pub by: By,
    /// `failure_threshold`.
    pub failure_threshold: Option<u32>,
    /// `recovery_timeout_seconds`.
    pub recovery_timeout: Option<Duration>,
    /// `success_threshold`.
    pub success_threshold: Option<u32>,
    /// `half_open_max_calls`.
    pub half_open_max_calls: Option<u32>,
    /// `probe_timeout_seconds`.
    pub probe_timeout: Option<Duration>,
    /// `state_persistence` is `"redis"`.
    pub shared: bool,
    /// `redis_key_prefix`.
    pub key_prefix: Option<&'a str>,
    /// The fields that only some rules know.
    pub more: &'a [Setting],
}

impl Setup<'_> {
    /// Nothing given.
    pub const DEFAULT: Self = Self {
        by: By::Consecutive,
        failure_threshold: None,
        recovery_timeout: None,
        success_threshold: None,
        half_open_max_calls: None,
        probe_timeout: None,
        shared: false,
        key_prefix: None,
        more: &[],
    };

    /// What a shell must be able to do for this.
    #[must_use]
    pub const fn needs(&self) -> Option<Capability> {
        match self.by {
            By::Consecutive => None,
            _ => Some(Capability::Rules),
        }
    }

    /// The configuration, which may be invalid.
    #[must_use]
    pub const fn config(&self) -> Config {
        let mut config = Config::new();
        if let Some(failures) = self.failure_threshold {
            config = config.failure_threshold(failures);
        }
        if let Some(timeout) = self.recovery_timeout {
            config = config.recovery_timeout(timeout);
        }
        if let Some(successes) = self.success_threshold {
            config = config.success_threshold(successes);
        }
        if let Some(calls) = self.half_open_max_calls {
            config = config.half_open_max_calls(calls);
        }
        if let Some(lease) = self.probe_timeout {
            config = config.probe_timeout(lease);
        }
        if self.shared {
            config = config.state_persistence(StatePersistence::Redis);
        }
        if let Some(prefix) = self.key_prefix {
            config = config.redis_key_prefix(prefix);
        }
        let mut i = 0;
        while i < self.more.len() {
            config = self.more[i].put(config);
            i += 1;
        }
        config
    }
}
