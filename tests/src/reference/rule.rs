//! What a naive breaker knows of its rule: when it opens, and how it comes back, in plain numbers and lists.

use std::collections::VecDeque;
use std::vec::Vec;

use halfopen::Reason;

use super::naive::{LONGEST_MS, passed};

/// When a CLOSED circuit opens.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Trip {
    /// At the n-th failure in a row.
    #[default]
    InARow,
    /// The same, and a call that takes longer is a failure.
    InARowSlow(u64),
    /// By the share among so many calls.
    Calls(usize, Rates),
    /// By the share in so many buckets of so many milliseconds.
    Time(usize, u64, Rates),
}

/// The rates of a window.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rates {
    /// Calls that it must hold.
    pub minimum: usize,
    /// The share of failures, in percent.
    pub failures: usize,
    /// From how many milliseconds a call is slow, and the share of those in percent.
    pub slow: Option<(u64, usize)>,
}

/// How a circuit comes back, where that is not after a fixed time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Back {
    /// The longest time OPEN.
    pub longest_ms: u64,
    /// What an opening lasts of the one before, in percent.
    pub multiplier: u64,
    /// By how much an opening may be shorter, in percent.
    pub jitter: u64,
    /// Of how many probes some must succeed.
    pub trials: Option<u32>,
    /// How long after a closing not everything is let through; 0: no time.
    pub ramp_ms: u64,
    /// The share with which that begins, in percent.
    pub ramp_from: u64,
}

impl Trip {
    pub(crate) fn is_window(self) -> bool {
        matches!(self, Self::Calls(..) | Self::Time(..))
    }

    fn rates(self) -> Option<Rates> {
        match self {
            Self::InARow | Self::InARowSlow(_) => None,
            Self::Calls(_, rates) | Self::Time(_, _, rates) => Some(rates),
        }
    }

    /// How far a window over time reaches back.
    pub(crate) fn reach_ms(self) -> u64 {
        match self {
            Self::Time(buckets, bucket_ms, _) => buckets as u64 * bucket_ms,
            Self::InARow | Self::InARowSlow(_) | Self::Calls(..) => 0,
        }
    }

    /// Whether a call that took so long is slow.
    pub(crate) fn is_slow(self, took: Option<u64>) -> bool {
        let limit = match self {
            Self::InARowSlow(limit) => Some(limit),
            _ => self.rates().and_then(|rates| rates.slow).map(|(limit, _)| limit),
        };
        matches!((took, limit), (Some(took), Some(limit)) if took > limit)
    }
}

/// A time OPEN that somebody wished for, or that a snapshot brings: from 2^25 ms on it is kept in steps.
pub(crate) fn in_steps(ms: u64) -> u64 {
    match ms.div_ceil(64) * 64 {
        _ if ms < 1 << 25 => ms,
        up if up < (1 << 31) - 64 => up,
        _ => LONGEST_MS as u64,
    }
}

impl Back {
    /// How long the opening lasts that follows so many reopenings.
    pub(crate) fn open_ms(&self, base: u64, reopenings: u32, chance: u32) -> u64 {
        let mut ms = base;
        for _ in 0..reopenings {
            ms = (ms * self.multiplier).div_ceil(100).min(self.longest_ms);
        }
        let shorter = (u128::from(ms * self.jitter / 100) * u128::from(chance >> 17)) >> 15;
        (ms - shorter as u64).max(1)
    }

    /// How much longer a request with this random number is kept back, so long after the closing.
    pub(crate) fn kept_back(&self, passed: u64, chance: u32) -> u64 {
        let admits = |passed: u64| {
            let all = 1u64 << 32;
            let from = all * self.ramp_from / 100;
            passed >= self.ramp_ms || u64::from(chance) < from + (all - from) * passed / self.ramp_ms
        };
        // The share only grows: the first moment at which it is enough, by halves.
        let (mut before, mut enough) = (passed, passed.max(self.ramp_ms));
        while before < enough {
            let middle = before + (enough - before) / 2;
            (before, enough) = if admits(middle) { (before, middle) } else { (middle + 1, enough) };
        }
        enough - passed
    }
}

/// What a window holds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Held {
    /// Calls.
    pub calls: usize,
    /// Those that failed.
    pub failures: usize,
    /// Those that were slow.
    pub slow_calls: usize,
    /// Over how many calls or milliseconds it reaches.
    pub window: u64,
}

/// A call in a window.
#[derive(Clone, Copy, Debug)]
struct Call {
    failed: bool,
    slow: bool,
}

#[derive(Clone, Debug)]
struct Bucket {
    start: i128,
    calls: Vec<Call>,
}

/// Failed and slow, of each call; then of each bucket its age and how many calls are neither, failed, slow or both.
pub(crate) type Looks = (Vec<(bool, bool)>, Vec<(i128, [usize; 4])>);

