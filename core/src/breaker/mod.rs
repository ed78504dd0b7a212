//! The breaker that threads and interrupts share, by the contract's calls.
//!
//! ```
//! use halfopen::{CircuitBreaker, Config, ManualClock};
//!
//! // In firmware the clock would be one of the board's.
//! static CLOCK: ManualClock = ManualClock::new();
//! static SENSOR: CircuitBreaker<&ManualClock> = CircuitBreaker::with_clock("sensor", Config::new(), &CLOCK);
//!
//! if SENSOR.allow_request() {
//!     // … talk to the sensor …
//!     SENSOR.record_success();
//! }
//! assert_eq!(SENSOR.failure_count(), 0);
//! ```

mod construct;
mod kept;
mod run;

use core::fmt;
use core::time::Duration;

use crate::atomics::AtomicMillis;
use crate::cell::StateCell;
use crate::circuit::{CircuitState, Mode};
use crate::clock::{Clock, DefaultClock};
use crate::event::{Event, Outcome, Receipt, Refusal, Ticket};
use crate::observer::Observer;
use crate::rules::{Consecutive, Rule};
use crate::state::State;
use crate::time::{Timestamp, ceil_millis, millis};

/// A circuit breaker in shared use: every method takes `&self`, and none blocks, allocates or panics. (A refusal clones the
/// name: let that be cheap.)
///
/// `C` reads the time, `O` is told of what happens, `N` holds the operation's name: `&'static str`, or any text that is
/// cheap to clone, such as `Arc<str>`; `R` is the rule by which it opens and comes back, see [`rules`](crate::rules).
///
/// While CLOSED with no failure counted, [`allow_request`](Self::allow_request) and
/// [`record_success`](Self::record_success) are an atomic load each: they read no clock and write nothing.
pub struct CircuitBreaker<C = DefaultClock, O = (), N = &'static str, R: Rule = Consecutive> {
    name: N,
    policy: R::Policy,
    memory: R::Memory,
    cell: StateCell,
    last_failure: AtomicMillis,
    clock: C,
    observer: O,
}

impl<C: Clock, O: Observer, N: AsRef<str>, R: Rule> CircuitBreaker<C, O, N, R> {
    /// Whether a request may be made. In HALF_OPEN a `true` takes a probe's place, which an outcome gives back.
    ///
    /// Prefer [`try_acquire`](Self::try_acquire) or [`call`](Self::call): they know which request an outcome belongs
    /// to.
    #[inline]
    #[must_use = "a `true` may have taken a probe's place, which only an outcome gives back"]
    pub fn allow_request(&self) -> bool {
        self.glance_admits().is_some() || self.allow_by_time()
    }

    /// Records that the operation worked.
    ///
    /// Without a permit nobody can tell when its request was made: it acts on the state in force now, with or without a
    /// matching [`allow_request`](Self::allow_request). A late success can so close a circuit in HALF_OPEN; the outcome
    /// of a [`Permit`](crate::Permit) cannot. In HALF_OPEN an outcome also gives a place back, so where permits are used
    /// beside it there may be one probe more than allowed: use one of the two.
    #[inline]
    pub fn record_success(&self) -> Receipt {
        if self.succeeds_freely() {
            return self.ended(Outcome::Success, Receipt::Recorded, false);
        }
        if R::WINDOW { self.settle_here(None, Outcome::Success, None) } else { self.record(Outcome::Success) }
    }

    /// Records that the operation failed. See [`record_success`](Self::record_success).
    pub fn record_failure(&self) -> Receipt {
        self.record(Outcome::Failure)
    }

    /// Records an outcome of a request that took `time`, which may make it a slow call. See
    /// [`record_success`](Self::record_success).
    pub fn record_after(&self, outcome: Outcome, time: Duration) -> Receipt {
        let ms = u32::try_from(ceil_millis(time)).unwrap_or(u32::MAX);
        self.settle_here(None, outcome, Some(ms))
    }

    /// Gives back the place of a probe whose request says nothing about the operation; changes nothing otherwise.
    pub fn record_ignored(&self) -> Receipt {
        self.record(Outcome::Ignored)
    }

    /// Whether [`allow_request`](Self::allow_request) would say `true` now. Takes no place.
    pub fn would_allow(&self) -> bool {
        self.glance_admits().is_some() || self.wait() == Some(0)
    }

