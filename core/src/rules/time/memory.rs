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
use crate::atomics::{AtomicU32, SeqCst, total_order};
use crate::rule::Counts;
use crate::time::{Timestamp, elapsed};

/// A ring of buckets, its head, and when something bad came in last.
#[doc(hidden)]
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
        Head(self.head.load(SeqCst))
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
                self.turn(head, head.next(B, call.generation), || read().now.low());
                continue;
            }
            let Some(bucket) = self.buckets.get(head.bucket()) else { return Recorded::Over };
            let (start, last_bad) = (bucket.start.load(SeqCst), self.bad.load(SeqCst));
            let Moment { now, slow } = read();
            let now = now.low();
            let window = reach(bucket_ms, B);
            match since(start, now, window) {
                // All that is before the current bucket is forgotten with it; its times would be read wrongly one day. First
                // it is made older, so that no thread that was stopped while it began the bucket makes it young again.
                Since::Passed(ms) if ms >= window => {
                    self.forget(head, start, now, window, call.generation, &mut read);
                    continue;
                }
                Since::Passed(ms) if ms >= bucket_ms => {
                    self.turn(head, head.next(B, call.generation), || read().now.low());
                    continue;
                }
                Since::Passed(_) => {}
                // The bucket begins anew, with what is in it.
                Since::Back => {
                    let _ = bucket.start.compare_exchange(start, now, SeqCst, SeqCst);
                    continue;
                }
                Since::FarBack => {
                    self.forget(head, start, now, window, call.generation, &mut read);
                    continue;
                }
            }
            let bad = call.failed || slow;
            // Before it is counted: who counts after it has to see it. And never to an older time, which the clock read
            // before this one may be.
            if bad && self.bad.compare_exchange(last_bad, now | 1, SeqCst, SeqCst).is_err() {
                continue;
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
            total_order();
            // A good call can tip a rule by being the last of the minimum, but not if all are good.
            return if bad || self.was_bad(now, reach(bucket_ms, B)) { Recorded::Tellingly } else { Recorded::Quietly };
        }
    }

    /// Whether anything bad may be in the window.
    #[inline]
    fn was_bad(&self, now: u32, window: u32) -> bool {
        match self.bad.load(SeqCst) {
            0 => false,
            // Made odd when it was stored, and so up to a millisecond late.
            at => !matches!(since(at, now, window), Since::Passed(ms) if ms >= window),
        }
    }

    /// Begins the window anew in the next bucket, where the current one, which began at `start`, is out of it.
    #[cold]
    #[inline(never)]
    fn forget(&self, head: Head, start: u32, now: u32, window: u32, generation: u16, read: &mut dyn FnMut() -> Moment) {
        let Some(bucket) = self.buckets.get(head.bucket()) else { return };
        let old = now.wrapping_sub(window);
        if start == old || bucket.start.compare_exchange(start, old, SeqCst, SeqCst).is_ok() {
            self.turn(head, head.next(B, generation).alone(), || read().now.low());
        }
    }

    /// Empties the bucket of `next` and moves the head there; does nothing if it is not at `head` any more.
    #[cold]
    #[inline(never)]
    fn turn(&self, head: Head, next: Head, now: impl FnMut() -> u32) {
        let Some(bucket) = self.buckets.get(next.bucket()) else { return };
        if bucket.begin(next.turn(), now, || self.head() == head) {
            let _ = self.head.compare_exchange(head.0, next.0, SeqCst, SeqCst);
        }
    }

    /// Empties the window of a generation.
    pub(super) fn clear(&self, generation: u16) {
        self.change(generation, Head::cleared);
    }

    /// Lets the window of a generation go on in another one.
    pub(super) fn carry(&self, from: u16, to: u16) {
        self.change(from, |head| head.carried(to));
    }

    /// Changes the head, if it is still that of a window of this generation.
    fn change(&self, generation: u16, changed: impl Fn(Head) -> Head) {
        loop {
            let head = self.head();
            let to = changed(head);
            if !head.is_of(generation) || self.head.compare_exchange(head.0, to.0, SeqCst, SeqCst).is_ok() {
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
        let now = self.not_before(head, now.low(), reach(bucket_ms, B));
        for back in 0..=head.age() {
            let (i, turn) = head.before(back, B);
            let Some(bucket) = self.buckets.get(i) else { continue };
            let within = match since(bucket.start.load(SeqCst), now, reach(bucket_ms, B)) {
                Since::Passed(ms) => ms < reach(bucket_ms, B),
                Since::Back => true,
                Since::FarBack => false,
            };
            // In the other order than they are counted and emptied: no failure is without its call.
            let (slow_calls, failures) = (bucket.slow_calls.of(turn), bucket.failures.of(turn));
            if let (true, Some(calls)) = (within, bucket.calls.of(turn)) {
                counts.slow_calls += slow_calls.unwrap_or(0);
                counts.failures += failures.unwrap_or(0);
                counts.calls += calls;
            }
        }
        counts
    }

    /// `now`, or the beginning of the current bucket if that is later, as it is for a thread that was stopped since it read
    /// the clock: what is forgotten by then does not count beside what has come since.
    fn not_before(&self, head: Head, now: u32, window: u32) -> u32 {
        let start = self.buckets.get(head.bucket()).map_or(now, |bucket| bucket.start.load(SeqCst));
        if matches!(since(start, now, window), Since::Back) { start } else { now }
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
