//! What happens: how many call how often, and from which call on the service is sick.

use std::ops::Range;
use std::time::Duration;

/// A service with its callers. Phases begin with a call, not with a time, so that both runs have them at the same call however
/// late the machine is.
#[derive(Clone, Copy, Debug)]
pub struct Scenario {
    /// Between two calls: the next one comes whether the last one was answered or not.
    pub pause: Duration,
    /// Calls in all.
    pub calls: usize,
    /// The call with which the sickness begins, and the one with which it ends.
    pub sick: (usize, usize),
    /// A caller goes away after so long.
    pub timeout: Duration,
    /// What the service has.
    pub service: Capacity,
}

/// What a service has.
#[derive(Clone, Copy, Debug)]
pub struct Capacity {
    /// Requests that it works on at the same time.
    pub places: usize,
    /// Those that are left while it is sick.
    pub places_left: usize,
    /// How long it works on one.
    pub work: Duration,
    /// Requests that may wait for a place; more are turned away by 503.
    pub queue: usize,
}

impl Scenario {
    /// 20 s at 350 calls a second, where the service could do 500, and 50 from second 5 to second 10.
    pub const FULL: Self = Self {
        pause: Duration::from_micros(2_857),
        calls: 7_000,
        sick: (1_750, 3_500),
        timeout: Duration::from_millis(200),
        service: Capacity { places: 10, places_left: 1, work: Duration::from_millis(20), queue: 1_000 },
    };

    /// The same, shorter: 3 s, of which one is bad.
    pub const SHORT: Self = Self { calls: 1_050, sick: (350, 700), ..Self::FULL };

    /// Whether the service is sick at this call.
    #[must_use]
    pub fn is_sick(&self, call: usize) -> bool {
        self.sick().contains(&call)
    }

    /// The calls while it is sick.
    #[must_use]
    pub fn sick(&self) -> Range<usize> {
        self.sick.0..self.sick.1
    }
}
