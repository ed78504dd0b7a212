//! Checked configurations, as small as the state machine can work with.
//!
//! ```
//! use halfopen::Config;
//!
//! let policy = Config::new().failure_threshold(3).validate()?;
//! assert_eq!(policy.failure_threshold(), 3);
//! assert_eq!(size_of_val(&policy), 12);
//! # Ok::<(), halfopen::ConfigError>(())
//! ```

use core::time::Duration;

use super::CircuitBreakerConfiguration;
use crate::time::millis;

/// A checked configuration, as small as the state machine can work with: 12 bytes. The way to read back what a breaker was
/// given: [`CircuitBreaker::policy`](crate::CircuitBreaker::policy).
///
/// Made by [`CircuitBreakerConfiguration::validate`] alone, so that it is right wherever it appears.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Policy {
    pub(super) recovery_timeout: u32,
    pub(super) probe_timeout: u32,
    /// What the trip rule asks for at least: failures in a row, or calls in a window.
    pub(super) least: u16,
    pub(super) success_threshold: u8,
    pub(super) half_open_max_calls: u8,
}

impl Policy {
    /// Consecutive failures that open the circuit. Of a window: the calls with fewer of which no rate says anything.
    #[must_use]
    pub const fn failure_threshold(&self) -> u16 {
        self.least
    }

    /// Successful probes that close the circuit.
    #[must_use]
    pub const fn success_threshold(&self) -> u8 {
        self.success_threshold
    }

    /// Probes that may be in flight at once.
    #[must_use]
    pub const fn half_open_max_calls(&self) -> u8 {
        self.half_open_max_calls
    }

    /// How long the circuit stays OPEN.
    #[must_use]
    pub const fn recovery_timeout(&self) -> Duration {
        millis(self.recovery_timeout)
    }

    /// How long a probe holds its place.
    #[must_use]
    pub const fn probe_timeout(&self) -> Duration {
        millis(self.probe_timeout)
    }

    /// How long the circuit stays OPEN, in milliseconds.
    #[must_use]
    pub const fn recovery_timeout_ms(&self) -> u32 {
        self.recovery_timeout
    }

    /// How long a probe holds its place, in milliseconds.
    #[must_use]
    pub const fn probe_timeout_ms(&self) -> u32 {
        self.probe_timeout
    }

    /// The configuration that gives this policy, in memory.
    #[must_use]
    pub const fn to_config(&self) -> CircuitBreakerConfiguration {
        CircuitBreakerConfiguration::new()
            .failure_threshold(self.least as u32)
            .recovery_timeout(self.recovery_timeout())
            .success_threshold(self.success_threshold as u32)
            .half_open_max_calls(self.half_open_max_calls as u32)
            .probe_timeout(self.probe_timeout())
    }
}

/// The checked configuration of a rule for which a slow call is a failure: 16 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct SlowPolicy {
    pub(super) base: Policy,
    pub(super) slow_call_ms: u32,
}

impl SlowPolicy {
    /// What it has in common with every rule.
    #[must_use]
    pub const fn base(&self) -> &Policy {
        &self.base
    }

    /// A call that takes longer counts as a failure, in milliseconds.
    #[must_use]
    pub const fn slow_call_ms(&self) -> u32 {
        self.slow_call_ms
    }
}

/// The checked configuration of a window over calls: 20 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct WindowPolicy {
    pub(super) base: Policy,
    /// 0: calls are not timed.
    pub(super) slow_call_ms: u32,
    pub(super) failure_rate: u8,
    pub(super) slow_call_rate: u8,
    pub(super) size: u16,
}

impl WindowPolicy {
    /// What it has in common with every rule. Its failure threshold is the minimum of calls.
    #[must_use]
    pub(crate) const fn base(&self) -> &Policy {
        &self.base
    }

    /// Calls that the window must hold before a rate says anything.
    #[must_use]
    pub const fn minimum_calls(&self) -> u16 {
        self.base.least
    }

    /// The share of failures that opens the circuit, in percent.
    #[must_use]
    pub const fn failure_rate_threshold(&self) -> u8 {
        self.failure_rate
    }

