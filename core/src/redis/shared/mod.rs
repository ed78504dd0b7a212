//! The breaker whose circuit a fleet shares, by the contract's calls.

mod link;
mod look;
mod refusing;
mod run;
mod teller;

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::task::Waker;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use core::sync::atomic::{AtomicBool, Ordering};

use super::FleetClock;
use super::circuit::{Circuit, Face};
use super::drive::{Bell, Drive};
use crate::breaker::CircuitBreaker;
use crate::config::Policy;
use crate::event::{Outcome, Receipt, Refusal, Ticket};
use crate::observer::Observer;
use crate::rules::{Consecutive, Rule};
use crate::system_clock::SystemClock;
use refusing::Refusing;
use teller::Teller;

/// A circuit breaker whose circuit is shared with every process that uses the same Redis, prefix and name. Made by a
/// [`Fleet`](super::Fleet); a clone is the same breaker.
///
/// What its methods do is what those of [`CircuitBreaker`] do, for the whole fleet. While the circuit is CLOSED and nothing is
/// counted, they read one atomic word of this process, and to refuse a request while it is OPEN a few and the clock. None of them waits for Redis, with one exception: a request that would be
/// a probe waits for its permit, at most [`probe_wait`](super::FleetOptions::probe_wait). While Redis is away the instance decides alone.
pub struct SharedBreaker<C: FleetClock = SystemClock, O: Observer = (), R: Rule = Consecutive> {
    pub(super) member: Arc<Member<C, O, R>>,
    /// Goes on as long as anybody uses one of its circuits.
    pub(super) drive: Arc<Drive>,
}

pub use look::Sharing;

pub(super) struct Member<C: FleetClock, O: Observer, R: Rule> {
    name: Arc<str>,
    key: String,
    channel: String,
    /// What a request meets first. It shows what the circuit says; it decides where instances count by themselves, and
    /// while Redis is away.
    local: CircuitBreaker<C, Teller<O>, Arc<str>, R>,
    /// Whether it decides now.
    local_decides: AtomicBool,
    /// A request has asked since the fleet was last asked what there is.
    in_use: AtomicBool,
    refusing: Refusing,
    shared: Mutex<Shared>,
    /// Something has come back.
    heard: Condvar,
    bell: Bell,
    number: usize,
    inline: bool,
    counts: bool,
    probe_wait: core::time::Duration,
}

struct Shared {
    circuit: Circuit,
    shown: Face,
    /// The generation that is shown.
    gen_no: u64,
    /// When the drive will ask again.
    wakes_at: u64,
    /// Tasks that wait for a permit.
    waiting: Vec<Waker>,
    /// How often something has come back.
    news: u64,
    /// Probes that this instance let through alone and that have not reported, and when.
    own_probes: Vec<(Ticket, u64)>,
}

/// What a member is made of.
pub(super) struct Parts<C, O, R: Rule> {
    pub(super) name: Arc<str>,
    pub(super) key: String,
    pub(super) channel: String,
    pub(super) rule: crate::rules::Checked<R>,
    pub(super) circuit: Circuit,
    pub(super) clock: C,
    pub(super) observer: O,
    pub(super) bell: Bell,
    pub(super) inline: bool,
    pub(super) number: usize,
    pub(super) counts: bool,
    pub(super) probe_wait: core::time::Duration,
}

impl<C: FleetClock, O: Observer, R: Rule> Member<C, O, R> {
    pub(super) fn new(parts: Parts<C, O, R>) -> Self {
        let Parts { name, key, channel, rule, circuit, clock, observer, bell, inline, number, counts, probe_wait } =
            parts;
        let local = CircuitBreaker::with_rule(Arc::clone(&name), rule, clock, Teller::new(observer));
        let shown = Face::Closed(0);
        let (waiting, own_probes) = (Vec::new(), Vec::new());
        let shared = Shared { circuit, shown, gen_no: 0, wakes_at: u64::MAX, waiting, news: 0, own_probes };
        let shared = Mutex::new(shared);
        let local_decides = AtomicBool::new(!counts);
        let (heard, in_use) = (Condvar::new(), AtomicBool::new(false));
        Self {
            name,
            key,
            channel,
            local,
            local_decides,
            in_use,
            refusing: Refusing::new(),
            shared,
            heard,
            bell,
            number,
            inline,
            counts,
            probe_wait,
        }
    }

