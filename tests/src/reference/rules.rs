//! The configuration of a naive breaker: what the rules know of it, in plain numbers.

use core::time::Duration;

use halfopen::Config;
use halfopen::machine::Policy;

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
}

impl Rules {
    /// The same, as the library has it.
    ///
    /// # Panics
    ///
    /// If the library refuses it.
    #[must_use]
    pub fn policy(&self) -> Policy {
        let config = Config::new()
            .failure_threshold(self.failure_threshold)
            .recovery_timeout(Duration::from_millis(self.recovery_ms))
            .success_threshold(self.success_threshold)
            .half_open_max_calls(self.max_calls as u32)
            .probe_timeout(Duration::from_millis(self.lease_ms));
        config.validate().expect("a policy")
    }
}