    /// How long to wait until a request would be let through: zero means now, `None` not before a `reset`.
    ///
    /// In HALF_OPEN with all probes in flight: until the lease of the one that came last runs out, at the latest; a probe
    /// that reports sooner gives its place back sooner.
    pub fn retry_after(&self) -> Option<Duration> {
        self.wait().map(millis)
    }

    /// The state in force now: an OPEN circuit whose timeout has passed reads HALF_OPEN. Changes nothing at all; after the
    /// clock went back, the wait of an OPEN circuit begins anew only when somebody asks by one of the other calls. The same
    /// after 2^31 ms (24.8 days) in which nobody did.
    pub fn state(&self) -> CircuitState {
        let state = self.cell.load();
        match state.circuit() {
            CircuitState::Open => state.in_force_by(R::open_ms(&self.policy, &self.memory), self.clock.now()),
            circuit => circuit,
        }
    }

    /// Whether the rules are in force.
    pub fn mode(&self) -> Mode {
        self.cell.glance().mode()
    }

    /// The name given at construction.
    pub fn operation_name(&self) -> &str {
        self.name.as_ref()
    }

    /// Consecutive failures: kept while OPEN, 0 after closing. Stays at 1,023 when more come.
    ///
    /// With a window: while CLOSED the failures in it, up to 65,535; while OPEN and HALF_OPEN those that it held, at most
    /// 1,023, and one more for each probe that failed since.
    pub fn failure_count(&self) -> u16 {
        let state = self.cell.glance();
        if R::WINDOW && state.circuit() == CircuitState::Closed && state.mode() != Mode::Disabled {
            let failures = R::failures(&self.policy, &self.memory, state, || self.clock.now());
            return u16::try_from(failures).unwrap_or(u16::MAX);
        }
        state.failure_count()
    }

    /// When the latest failure was recorded, on the breaker's clock.
    pub fn last_failure_time(&self) -> Option<Timestamp> {
        self.last_failure.load()
    }

    /// Counts the transitions, the rounds of probes that were given up, and the restores, modulo 512.
    pub fn generation(&self) -> u16 {
        self.cell.glance().generation()
    }

    /// The configuration in its checked form.
    pub fn policy(&self) -> &R::Policy {
        &self.policy
    }

    /// The clock given at construction.
    pub fn clock(&self) -> &C {
        &self.clock
    }

    /// The observer given at construction.
    pub fn observer(&self) -> &O {
        &self.observer
    }

    /// Opens the circuit now; it recovers by itself. One that is OPEN waits anew, which is no transition. No effect while
    /// isolated or disabled.
    pub fn trip(&self) {
        self.command(Event::Trip);
    }

    /// Refuses every request until [`reset`](Self::reset), or until another mode is chosen. `trip` does not end it.
    pub fn isolate(&self) {
        self.command(Event::Isolate);
    }

    /// Lets every request through and records nothing until [`reset`](Self::reset), or until another mode is chosen.
    pub fn disable(&self) {
        self.command(Event::Disable);
    }

    /// Records and reports what it would have done, but refuses nothing, until [`reset`](Self::reset), or until another
    /// mode is chosen. The state and the count go on from where they are.
    pub fn shadow(&self) {
        self.command(Event::Shadow);
    }

    /// Closes the circuit with the rules in force and nothing counted. The time of the latest failure stays.
    pub fn reset(&self) {
        self.command(Event::Reset);
    }

    /// Asks for a ticket: the form of [`try_acquire`](Self::try_acquire) for those who must pass a plain value on.
    ///
    /// # Errors
    ///
    /// The refusal.
    #[inline]
    pub fn acquire_ticket(&self) -> Result<Ticket, Refusal> {
        match self.admitted_freely() {
            Some(ticket) => Ok(ticket),
            None => self.acquire_by_time(),
        }
    }

    /// Hands in the outcome of a ticket's call. A ticket is good for one outcome: handed in twice it counts twice, and gives
    /// back a place that is another's. A [`Permit`](crate::Permit) cannot be.
    #[inline]
    pub fn settle_ticket(&self, ticket: Ticket, outcome: Outcome) -> Receipt {
        if self.settles_freely(ticket, outcome) {
            return self.ended(outcome, Receipt::Recorded, false);
        }
        if R::WINDOW { self.settle_here(Some(ticket), outcome, None) } else { self.settle_slowly(ticket, outcome) }
    }