    /// Nothing in here panics; if it ever did, what it left would be as good as anything else.
    fn lock(&self) -> MutexGuard<'_, Shared> {
        let mut shared = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(seen) = self.refusing.seen() {
            shared.circuit.saw(seen);
        }
        shared
    }

    fn now(&self) -> u64 {
        self.local.clock().micros()
    }

    /// The ticket that a healthy circuit gives without a look at anything else. That it was asked is seen to: a circuit that is
    /// in use is read from time to time.
    #[inline]
    fn admitted_freely(&self) -> Option<Ticket> {
        let ticket = self.local.admitted_freely()?;
        if !self.in_use.load(Ordering::Relaxed) {
            self.begin_use();
        }
        Some(ticket)
    }

    #[cold]
    #[inline(never)]
    fn begin_use(&self) {
        self.in_use.store(true, Ordering::Relaxed);
        let mut shared = self.lock();
        shared.circuit.begin_use();
        self.after(shared);
    }

    fn local_decides(&self) -> bool {
        self.local_decides.load(Ordering::Acquire)
    }
}

impl<C: FleetClock, O: Observer, R: Rule> SharedBreaker<C, O, R> {
    /// Whether a request may be made. See [`CircuitBreaker::allow_request`].
    #[inline]
    #[must_use = "a `true` may have taken a probe's place, which only an outcome gives back"]
    pub fn allow_request(&self) -> bool {
        self.member.admitted_freely().is_some() || self.member.allow_slowly()
    }

    /// Records that the operation worked. See [`CircuitBreaker::record_success`].
    #[inline]
    pub fn record_success(&self) -> Receipt {
        let local = &self.member.local;
        if local.succeeds_freely() {
            return local.ended(Outcome::Success, Receipt::Recorded, false);
        }
        self.member.record(Outcome::Success)
    }

    /// Records that the operation failed.
    pub fn record_failure(&self) -> Receipt {
        self.member.record(Outcome::Failure)
    }

    /// Gives back the place of a probe whose request says nothing about the operation.
    pub fn record_ignored(&self) -> Receipt {
        self.member.record(Outcome::Ignored)
    }

    /// Records an outcome of a request that took `time`, which may make it a slow call where instances count by themselves. See
    /// [`CircuitBreaker::record_after`].
    pub fn record_after(&self, outcome: Outcome, time: core::time::Duration) -> Receipt {
        self.member.record_after(outcome, Some(time))
    }

    /// Asks for a ticket. See [`CircuitBreaker::acquire_ticket`].
    ///
    /// # Errors
    ///
    /// The refusal.
    #[inline]
    pub fn acquire_ticket(&self) -> Result<Ticket, Refusal> {
        match self.member.admitted_freely() {
            Some(ticket) => Ok(ticket),
            None => self.member.acquire_slowly(),
        }
    }

    /// Hands in the outcome of a ticket's call.
    #[inline]
    pub fn settle_ticket(&self, ticket: Ticket, outcome: Outcome) -> Receipt {
        let local = &self.member.local;
        if local.settles_freely(ticket, outcome) {
            return local.ended(outcome, Receipt::Recorded, false);
        }
        self.member.settle_slowly(ticket, outcome)
    }

    /// The rules in their checked form.
    #[must_use]
    pub fn policy(&self) -> &Policy {
        R::base(self.member.local.policy())
    }

    /// The observer given at construction.
    #[must_use]
    pub fn observer(&self) -> &O {
        self.member.local.observer().user()
    }
}

impl<C: FleetClock, O: Observer, R: Rule> Clone for SharedBreaker<C, O, R> {
    fn clone(&self) -> Self {
        Self { member: Arc::clone(&self.member), drive: Arc::clone(&self.drive) }
    }
}

impl<C: FleetClock, O: Observer, R: Rule> fmt::Debug for SharedBreaker<C, O, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedBreaker")
            .field("operation_name", &self.member.name)
            .field("state", &self.state())
            .finish_non_exhaustive()
    }
}