    /// The share of slow calls that opens the circuit, in percent, where calls are timed.
    #[must_use]
    pub const fn slow_call_rate_threshold(&self) -> u8 {
        self.slow_call_rate
    }

    /// A call that takes longer is slow, in milliseconds; `None` where calls are not timed.
    #[must_use]
    pub const fn slow_call_ms(&self) -> Option<u32> {
        if self.slow_call_ms == 0 { None } else { Some(self.slow_call_ms) }
    }

    /// How many calls the window holds; 0 for a window over time.
    #[must_use]
    pub const fn size(&self) -> u16 {
        self.size
    }
}

/// The checked configuration of a window over time: 24 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct TimeWindowPolicy {
    pub(super) window: WindowPolicy,
    pub(super) bucket_ms: u32,
}

impl TimeWindowPolicy {
    /// Its rates.
    #[must_use]
    pub const fn window(&self) -> &WindowPolicy {
        &self.window
    }

    /// How long a bucket takes calls in, in milliseconds. The window is as many of them as the rule has buckets.
    #[must_use]
    pub const fn bucket_ms(&self) -> u32 {
        self.bucket_ms
    }
}

/// How a circuit comes back, beyond the fixed time: 16 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Recovery {
    pub(crate) longest_ms: u32,
    /// 0: no ramp.
    pub(crate) ramp_ms: u32,
    /// In percent: each opening after a failed probe lasts that much of the one before.
    pub(crate) multiplier: u16,
    pub(crate) jitter: u8,
    /// 0: one failed probe opens the circuit again.
    pub(crate) trials: u8,
    pub(crate) ramp_from: u8,
}

impl Recovery {
    /// The longest time OPEN, in milliseconds.
    #[must_use]
    pub const fn max_recovery_timeout_ms(&self) -> u32 {
        self.longest_ms
    }

    /// What each opening lasts of the one before, in percent.
    #[must_use]
    pub const fn multiplier_percent(&self) -> u16 {
        self.multiplier
    }

    /// By how much an opening may be shorter, in percent.
    #[must_use]
    pub const fn jitter_percent(&self) -> u8 {
        self.jitter
    }

    /// Of how many probes the success threshold is asked; `None` where the first failure opens again.
    #[must_use]
    pub const fn half_open_trials(&self) -> Option<u8> {
        if self.trials == 0 { None } else { Some(self.trials) }
    }

    /// How long the admitted share grows after a closing, in milliseconds; `None` where all is let through at once.
    #[must_use]
    pub const fn ramp_up_ms(&self) -> Option<u32> {
        if self.ramp_ms == 0 { None } else { Some(self.ramp_ms) }
    }

    /// The share that is admitted right after a closing, in percent.
    #[must_use]
    pub const fn ramp_up_from_percent(&self) -> u8 {
        self.ramp_from
    }
}

/// A rule's checked configuration and that of the way back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct AdaptivePolicy<P> {
    pub(crate) rule: P,
    pub(crate) recovery: Recovery,
}

impl<P> AdaptivePolicy<P> {
    /// That of the rule.
    #[must_use]
    pub const fn rule(&self) -> &P {
        &self.rule
    }

    /// That of the way back.
    #[must_use]
    pub const fn recovery(&self) -> &Recovery {
        &self.recovery
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_way_back_says_what_was_asked_for() {
        let config = CircuitBreakerConfiguration::new()
            .max_recovery_timeout(Duration::from_secs(90))
            .recovery_multiplier_percent(150)
            .recovery_jitter_percent(20)
            .success_threshold(3)
            .half_open_trials(5)
            .ramp_up(Duration::from_secs(7))
            .ramp_up_from_percent(25);
        let told = |recovery: Recovery| {
            let grows = (recovery.max_recovery_timeout_ms(), recovery.multiplier_percent(), recovery.jitter_percent());
            (grows, recovery.half_open_trials(), (recovery.ramp_up_ms(), recovery.ramp_up_from_percent()))
        };
        assert_eq!(told(config.recovery().unwrap()), ((90_000, 150, 20), Some(5), (Some(7_000), 25)));
        let plain = CircuitBreakerConfiguration::new().recovery().unwrap();
        assert_eq!(told(plain), ((3_600_000, 100, 0), None, (None, 10)));
    }
}
