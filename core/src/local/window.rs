//! What a rule remembers beside its state, in words that the owner of the breaker lends it.
//!
//! It holds what the windows of [`rules`](crate::rules) hold after the same calls, which tests compare; with one owner that
//! takes a third of the code.
//!
//! ```
//! use halfopen::local::{LocalBreaker, LocalRule};
//! use halfopen::{Config, Timestamp};
//!
//! let policy = LocalRule::CountWindow(64).check(&Config::new().sliding_window_size(20), false)?;
//! assert_eq!(policy.words(), 2);
//! let mut words = [0; 2];
//! let breaker = LocalBreaker::new(policy, &mut words);
//! assert_eq!(breaker.failure_count(Timestamp::ZERO), 0);
//! # Ok::<(), halfopen::ConfigError>(())
//! ```

use crate::rule::Counts;
use crate::time::elapsed;

/// Calls in a word, of two bits each: failed, slow.
const CALLS: usize = 16;
pub(crate) const BUCKETS: usize = 10;
/// Words of a bucket: when it began, calls, failures, slow calls.
const BUCKET: usize = 4;
pub(super) const TIME_WORDS: usize = BUCKETS * BUCKET;
/// Where a count of a bucket stays.
const MOST: u32 = (1 << 24) - 1;

/// The words that a window over so many calls takes.
pub(super) const fn words_of(calls: u16) -> usize {
    (calls as usize).div_ceil(CALLS)
}

/// What the words hold. Empty when all of it is 0.
#[derive(Clone, Copy, Default)]
pub(super) struct Head {
    /// The place of the next call, or the current bucket.
    pub(super) at: usize,
    /// Places in use, or buckets.
    pub(super) used: usize,
    /// Over calls, those of them that failed. Over time, how many buckets more have to begin until all that failed or were slow
    /// are forgotten.
    pub(super) failures: u32,
    /// Over calls, those of them that were slow.
    pub(super) slow_calls: u32,
}

impl Head {
    /// There is nothing bad in it: it opens no circuit, for no rate is below 1 percent.
    pub(super) const fn is_good(&self) -> bool {
        self.failures == 0 && self.slow_calls == 0
    }

    /// Full of good calls: another one changes nothing.
    #[inline(always)]
    pub(super) const fn is_clean(&self, size: u16) -> bool {
        self.used == size as usize && self.is_good()
    }

    /// What a window over calls holds.
    pub(super) const fn counts(&self) -> Counts {
        Counts { calls: self.used as u32, failures: self.failures, slow_calls: self.slow_calls }
    }

    /// Takes a call into a window over `size` calls, in the place of the oldest one if it is full.
    pub(super) fn record_call(&mut self, words: &mut [u32], size: u16, failed: bool, slow: bool) {
        let (size, shift) = (size as usize, self.at % CALLS * 2);
        let Some(word) = words.get_mut(self.at / CALLS) else { return };
        let old = if self.used == size { *word >> shift & 3 } else { 0 };
        let new = u32::from(failed) | u32::from(slow) << 1;
        *word = *word & !(3 << shift) | new << shift;
        self.failures = self.failures + (new & 1) - (old & 1);
        self.slow_calls = self.slow_calls + (new >> 1) - (old >> 1);
        self.used = size.min(self.used + 1);
        self.at = if self.at + 1 == size { 0 } else { self.at + 1 };
    }

    /// Takes a call into a window over time.
    pub(super) fn record_at(&mut self, words: &mut [u32], bucket_ms: u32, now: u32, failed: bool, slow: bool) {
        let kept = match (self.used, since(start(words, self.at), now, reach(bucket_ms))) {
            // All that is before the current bucket is forgotten with it.
            (0, _) | (_, Since::FarBack) => 0,
            (_, Since::Passed(ms)) if ms >= reach(bucket_ms) => 0,
            (used, Since::Passed(ms)) if ms >= bucket_ms => used.min(BUCKETS - 1),
            (_, Since::Passed(_)) => BUCKETS,
            (_, Since::Back) => {
                // The bucket begins anew, with what is in it.
                if let Some(bucket) = bucket(words, self.at) {
                    bucket[0] = now;
                }
                BUCKETS
            }
        };
        if kept < BUCKETS {
            self.at = if self.at + 1 < BUCKETS { self.at + 1 } else { 0 };
            self.used = kept + 1;
            self.failures = if kept > 0 { self.failures.saturating_sub(1) } else { 0 };
        }
        if failed || slow {
            self.failures = BUCKETS as u32;
        }
        let Some(bucket) = bucket(words, self.at) else { return };
        if kept < BUCKETS {
            *bucket = [now, 0, 0, 0];
        }
        let [_, calls, failures, slow_calls] = bucket;
        let add = |count: &mut u32, one: bool| *count += u32::from(*count < MOST) & u32::from(one);
        add(calls, true);
        add(failures, failed);
        add(slow_calls, slow);
    }

