//! The configuration of a naive breaker: what the rules know of it, in plain numbers.

use core::time::Duration;

use halfopen::Config;
use halfopen::machine::Policy;
use halfopen::rules::{Checked, Rule};

use super::rule::{Back, Rates, Trip};

/// What a configuration says.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    /// Consecutive failures that open the circuit.
    pub failure_threshold: u32,
    /// How long it stays OPEN.
    pub recovery_ms: u64,
    /// Successful probes that close it.
    pub success_threshold: u32,
    /// Probes that may be in flight at once.
    pub max_calls: usize,
    /// How long a probe holds its place.
    pub lease_ms: u64,
    /// When it opens.
    pub trip: Trip,
    /// How it comes back.
    pub back: Option<Back>,
}

impl Rules {
    /// The same, as the library has it for the consecutive rule.
    ///
    /// # Panics
    ///
    /// If the library refuses it.
    #[must_use]
    pub fn policy(&self) -> Policy {
        self.config().validate().expect("a policy")
    }

    /// The same, as the library has it for the rule `R`.
    pub(crate) fn checked<R: Rule>(&self) -> Checked<R> {
        Checked::try_from_config(&self.config()).expect("a configuration for this rule")
    }

    fn config(&self) -> Config {
        let mut config = Config::new()
            .failure_threshold(self.failure_threshold)
            .recovery_timeout(Duration::from_millis(self.recovery_ms))
            .success_threshold(self.success_threshold)
            .half_open_max_calls(self.max_calls as u32)
            .probe_timeout(Duration::from_millis(self.lease_ms));
        match self.trip {
            Trip::InARow => {}
            Trip::InARowSlow(ms) => config = config.slow_call_duration(Duration::from_millis(ms)),
            Trip::Calls(size, rates) => config = with_rates(config.sliding_window_size(size as u32), rates),
            Trip::Time(buckets, bucket_ms, rates) => {
                config = with_rates(config.sliding_window(Duration::from_millis(bucket_ms * buckets as u64)), rates);
            }
        }
        if let Some(back) = self.back {
            config = config
                .max_recovery_timeout(Duration::from_millis(back.longest_ms))
                .recovery_multiplier_percent(back.multiplier as u32)
                .recovery_jitter_percent(back.jitter as u32);
            if let Some(trials) = back.trials {
                config = config.half_open_trials(trials);
            }
            if back.ramp_ms > 0 {
                config =
                    config.ramp_up(Duration::from_millis(back.ramp_ms)).ramp_up_from_percent(back.ramp_from as u32);
            }
        }
        config
    }

    /// How long an opening lasts.
    pub(crate) fn open_ms(&self, reopenings: u32, chance: u32) -> u64 {
        self.back.map_or(self.recovery_ms, |back| back.open_ms(self.recovery_ms, reopenings, chance))
    }
}

fn with_rates(config: Config, rates: Rates) -> Config {
    let config = config.minimum_calls(rates.minimum as u32).failure_rate_threshold(rates.failures as u32);
    match rates.slow {
        Some((ms, percent)) => {
            config.slow_call_duration(Duration::from_millis(ms)).slow_call_rate_threshold(percent as u32)
        }
        None => config,
    }
}
