//! What the callers of a fleet share with whoever drives it: its circuits, when each has something to say, and whether it is over.

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, BTreeSet, BinaryHeap};
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::cmp::Reverse;
use core::future::poll_fn;
use core::sync::atomic::{AtomicBool, Ordering};
use core::task::{Context, Poll, Waker};
use core::time::Duration;
use std::collections::HashMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Instant;

use super::Driven;
use crate::redis::wire::Notice;

/// Calls in one round trip.
const BATCH: usize = 128;

pub(in crate::redis) struct Hub {
    now: Box<dyn Fn() -> u64 + Send + Sync>,
    queue: Mutex<Queue>,
    /// For a driver that is a thread.
    bell: Condvar,
    /// A round of exchanges has ended.
    round: Condvar,
    /// There are no notices.
    deaf: AtomicBool,
}

#[derive(Default)]
pub(super) struct Queue {
    members: BTreeMap<usize, Arc<dyn Driven>>,
    by_key: HashMap<String, Vec<usize>>,
    due: BinaryHeap<Reverse<(u64, usize)>>,
    channels: BTreeSet<String>,
    /// Members at the latest sweep.
    swept: usize,
    /// Since the driver looked last.
    rung: bool,
    /// A driver that is a task.
    driver: Option<Waker>,
    /// Tasks that wait for a flush, and how long they do.
    flushes: BTreeMap<usize, (Instant, Waker)>,
    next_flush: usize,
    /// The driver is to end: once everything is said, and not later than this.
    end: Option<Instant>,
    stopped: bool,
}

/// Wakes the driver.
#[derive(Clone)]
pub(in crate::redis) struct Bell(Weak<Hub>);

impl Bell {
    /// That member will have something to say at that time.
    pub(super) fn ring(&self, number: usize, at: u64) {
        if let Some(hub) = self.0.upgrade() {
            let mut queue = hub.lock();
            queue.due.push(Reverse((at, number)));
            hub.wake(queue);
        }
    }
}

/// What a new member needs that there was not.
pub(super) struct Needs {
    pub(super) driver: bool,
    pub(super) listener: bool,
}

impl Hub {
    pub(super) fn new(now: Box<dyn Fn() -> u64 + Send + Sync>) -> Arc<Self> {
        let (queue, bell, round, deaf) = (Mutex::default(), Condvar::new(), Condvar::new(), AtomicBool::new(false));
        Arc::new(Self { now, queue, bell, round, deaf })
    }

    pub(super) fn bell(self: &Arc<Self>) -> Bell {
        Bell(Arc::downgrade(self))
    }

    pub(super) fn now(&self) -> u64 {
        (self.now)()
    }

