//! What became of the calls, in figures.

use std::time::Duration;

use crate::callers::{Call, End, Run};
use crate::scenario::Scenario;

/// Parts of a run, by its calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// While the service is sick.
    Sick,
    /// From its recovery on.
    After,
    /// The whole run.
    All,
}

/// The figures of a phase.
#[derive(Clone, Copy, Debug)]
pub struct Summary {
    /// Calls.
    pub calls: usize,
    /// Those of them that became requests.
    pub sent: usize,
    /// Those of them that were answered.
    pub answered: usize,
    /// Answers a second.
    pub goodput: f64,
    /// How long half of the callers waited at most.
    pub p50: Duration,
    /// How long 99 of 100 callers waited at most.
    pub p99: Duration,
}

impl Summary {
    /// Of a phase of a run.
    #[must_use]
    pub fn of(run: &Run, scenario: &Scenario, phase: Phase) -> Self {
        let calls = match phase {
            Phase::Sick => &run.calls[scenario.sick()],
            Phase::After => &run.calls[scenario.sick.1..],
            Phase::All => &run.calls[..],
        };
        let count = |end| calls.iter().filter(|call| call.end == end).count();
        let answered = count(End::Answered);
        let mut times: Vec<_> = calls.iter().map(|call| call.took).collect();
        times.sort_unstable();
        let seconds = match calls {
            [first, .., last] => (last.at - first.at).as_secs_f64(),
            _ => f64::INFINITY,
        };
        Self {
            calls: calls.len(),
            sent: calls.len() - count(End::Refused),
            answered,
            goodput: answered as f64 / seconds,
            p50: percentile(&times, 50),
            p99: percentile(&times, 99),
        }
    }
}

/// The nearest rank.
fn percentile(sorted: &[Duration], percent: usize) -> Duration {
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).copied().unwrap_or_default()
}

/// How long after the end of the sickness the callers had a whole second in which 95 of 100 were answered; `None`: never.
#[must_use]
pub(crate) fn recovery(run: &Run, scenario: &Scenario) -> Option<Duration> {
    let after = &run.calls[scenario.sick.1..];
    let second = (1.0 / scenario.pause.as_secs_f64()) as usize;
    let answered = |calls: &[Call]| calls.iter().filter(|call| call.end == End::Answered).count();
    let good = after.windows(second).find(|calls| answered(calls) * 100 >= calls.len() * 95)?;
    Some(good[0].at - after[0].at)
}

/// A quarter of a second in a run, by when its calls should have been made: so both runs have the same one at the same place.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// Its middle, in seconds since the first call.
    pub at: f64,
    /// Requests that were sent, a second.
    pub sent: f64,
    /// Its calls that were answered, a second.
    pub answered: f64,
    /// How long 99 of 100 of its callers waited at most, in milliseconds.
    pub p99: f64,
}

/// A run by quarters of a second.
#[must_use]
pub fn moments(run: &Run, scenario: &Scenario) -> Vec<Moment> {
    let pause = scenario.pause.as_secs_f64();
    let many = (0.25 / pause) as usize;
    let moment = |(at, calls): (usize, &[Call])| {
        let mut times: Vec<_> = calls.iter().map(|call| call.took).collect();
        times.sort_unstable();
        let a_second = |ends: &[End]| {
            let count = calls.iter().filter(|call| ends.contains(&call.end)).count();
            count as f64 / (calls.len() as f64 * pause)
        };
        Moment {
            at: (at as f64 + 0.5) * many as f64 * pause,
            sent: a_second(&[End::Answered, End::Failed]),
            answered: a_second(&[End::Answered]),
            p99: percentile(&times, 99).as_secs_f64() * 1_000.0,
        }
    };
    run.calls.chunks(many).enumerate().map(moment).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_the_nearest_rank() {
        let times: Vec<_> = (1..=200).map(Duration::from_millis).collect();
        assert_eq!(percentile(&times, 50), Duration::from_millis(100));
        assert_eq!(percentile(&times, 99), Duration::from_millis(198));
        assert_eq!(percentile(&times[..1], 99), Duration::from_millis(1));
        assert_eq!(percentile(&[], 99), Duration::ZERO);
    }
}