/// The calls that a rule remembers.
#[derive(Clone, Debug, Default)]
pub(crate) struct Memory {
    calls: VecDeque<Call>,
    /// How many calls have come, those that are forgotten included.
    came: usize,
    buckets: VecDeque<Bucket>,
}

impl Memory {
    /// How many calls have come to a window of `size` that is full, as far as a ring shows it.
    pub(crate) fn turn(&self) -> usize {
        let size = self.calls.len().max(1);
        if self.came > size { 1 + self.came % size } else { 0 }
    }

    /// What it looks like at `now`: the calls one by one, and those of each bucket by its age, at most `far`.
    pub(crate) fn looks(&self, now: u64, far: i128) -> Looks {
        let kind = |call: &Call| (call.failed, call.slow);
        let buckets = self.buckets.iter().map(|bucket| {
            let mut calls = [0; 4];
            bucket.calls.iter().for_each(|call| calls[usize::from(call.failed) + 2 * usize::from(call.slow)] += 1);
            ((i128::from(now) - bucket.start).clamp(-far, far), calls)
        });
        (self.calls.iter().map(kind).collect(), buckets.collect())
    }

    /// Remembers a call, and says why the circuit opens if it does.
    pub(crate) fn record(&mut self, trip: Trip, now: u64, failed: bool, slow: bool) -> Option<Reason> {
        let call = Call { failed, slow };
        match trip {
            Trip::InARow | Trip::InARowSlow(_) => {}
            Trip::Calls(size, _) => {
                self.came += 1;
                self.calls.push_back(call);
                if self.calls.len() > size {
                    self.calls.pop_front();
                }
            }
            Trip::Time(buckets, bucket_ms, _) => self.bucket(buckets, bucket_ms, now).calls.push(call),
        }
        let rates = trip.rates()?;
        let Held { calls, failures, slow_calls, .. } = self.counts(trip, now);
        if calls < rates.minimum {
            return None;
        }
        let reaches = |part: usize, percent: usize| part * 100 >= calls * percent;
        match rates.slow {
            _ if reaches(failures, rates.failures) => Some(Reason::FailureRate),
            Some((_, percent)) if reaches(slow_calls, percent) => Some(Reason::SlowCallRate),
            _ => None,
        }
    }

    /// The bucket for a call at this time.
    fn bucket(&mut self, buckets: usize, bucket_ms: u64, now: u64) -> &mut Bucket {
        let window = bucket_ms * buckets as u64;
        if let Some(last) = self.buckets.back_mut() {
            match passed(last.start, now) {
                Some(ms) if ms < bucket_ms => {}
                // Even the latest is forgotten, and so are all.
                Some(ms) if ms >= window => self.buckets.clear(),
                Some(_) => {
                    self.buckets.push_back(Bucket { start: now.into(), calls: Vec::new() });
                    while self.buckets.len() > buckets {
                        self.buckets.pop_front();
                    }
                }
                // The clock went back: no time has passed, unless it went so far that the window begins anew.
                None if (last.start - i128::from(now)).rem_euclid(1 << 32) <= window.into() => last.start = now.into(),
                None => self.buckets.clear(),
            }
        }
        if self.buckets.is_empty() {
            self.buckets.push_back(Bucket { start: now.into(), calls: Vec::new() });
        }
        self.buckets.back_mut().expect("a bucket")
    }

    pub(crate) fn counts(&self, trip: Trip, now: u64) -> Held {
        let mut calls: Vec<Call> = self.calls.iter().copied().collect();
        if let (Trip::Time(buckets, bucket_ms, _), Some(last)) = (trip, self.buckets.back()) {
            let window = bucket_ms * buckets as u64;
            let ahead = |start: i128, now: i128| (start - now).rem_euclid(1 << 32) <= window.into();
            let at = |start: i128, now: i128| passed(start, now as u64);
            // A clock that went back stands still.
            let back = at(last.start, now.into()).is_none() && ahead(last.start, now.into());
            let now = if back { last.start } else { now.into() };
            for bucket in &self.buckets {
                let within = at(bucket.start, now).map_or(ahead(bucket.start, now), |ms| ms < window);
                calls.extend(bucket.calls.iter().filter(|_| within));
            }
        }
        let count = |is: fn(&Call) -> bool| calls.iter().filter(|call| is(call)).count();
        let window = match trip {
            Trip::InARow | Trip::InARowSlow(_) => 0,
            Trip::Calls(size, _) => size as u64,
            Trip::Time(..) => trip.reach_ms(),
        };
        Held { calls: calls.len(), failures: count(|call| call.failed), slow_calls: count(|call| call.slow), window }
    }
}
