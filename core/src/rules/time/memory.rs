//! The calls of a time window, counted by threads and interrupts at once without a lock.
//!
//! The window is a ring of buckets. The head says which one is current; every count in a bucket carries the turn in
//! which its bucket began. When the current bucket is over, whoever comes next empties the oldest one, which the window
//! no longer reaches, and then moves the head there. So nothing is counted in a bucket that is not the head's, and a
//! thread that is stopped for however long adds nothing to a bucket that has begun anew: it finds another turn, and
//! counts in the current one.

use super::super::{Call, Moment, Recorded};
use super::bucket::Bucket;
use super::head::Head;
use crate::atomics::{AcqRel, Acquire, AtomicU32, Relaxed};
use crate::rule::Counts;
use crate::time::{Timestamp, elapsed};

/// A ring of buckets, its head, and when something bad came in last.
pub struct TimeMemory<const B: usize> {
    head: AtomicU32,
    /// 0: nothing yet.
    bad: AtomicU32,
    buckets: [Bucket; B],
}

impl<const B: usize> TimeMemory<B> {
    #[cfg(not(halfopen_loom))]
    pub(crate) const fn new() -> Self {
        Self { head: AtomicU32::new(Head::NONE.0), bad: AtomicU32::new(0), buckets: [const { Bucket::new() }; B] }
    }

    #[cfg(halfopen_loom)]
    pub(crate) fn new() -> Self {
        Self {
            head: AtomicU32::new(Head::NONE.0),
            bad: AtomicU32::new(0),
            buckets: core::array::from_fn(|_| Bucket::new()),
        }
    }

    #[inline]
    fn head(&self) -> Head {
        Head(self.head.load(Acquire))
    }

    /// Counts `call` in the current bucket of its generation, whose window begins with the first call of it.
    ///
    /// The clock is read after the head, so that a thread that was stopped before cannot be mistaken for a clock that
    /// went back.
    #[inline]
    pub(super) fn record(&self, bucket_ms: u32, call: Call<'_>, mut read: impl FnMut() -> Moment) -> Recorded {
        loop {
            let head = self.head();
            if !head.is_of(call.generation) {
                if !(call.still)() {
                    return Recorded::Over;
                }
                self.turn(head, head.next(B, call.generation), read().now.low());
                continue;
            }
            let Some(bucket) = self.buckets.get(head.bucket()) else { return Recorded::Over };
            let start = bucket.start.load(Acquire);
            let Moment { now, slow } = read();
            let now = now.low();
            match since(start, now, reach(bucket_ms, B)) {
                Since::Passed(ms) if ms >= bucket_ms => {
                    self.turn(head, head.next(B, call.generation), now);
                    continue;
                }
                Since::Passed(_) => {}
                // The bucket begins anew, with what is in it.
                Since::Back => {
                    let _ = bucket.start.compare_exchange(start, now, AcqRel, Acquire);
                    continue;
                }
                Since::FarBack => {
                    self.turn(head, head.next(B, call.generation).alone(), now);
                    continue;
                }
            }
            let bad = call.failed || slow;
            if bad {
                // Before it is counted: who counts after it has to see it.
                self.bad.store(now | 1, Relaxed);
            }
            if !bucket.calls.add(head.turn()) {
                continue;
            }
            // Where the turn is over by now, the call itself is out of the window.
            if call.failed {
                bucket.failures.add(head.turn());
            }
            if slow {
                bucket.slow_calls.add(head.turn());
            }
            // A good call can tip a rule by being the last of the minimum, but not if all are good.
            return if bad || self.was_bad(now, reach(bucket_ms, B)) { Recorded::Tellingly } else { Recorded::Quietly };
        }
    }

    /// Whether anything bad may be in the window.
    #[inline]
    fn was_bad(&self, now: u32, window: u32) -> bool {
        match self.bad.load(Relaxed) {
            0 => false,
            // Made odd when it was stored, and so up to a millisecond late.
            at => !matches!(since(at, now, window), Since::Passed(ms) if ms >= window),
        }
    }

    /// Empties the bucket of `next` and moves the head there; does nothing if it is not at `head` any more.
    #[cold]
    #[inline(never)]
    fn turn(&self, head: Head, next: Head, now: u32) {
        let Some(bucket) = self.buckets.get(next.bucket()) else { return };
        if bucket.begin(next.turn(), now, || self.head() == head) {
            let _ = self.head.compare_exchange(head.0, next.0, AcqRel, Acquire);
        }
    }

    /// Lets the window of a generation go on in another one.
    pub(super) fn carry(&self, from: u16, to: u16) {
        loop {
            let head = self.head();
            let carried = head.carried(to);
            if !head.is_of(from) || self.head.compare_exchange(head.0, carried.0, AcqRel, Acquire).is_ok() {
                return;
            }
        }
    }

    /// What the window of this generation holds at `now`.
    pub(super) fn counts(&self, bucket_ms: u32, generation: u16, now: Timestamp) -> Counts {
        let head = self.head();
        let mut counts = Counts::default();
        if !head.is_of(generation) {
            return counts;
        }
        for back in 0..=head.age() {
            let (i, turn) = head.before(back, B);
            let Some(bucket) = self.buckets.get(i) else { continue };
            let within = match since(bucket.start.load(Acquire), now.low(), reach(bucket_ms, B)) {
                Since::Passed(ms) => ms < reach(bucket_ms, B),
                Since::Back => true,
                Since::FarBack => false,
            };
            if within {
                // In the other order than they are counted, so that no failure is without its call.
                counts.slow_calls += bucket.slow_calls.of(turn);
                counts.failures += bucket.failures.of(turn);
                counts.calls += bucket.calls.of(turn);
            }
        }
        counts
    }
}

/// How far the window reaches back, in milliseconds: at most 62 more than 2^31 - 1.
const fn reach(bucket_ms: u32, buckets: usize) -> u32 {
    bucket_ms * buckets as u32
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
