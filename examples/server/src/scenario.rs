//! What happens and when: the phases of the service's illness, and how the caller and its breaker are set up.

use std::time::Duration;

use halfopen::Config;

/// How the service is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Health {
    /// It answers 200, or 404 to a page it does not have.
    Healthy,
    /// It answers 503 at once.
    Failing,
    /// It accepts requests and never answers.
    Hanging,
}

impl Health {
    /// Whether the breaker should protect its caller from it.
    #[must_use]
    pub const fn is_sick(self) -> bool {
        matches!(self, Self::Failing | Self::Hanging)
    }
}

/// A part of the script.
#[derive(Clone, Copy, Debug)]
pub struct Phase {
    /// How the service is.
    pub health: Health,
    /// The least time that it takes. A request that was made in it is waited for.
    pub lasts: Duration,
    /// The fewest requests that the caller makes in it, so that a stalled machine skips nothing that matters.
    pub at_least: u32,
}

impl Phase {
    const fn new(health: Health, ms: u64, at_least: u32) -> Self {
        Self { health, lasts: Duration::from_millis(ms), at_least }
    }

    /// Whether the script goes on.
    #[must_use]
    pub fn is_over(&self, elapsed: Duration, requests: u32) -> bool {
        elapsed >= self.lasts && requests >= self.at_least
    }
}

/// The whole script.
#[derive(Clone, Copy, Debug)]
pub struct Scenario {
    /// Healthy, failing, hanging, healthy again.
    pub phases: [Phase; 4],
    /// From the start of one request to that of the next, if it has ended by then.
    pub pace: Duration,
    /// How long the client waits for an answer.
    pub client_timeout: Duration,
    /// Consecutive failures that open the circuit.
    pub failure_threshold: u32,
    /// How long the circuit stays open.
    pub recovery_timeout: Duration,
    /// Successful probes that close the circuit.
    pub success_threshold: u32,
    /// How long the last phase may go on for a circuit that is not closed yet.
    pub patience: Duration,
}

impl Scenario {
    /// About 7 s.
    #[must_use]
    pub const fn full() -> Self {
        Self {
            phases: [
                Phase::new(Health::Healthy, 800, 13),
                Phase::new(Health::Failing, 1_500, 20),
                Phase::new(Health::Hanging, 3_000, 3),
                Phase::new(Health::Healthy, 1_300, 3),
            ],
            pace: Duration::from_millis(50),
            client_timeout: Duration::from_millis(400),
            failure_threshold: 5,
            recovery_timeout: Duration::from_millis(1_000),
            success_threshold: 2,
            patience: Duration::from_secs(10),
        }
    }

    /// The same in less than 2 s, for tests.
    #[must_use]
    pub const fn fast() -> Self {
        Self {
            phases: [
                Phase::new(Health::Healthy, 250, 13),
                Phase::new(Health::Failing, 400, 20),
                Phase::new(Health::Hanging, 600, 3),
                Phase::new(Health::Healthy, 450, 3),
            ],
            pace: Duration::from_millis(15),
            client_timeout: Duration::from_millis(120),
            recovery_timeout: Duration::from_millis(250),
            ..Self::full()
        }
    }

    /// How the breaker is configured.
    #[must_use]
    pub const fn breaker(&self) -> Config {
        Config::new()
            .failure_threshold(self.failure_threshold)
            .recovery_timeout(self.recovery_timeout)
            .success_threshold(self.success_threshold)
    }

    /// What request number `number` asks for. Six in a row ask for a page that is not there, one more than the failures
    /// that would open the circuit.
    #[must_use]
    pub const fn path(&self, number: u32) -> &'static str {
        match number {
            5..11 => "/no-such-page",
            _ => "/",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phase_needs_its_time_and_its_requests() {
        let phase = Phase::new(Health::Failing, 100, 3);
        assert!(!phase.is_over(Duration::from_millis(99), 3));
        assert!(!phase.is_over(Duration::from_millis(100), 2));
        assert!(phase.is_over(Duration::from_millis(100), 3));
    }

    #[test]
    fn both_scripts_can_keep_what_the_demo_promises() {
        for scenario in [Scenario::full(), Scenario::fast()] {
            assert!(scenario.breaker().validate().is_ok());
            let [healthy, failing, hanging, recovered] = scenario.phases;
            assert!(!healthy.health.is_sick() && failing.health.is_sick());
            assert!(hanging.health.is_sick() && !recovered.health.is_sick());
            let missing = (0..healthy.at_least).filter(|&number| scenario.path(number) != "/").count();
            assert!(missing > scenario.failure_threshold as usize, "a 404 must be seen not to open the circuit");
            assert!(failing.at_least > scenario.failure_threshold, "the circuit must open, then refuse");
        }
    }
}
