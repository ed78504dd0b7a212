//! What a circuit looks like to those who ask it and to those whom it tells.

use core::time::Duration;

use super::{Circuit, Flight, Why};
use crate::circuit::{CircuitState, Mode};
use crate::redis::wire::{Operation, Order, View};
use crate::snapshot::Snapshot;
use crate::state::MAX_COUNT;
use crate::transition::{Reason, Transition};

/// Who decides about the next request, and by what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Face {
    /// CLOSED for the fleet, with so many failures counted; where instances count by themselves each by its own rule.
    Closed(u16),
    /// The circuit has to be asked.
    Ask,
    /// Everything is let through, and nothing is recorded.
    Disabled,
    /// Redis is away: the instance's own breaker decides alone.
    Alone,
}

/// A refusal that stands until its time is over, or something is heard or done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::redis) struct Standing {
    /// In microseconds; `None`: no time ends it.
    pub(in crate::redis) until: Option<u64>,
    pub(in crate::redis) state: CircuitState,
}

impl Circuit {
    /// What [`acquire`](Self::acquire) answers until then, with nothing but the time to be kept of it. `None` where a request
    /// may be let through, or the first one that is not changes something.
    pub(in crate::redis) fn standing(&self) -> Option<Standing> {
        match self.view.forced {
            _ if self.alone => return None,
            Some(Order::Open) => return Some(Standing { until: None, state: CircuitState::Open }),
            Some(Order::Closed) => return None,
            None => {}
        }
        let later = |until: &u64| *until > self.latest;
        match (self.open_until().filter(later), self.stored().0) {
            _ if !self.wanted && self.ahead.is_none() => None,
            (Some(until), _) => Some(Standing { until: Some(until), state: CircuitState::Open }),
            // Its request waits in `wanted` for the place that is free then.
            (None, CircuitState::Open | CircuitState::HalfOpen) if self.wanted && !self.probes.has_ready() => {
                let until = Some(self.free_from()).filter(later);
                until.map(|until| Standing { until: Some(until), state: CircuitState::HalfOpen })
            }
            (None, _) => None,
        }
    }

    /// The latest time that anybody has told.
    pub(in crate::redis) const fn latest(&self) -> u64 {
        self.latest
    }

    /// The state in force at `now`: an opening whose time is over reads HALF_OPEN.
    #[must_use]
    pub fn state(&self, now: u64) -> CircuitState {
        match self.stored().0 {
            CircuitState::Open if self.view.forced.is_none() && self.opening_left_ms(now).is_none() => {
                CircuitState::HalfOpen
            }
            state => state,
        }
    }

    /// Whether the rules are in force.
    #[must_use]
    pub fn mode(&self) -> Mode {
        Order::mode(self.view.forced)
    }

    /// Failures counted in the fleet, as far as it is known here.
    #[must_use]
    pub fn failure_count(&self) -> u16 {
        let view = self.view;
        let probe_failed = self.ahead.is_some_and(|ahead| ahead.why == Why::ProbeFailed);
        let count = match view.state {
            CircuitState::Closed => {
                let (sent_ok, sent) = self.sent_report();
                match (self.unheard.refutes, sent_ok) {
                    (true, _) => self.unheard.failures,
                    (false, true) => sent.saturating_add(self.unheard.failures),
                    (false, false) => view.failures.saturating_add(sent).saturating_add(self.unheard.failures),
                }
            }
            _ => view.failures.saturating_add(u16::from(probe_failed)),
        };
        count.min(MAX_COUNT)
    }

    /// Whether a report that is on its way, or whose answer was lost, tells of a success, and its failures.
    pub(super) fn sent_report(&self) -> (bool, u16) {
        match self.flight.as_ref().map(|flight: &Flight| &flight.operation).or(self.again.as_ref()) {
            Some(Operation::Report { refutes, failures, .. }) => (*refutes, *failures),
            _ => (false, 0),
        }
    }

    /// When the latest failure was, in microseconds.
    #[must_use]
    pub const fn failed_at(&self) -> Option<u64> {
        self.failed_at
    }

    /// Milliseconds until it makes sense to ask; `None`: not before an order is taken back.
    #[must_use]
    pub fn retry_after_ms(&mut self, now: u64) -> Option<u32> {
        self.tick(now);
        match self.view.forced {
            Some(Order::Open) => None,
            Some(Order::Closed) => Some(0),
            None => Some(self.opening_left_ms(now).unwrap_or_else(|| {
                let half_open = self.stored().0 != CircuitState::Closed;
                let wait = if half_open { self.free_from().saturating_sub(now) } else { 0 };
                u32::try_from(wait.div_ceil(1_000)).unwrap_or(u32::MAX)
            })),
        }
    }

    /// From when on there may be a place for a probe, as far as this instance knows.
    pub(super) fn free_from(&self) -> u64 {
        let timeout = u64::from(self.policy.probe_timeout_ms()) * 1_000;
        let own = self.probes.places_free_from(self.policy.half_open_max_calls().into(), timeout);
        own.max(self.denied_until).max(self.returned_until)
    }