    pub(crate) fn name(&self) -> &N {
        &self.name
    }

    pub(crate) fn memory(&self) -> &R::Memory {
        &self.memory
    }

    /// The state as it is stored, with whatever time.
    pub(crate) fn glance(&self) -> State {
        self.cell.glance()
    }

    /// CLOSED, with the rules in force and nothing counted.
    pub(crate) fn is_new(&self) -> bool {
        let state = self.cell.glance();
        let empty = !R::WINDOW || R::failures(&self.policy, &self.memory, state, || self.clock.now()) == 0;
        state.nothing_to_forget() && !state.is_ramping() && empty
    }

    /// Whether a ticket's outcome changes nothing, whatever the time is.
    #[inline]
    pub(crate) fn settles_freely(&self, ticket: Ticket, outcome: Outcome) -> bool {
        let state = self.cell.glance();
        let nothing = ticket.is_of_healthy(state) && !matches!(outcome, Outcome::Failure);
        nothing && R::slow_call_ms(&self.policy) == 0 && R::is_quiet(&self.memory, state.generation())
    }

    /// Whether a success without a ticket changes nothing, whatever the time is.
    #[inline]
    pub(crate) fn succeeds_freely(&self) -> bool {
        let state = self.cell.glance();
        state.nothing_to_forget() && R::is_quiet(&self.memory, state.generation())
    }

    /// Whether the ticket was given in the state that there is, CLOSED, or HALF_OPEN to a probe.
    #[cfg(feature = "redis")]
    pub(crate) fn is_current(&self, ticket: Ticket) -> bool {
        ticket.is_of(self.cell.glance(), ticket.is_probe())
    }

    /// Whether the ticket is that of a probe in the HALF_OPEN state that there is.
    #[cfg(feature = "redis")]
    pub(crate) fn is_current_probe(&self, ticket: Ticket) -> bool {
        let state = self.cell.glance();
        state.circuit() == CircuitState::HalfOpen && ticket.is_of(state, true)
    }

    /// Goes on by so many generations since `before` at least, and says which one there is then.
    #[cfg(feature = "redis")]
    pub(crate) fn advance(&self, before: u16, by: u16) -> u16 {
        loop {
            let state = self.cell.load();
            let passed = state.generation().wrapping_sub(before) % crate::state::GENERATIONS;
            if passed >= by {
                return state.generation();
            }
            self.cell.exchange(state, state.forget_probes());
        }
    }

    /// Probes that have not reported.
    #[cfg(feature = "redis")]
    pub(crate) fn in_flight(&self) -> u8 {
        self.cell.glance().in_flight()
    }

    /// What every rule has.
    #[cfg(feature = "redis")]
    pub(crate) fn policy_base(&self) -> &crate::config::Policy {
        R::base(&self.policy)
    }

    /// Shows another count in the same generation of a CLOSED circuit.
    #[cfg(feature = "redis")]
    pub(crate) fn show_count(&self, count: u16) {
        loop {
            let state = self.cell.load();
            if self.cell.exchange(state, state.with_count(count)) {
                return;
            }
        }
    }

    /// The state, if it lets every request through whatever the time is.
    #[inline(always)]
    fn glance_admits(&self) -> Option<State> {
        let state = self.cell.glance();
        let ramping = R::recovery(&self.policy).is_some() && state.is_ramping();
        (state.admits_freely() && !ramping).then_some(state)
    }

    /// The ticket that a healthy circuit gives without a look at the time, except where calls are timed.
    #[inline]
    pub(crate) fn admitted_freely(&self) -> Option<Ticket> {
        let state = self.glance_admits()?;
        let timed = R::slow_call_ms(&self.policy) > 0;
        Some(if timed { Ticket::timed(state, self.clock.now()) } else { Ticket::plain(state) })
    }
}

impl<C, O, N: AsRef<str>, R: Rule> fmt::Debug for CircuitBreaker<C, O, N, R>
where
    R::Policy: fmt::Debug,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CircuitBreaker")
            .field("operation_name", &self.name.as_ref())
            .field("state", &self.cell.load())
            .field("policy", &self.policy)
            .finish_non_exhaustive()
    }
}