    pub(super) fn add(&self, number: usize, member: &Arc<dyn Driven>, channel: &str) -> Needs {
        if self.deaf.load(Ordering::Acquire) {
            member.poll_often();
        }
        let mut queue = self.lock();
        queue.sweep();
        queue.by_key.entry(member.key().to_string()).or_default().push(number);
        queue.members.insert(number, Arc::clone(member));
        let driver = queue.channels.is_empty();
        let listener = queue.channels.insert(channel.to_string());
        let stopped = queue.stopped;
        drop(queue);
        if stopped {
            member.leave();
        }
        Needs { driver, listener }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn of_key(&self, key: &str) -> Vec<Arc<dyn Driven>> {
        let queue = self.lock();
        let numbers = queue.by_key.get(key).map_or(&[][..], Vec::as_slice);
        numbers.iter().filter_map(|number| queue.members.get(number).cloned()).collect()
    }

    /// How long the least patient of the circuits can go without an answer.
    pub(super) fn patience(&self) -> Option<Duration> {
        let members: Vec<_> = self.lock().members.values().cloned().collect();
        members.iter().filter_map(|member| member.patience()).min()
    }

    pub(super) fn each(&self, tell: impl Fn(&dyn Driven)) {
        self.members().iter().for_each(|member| tell(&**member));
    }

    fn members(&self) -> Vec<Arc<dyn Driven>> {
        self.lock().members.values().cloned().collect()
    }

    /// What was told on a channel.
    pub(super) fn noticed(&self, text: &str) {
        if let Ok(notice) = Notice::read(text, self.now()) {
            self.of_key(notice.key).iter().for_each(|member| member.noticed(notice.view));
        }
    }

    /// There are no notices, and there will be none.
    pub(super) fn go_deaf(&self) {
        self.deaf.store(true, Ordering::Release);
        self.each(|member| member.poll_often());
    }

    /// Whether there will be no more exchanges, or not many.
    pub(super) fn is_ending(&self) -> bool {
        let queue = self.lock();
        queue.end.is_some() || queue.stopped
    }

    /// The driver is to end: once everything is said, and not later than this.
    pub(super) fn end(&self, end: Instant) {
        let mut queue = self.lock();
        queue.end = Some(end);
        self.wake(queue);
    }

    /// The driver has ended: nothing will be said or heard any more.
    pub(super) fn stopped(&self) {
        self.lock().stopped = true;
        self.round_over();
    }

    /// Whoever waits for a round to end looks again.
    pub(super) fn round_over(&self) {
        self.round.notify_all();
        let flushes: Vec<Waker> = self.lock().flushes.values().map(|(_, waker)| waker.clone()).collect();
        flushes.into_iter().for_each(Waker::wake);
    }

    fn wake(&self, mut queue: MutexGuard<'_, Queue>) {
        queue.rung = true;
        let driver = queue.driver.take();
        drop(queue);
        self.bell.notify_one();
        if let Some(driver) = driver {
            driver.wake();
        }
    }

    /// For a driver that is a thread: until somebody rings, or that time is over.
    pub(super) fn wait(&self, longest: Option<Duration>) {
        let mut queue = self.lock();
        if !queue.rung {
            queue = match longest {
                Some(longest) => self.bell.wait_timeout(queue, longest).unwrap_or_else(PoisonError::into_inner).0,
                None => self.bell.wait(queue).unwrap_or_else(PoisonError::into_inner),
            };
        }
        queue.rung = false;
    }

    /// For a driver that is a task: until somebody rings.
    #[cfg(feature = "redis-tokio")]
    pub(super) fn poll_rung(&self, context: &mut Context<'_>) -> Poll<()> {
        let mut queue = self.lock();
        if core::mem::take(&mut queue.rung) {
            return Poll::Ready(());
        }
        queue.driver = Some(context.waker().clone());
        Poll::Pending
    }

    /// Waits until everything is said, but no longer than that. Whether it is.
    pub(in crate::redis) fn flush(&self, timeout: Duration) -> bool {
        let end = Instant::now() + timeout;
        let members = self.hurry();
        let mut queue = self.lock();
        loop {
            if members.iter().all(|member| member.is_heard()) {
                return true;
            }
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() || queue.stopped {
                return false;
            }
            queue = self.round.wait_timeout(queue, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Waits until the driver has ended, but no longer than that.
    pub(super) fn join(&self, timeout: Duration) {
        let end = Instant::now() + timeout;
        let mut queue = self.lock();
        while !queue.stopped && !queue.channels.is_empty() {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            queue = self.round.wait_timeout(queue, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// As [`flush`](Self::flush), for a task. The driver has the timer, so it may be late by one exchange.
    pub(in crate::redis) async fn flush_async(&self, timeout: Duration) -> bool {
        let end = Instant::now() + timeout;
        let members = self.hurry();
        let mut waits = None;
        poll_fn(|context| self.poll_flush(&members, end, &mut waits, context)).await
    }

    fn poll_flush<'a>(
        &'a self,
        members: &[Arc<dyn Driven>],
        end: Instant,
        waits: &mut Option<Flush<'a>>,
        context: &mut Context<'_>,
    ) -> Poll<bool> {
        let mut queue = self.lock();
        if members.iter().all(|member| member.is_heard()) {
            return Poll::Ready(true);
        }
        if queue.stopped || Instant::now() >= end {
            return Poll::Ready(false);
        }
        match waits {
            Some(Flush(_, number)) => drop(queue.flushes.insert(*number, (end, context.waker().clone()))),
            None => {
                queue.next_flush += 1;
                let number = queue.next_flush;
                queue.flushes.insert(number, (end, context.waker().clone()));
                *waits = Some(Flush(self, number));
                // It may wait for longer than this flush does.
                self.wake(queue);
            }
        }
        Poll::Pending
    }

    /// Has everything said without delay.
    pub(super) fn hurry(&self) -> Vec<Arc<dyn Driven>> {
        let members = self.members();
        members.iter().for_each(|member| member.hurry());
        members
    }
}

/// A task that waits for a flush, for as long as it does.
struct Flush<'a>(&'a Hub, usize);

impl Drop for Flush<'_> {
    fn drop(&mut self) {
        self.0.lock().flushes.remove(&self.1);
    }
}

impl Queue {
    /// Lets go of circuits that nobody uses any more, once they are as many again as there were.
    fn sweep(&mut self) {
        if self.members.len() < self.swept * 2 + 16 {
            return;
        }
        let gone: Vec<usize> =
            self.members.iter().filter(|(_, member)| is_gone(member)).map(|(number, _)| *number).collect();
        gone.into_iter().for_each(|number| self.remove(number));
        self.swept = self.members.len();
    }

    fn remove(&mut self, number: usize) {
        let Some(member) = self.members.remove(&number) else { return };
        if let Some(numbers) = self.by_key.get_mut(member.key()) {
            numbers.retain(|other| *other != number);
            if numbers.is_empty() {
                self.by_key.remove(member.key());
            }
        }
    }

    /// The members that are due, at most as many as go into one round trip.
    pub(super) fn take_due(&mut self, now: u64) -> Vec<(usize, Arc<dyn Driven>)> {
        let mut due: Vec<(usize, Arc<dyn Driven>)> = Vec::new();
        while let Some(&Reverse((at, number))) = self.due.peek() {
            if at > now || due.len() == BATCH {
                break;
            }
            self.due.pop();
            match self.members.get(&number) {
                Some(member) if is_gone(member) => self.remove(number),
                Some(member) => due.push((number, Arc::clone(member))),
                None => {}
            }
        }
        due
    }

    /// That member will be due then, and nobody has to be woken for it.
    pub(super) fn put(&mut self, number: usize, at: u64) {
        self.due.push(Reverse((at, number)));
    }

    /// How long it is until somebody is due; `None`: for as long as nobody rings.
    pub(super) fn due_in(&self, now: u64) -> Option<Duration> {
        self.due.peek().map(|Reverse((at, _))| Duration::from_micros(at.saturating_sub(now)))
    }

    pub(super) fn count(&self) -> usize {
        self.members.len()
    }

    pub(super) fn nth(&self, place: usize) -> Option<Arc<dyn Driven>> {
        self.members.values().nth(place).cloned()
    }

    /// Whether the driver has nothing to do any more.
    pub(super) fn is_over(&self, at: Instant) -> bool {
        self.end.is_some_and(|end| end <= at || self.members.values().all(|member| member.is_heard()))
    }

    /// `wait`, or less where something ends sooner.
    pub(super) fn no_longer_than(&self, wait: Option<Duration>, at: Instant) -> Option<Duration> {
        let ends = self.flushes.values().map(|(end, _)| *end).chain(self.end);
        ends.filter(|end| *end > at).map(|end| end - at).chain(wait).min()
    }
}

/// Nobody uses it, and there is nothing left to say.
fn is_gone(member: &Arc<dyn Driven>) -> bool {
    Arc::strong_count(member) == 1 && member.is_heard()
}