    /// Who decides about the next request.
    #[must_use]
    pub fn face(&self) -> Face {
        match (self.alone, self.view.forced, self.stored().0) {
            (true, ..) => Face::Alone,
            (_, Some(Order::Closed), _) => Face::Disabled,
            (_, None, CircuitState::Closed) => Face::Closed(self.failure_count()),
            _ => Face::Ask,
        }
    }

    /// Whether Redis is away and the instance decides by itself.
    #[must_use]
    pub const fn is_alone(&self) -> bool {
        self.alone
    }

    /// How many requests are out with a permit of the fleet.
    #[must_use]
    pub(in crate::redis) fn probes_out(&self) -> usize {
        self.probes.out()
    }

    /// How long it can go without an answer, if a request is out with a permit of the fleet: once Redis is back, it gives
    /// the place away a lease later.
    pub(in crate::redis) fn patience(&self) -> Option<Duration> {
        (self.probes_out() > 0).then(|| Duration::from_millis((self.lease_ms / 3).max(1).into()))
    }

    /// The number of the generation.
    #[must_use]
    pub const fn gen_no(&self) -> u64 {
        self.view.gen_no
    }

    /// Whether the instance's own breaker, which has decided while Redis was away, is to go on where it is.
    #[must_use]
    pub(in crate::redis) const fn own_goes_on(&self) -> bool {
        self.own_goes_on
    }

    /// What the instance's own breaker goes on from.
    #[must_use]
    pub(in crate::redis) fn to_snapshot(&self, now: u64) -> Snapshot {
        let (state, mode) = match self.stored() {
            // Its end was told already.
            (CircuitState::Open, mode)
                if self.told.0 == CircuitState::HalfOpen && self.opening_left_ms(now).is_none() =>
            {
                (CircuitState::HalfOpen, mode)
            }
            stored => stored,
        };
        let remaining_ms = if mode == Mode::Normal { self.opening_left_ms(now).unwrap_or(0) } else { 0 };
        let count = if mode == Mode::Disabled { 0 } else { self.failure_count() };
        Snapshot::plain(state, mode, count, remaining_ms)
    }

    /// What the fleet has said, as far as it is known here.
    #[doc(hidden)]
    #[must_use]
    pub const fn view(&self) -> View {
        self.view
    }

    /// How much is kept: probes, orders and transitions.
    #[doc(hidden)]
    #[must_use]
    pub fn kept(&self) -> [usize; 3] {
        [self.probes.iter().count(), self.orders.len(), self.transitions.len()]
    }

    /// When Redis has answered last, in microseconds.
    #[must_use]
    pub const fn heard_at(&self) -> Option<u64> {
        self.heard_at
    }

    /// A change of state that was not told yet, the oldest first.
    pub fn take_transition(&mut self) -> Option<Transition> {
        self.transitions.pop_front()
    }

    /// The state without regard to the time, and the mode.
    pub(super) fn stored(&self) -> (CircuitState, Mode) {
        let state = match (self.view.forced, self.ahead) {
            (Some(Order::Closed), _) => CircuitState::Closed,
            (Some(Order::Open), _) | (None, Some(_)) => CircuitState::Open,
            (None, None) => self.view.state,
        };
        (state, self.mode())
    }

    /// The same, as far as users are told of it: where each instance counts by itself, its own breaker tells while the fleet's
    /// circuit is CLOSED.
    pub(super) fn to_tell(&self) -> (CircuitState, Mode) {
        match self.stored() {
            (CircuitState::Closed, Mode::Normal) if !self.counts() => (self.own_state, Mode::Normal),
            stored => stored,
        }
    }

    /// Tells that an opening is over, of which the fleet hears in the same breath as of what came next.
    pub(super) fn tell_half_open(&mut self) {
        let (from, failures) = (self.told, self.failure_count());
        self.push((CircuitState::HalfOpen, from.1), Reason::RecoveryTimeout, failures, 0);
    }

    /// Tells what has changed, if anything has.
    pub(super) fn tell(&mut self, reason: Reason) {
        self.tell_of(reason, 0, 0);
    }

    /// The same, with the failures and the successes that were counted before.
    pub(super) fn tell_of(&mut self, reason: Reason, failures: u16, successes: u8) {
        let to = self.to_tell();
        if self.told != to {
            let successes = successes + u8::from(reason == Reason::ProbesSucceeded);
            self.push(to, reason, failures.max(self.failure_count()), successes);
        }
    }

    fn push(&mut self, to: (CircuitState, Mode), reason: Reason, failure_count: u16, successes: u8) {
        // Alone, the instance's own breaker decides and tells.
        if self.alone {
            return;
        }
        let from = core::mem::replace(&mut self.told, to);
        self.generation = self.generation.wrapping_add(1) % crate::state::GENERATIONS;
        self.transitions.push_back(Transition {
            from: from.0,
            to: to.0,
            mode: to.1,
            reason,
            failure_count,
            successes,
            generation: self.generation,
            tally: None,
        });
    }
}