    /// What a window over time holds at `now`.
    pub(super) fn counts_at(&self, words: &[u32], bucket_ms: u32, now: u32) -> Counts {
        let (mut counts, latest) = (Counts::default(), start(words, self.at));
        let now = if matches!(since(latest, now, reach(bucket_ms)), Since::Back) { latest } else { now };
        for back in 0..self.used {
            let at = if self.at >= back { self.at - back } else { self.at + BUCKETS - back };
            let Some(&[start, calls, failures, slow_calls]) = words.get(at * BUCKET..).and_then(<[u32]>::first_chunk)
            else {
                continue;
            };
            let within = match since(start, now, reach(bucket_ms)) {
                Since::Passed(ms) => ms < reach(bucket_ms),
                Since::Back => true,
                Since::FarBack => false,
            };
            if within {
                counts.calls += calls;
                counts.failures += failures;
                counts.slow_calls += slow_calls;
            }
        }
        counts
    }
}

fn bucket(words: &mut [u32], at: usize) -> Option<&mut [u32; BUCKET]> {
    words.get_mut(at * BUCKET..)?.first_chunk_mut()
}

fn start(words: &[u32], at: usize) -> u32 {
    words.get(at * BUCKET).copied().unwrap_or(0)
}

/// How far a window over time reaches back, in milliseconds.
pub(super) const fn reach(bucket_ms: u32) -> u32 {
    bucket_ms * BUCKETS as u32
}

/// Where a time lies that was once stored.
enum Since {
    /// So many milliseconds ago.
    Passed(u32),
    /// In the future, by no more than the window reaches: the clock went back, which counts as no time passed.
    Back,
    /// Further in the future than that, or longer ago than 2^31 ms: nothing of then is worth counting.
    FarBack,
}

fn since(start: u32, now: u32, window: u32) -> Since {
    match elapsed(start, now) {
        Some(ms) => Since::Passed(ms),
        None if start.wrapping_sub(now) <= window => Since::Back,
        None => Since::FarBack,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BUCKET_MS: u32 = 100;

    /// A window over time after calls at these times: failed, slow.
    fn after(calls: &[(u32, bool, bool)]) -> (Head, [u32; TIME_WORDS]) {
        let (mut head, mut words) = (Head::default(), [0; TIME_WORDS]);
        for &(at, failed, slow) in calls {
            head.record_at(&mut words, BUCKET_MS, at, failed, slow);
        }
        (head, words)
    }

    #[test]
    fn a_window_is_good_once_no_bucket_has_what_was_bad() {
        for (failed, slow) in [(true, false), (false, true), (true, true)] {
            let mut calls = std::vec![(0, failed, slow)];
            for bucket in 1..10 {
                calls.push((bucket * BUCKET_MS, false, false));
                let (head, words) = after(&calls);
                let counts = head.counts_at(&words, BUCKET_MS, 999);
                assert_eq!((counts.failures, counts.slow_calls), (failed.into(), slow.into()));
                assert!(!head.is_good());
            }
            calls.push((10 * BUCKET_MS, false, false));
            assert!(after(&calls).0.is_good());
        }
    }

    #[test]
    fn a_window_is_good_after_a_pause_in_which_all_was_forgotten() {
        assert!(after(&[(0, true, true), (5_000, false, false)]).0.is_good());
        assert!(!after(&[(0, true, true), (5_000, false, true)]).0.is_good());
        // The clock went back: the bucket begins anew with what is in it.
        assert!(!after(&[(500, true, false), (450, false, false)]).0.is_good());
    }
}
