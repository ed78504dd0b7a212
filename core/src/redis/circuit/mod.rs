//! One circuit as one instance of a fleet sees it: without a socket, a thread or a clock.
//!
//! Whoever owns it tells it what happens, with the time in microseconds; asks it for what to send ([`Circuit::poll`]) and
//! when to ask again ([`Circuit::wakes_at`]); and hands in what comes back. One request at a time is on its way.
//!
//! ```
//! use halfopen::redis::circuit::{Answer, Circuit};
//! use halfopen::redis::wire::Operation;
//! use halfopen::redis::FleetOptions;
//! use halfopen::{Config, Outcome};
//!
//! let policy = Config::new().failure_threshold(2).validate()?;
//! let mut circuit = Circuit::new("host-1.", policy, FleetOptions::new());
//! let admitted = circuit.acquire(1_000);
//! assert!(matches!(admitted, Answer::Admitted(_)));
//! circuit.settle(2_000, Outcome::Failure);
//! let request = circuit.poll(2_000).unwrap();
//! assert!(matches!(request.operation, Operation::Report { failures: 1, .. }));
//! # Ok::<(), halfopen::ConfigError>(())
//! ```

mod calls;
mod hear;
mod order;
mod poll;
mod probes;
mod report;
mod show;
#[cfg(test)]
mod tests;

use alloc::collections::VecDeque;
use alloc::string::{String, ToString};

use super::name;
use super::options::{Counting, FleetOptions};
use super::wire::{Operation, View};
use crate::circuit::{CircuitState, Mode};
use crate::config::Policy;
use crate::event::Refusal;
use crate::time::ceil_millis;
use crate::transition::Transition;
use probes::Probes;
use report::Report;

pub use probes::ProbeId;
pub use show::Face;
pub(in crate::redis) use show::Standing;

/// How a circuit answers a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It is let through: as a probe, or because the circuit is CLOSED.
    Admitted(Option<ProbeId>),
    /// It is refused.
    Refused(Refusal),
    /// Nobody can say before Redis has answered, which is asked now. Who does not wait for that is refused by this.
    Asking(Refusal),
}

/// One circuit as one instance sees it.
#[derive(Debug)]
pub struct Circuit {
    policy: Policy,
    options: FleetOptions,
    lease_ms: u32,
    /// Begins every name that this instance gives.
    instance: String,
    names_given: u64,

    view: View,
    /// What calls said, and the fleet has not heard.
    unheard: Report,
    /// This instance's own failures in a row in this generation.
    own_failures: u16,
    /// The latest success of this generation of which the time is known.
    ok_at: Option<u64>,
    /// This instance has opened the circuit for itself, ahead of the fleet.
    ahead: Option<Ahead>,
    failed_at: Option<u64>,
    probes: Probes,
    /// Somebody asked while the circuit was OPEN or HALF_OPEN.
    wanted: bool,
    denied_until: u64,
    /// Redis is back since less than a lease: who has a permit renews it before anybody asks for one.
    returned_until: u64,
    orders: VecDeque<Operation>,
    /// What the instance's own rule says where each counts by itself: when its opening ends, and failures.
    own_opening: Option<(u64, u16)>,
    /// The state that its own breaker has told of, where each counts by itself: in force while that of the fleet is CLOSED.
    own_state: CircuitState,
    /// It has gone on while Redis was away, and the fleet's circuit has not changed.
    own_goes_on: bool,
    vote_at: u64,
    /// A vote of this instance may still hold.
    voted: bool,

    flight: Option<Flight>,
    /// An answer was lost: this is sent again before anything else.
    again: Option<Operation>,
    next_read: u64,
    /// When an empty report is due, because the threshold was reached by a streak that was too young.
    recheck_at: Option<u64>,
    report_from: u64,
    /// The next report waits until then, and takes along what comes meanwhile.
    gap_until: u64,
    used: bool,
    /// How many answers in a row said that the request came too late.
    expired: u8,
    /// The server's time minus the instance's, in milliseconds.
    offset_ms: Option<i64>,
    heard_at: Option<u64>,
    /// The latest time that anybody has told.
    latest: u64,
    alone: bool,
    /// While alone, when to ask next.
    retry_at: u64,
    chance: u32,

    told: (CircuitState, Mode),
    generation: u16,
    transitions: VecDeque<Transition>,
}

/// An opening that the fleet has not confirmed.
#[derive(Clone, Copy, Debug)]
struct Ahead {
    since: u64,
    why: Why,
}

/// Why an instance is ahead, and so what may still confirm it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Why {
    /// By the failures that it knows.
    Counted,
    ProbeFailed,
    Ordered,
}

/// A request on its way.
#[derive(Debug)]
struct Flight {
    operation: Operation,
    /// What it asks for begins then at the earliest.
    sent_at: u64,
    /// A notice has come since, so that the answer may be the older of the two.
    outrun: bool,
}

impl Circuit {
    /// A circuit of which nothing is known yet. `instance` names this circuit of this process, and this life of it, in the whole
    /// fleet. It begins every name that the instance gives, before letters and digits: so all are of one length, or end in
    /// what is neither.
    #[must_use]
    pub fn new(instance: &str, policy: Policy, options: FleetOptions) -> Self {
        let longest = policy.probe_timeout_ms().min(policy.recovery_timeout_ms().saturating_mul(2));
        let chance =
            instance.bytes().fold(0x9E37_79B9, |hash: u32, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
        Self {
            policy,
            options,
            lease_ms: u32::try_from(ceil_millis(options.lease)).unwrap_or(u32::MAX).min(longest),
            instance: instance.to_string(),
            names_given: 0,
            view: View::NEW,
            unheard: Report::NOTHING,
            own_failures: 0,
            ok_at: None,
            ahead: None,
            failed_at: None,
            probes: Probes::default(),
            wanted: false,
            denied_until: 0,
            returned_until: 0,
            orders: VecDeque::new(),
            own_opening: None,
            own_state: CircuitState::Closed,
            own_goes_on: false,
            vote_at: 0,
            voted: false,
            flight: None,
            again: None,
            next_read: 0,
            recheck_at: None,
            report_from: u64::MAX,
            gap_until: 0,
            used: true,
            expired: 0,
            offset_ms: None,
            heard_at: None,
            latest: 0,
            alone: false,
            retry_at: 0,
            chance,
            told: (CircuitState::Closed, Mode::Normal),
            generation: 0,
            transitions: VecDeque::new(),
        }
    }

    /// Somebody has seen this time since.
    pub(super) fn saw(&mut self, time: u64) {
        self.latest = self.latest.max(time);
    }

    /// Learns the time. A clock that goes back counts as one that stands still, and the server is asked what is left of an
    /// opening.
    pub(super) fn tick(&mut self, now: u64) {
        let by = self.latest.saturating_sub(now);
        self.latest = now;
        if by == 0 {
            return;
        }
        let back = |time: &mut u64| *time = time.saturating_sub(by);
        back(&mut self.view.open_until);
        back(&mut self.unheard.failed_at);
        back(&mut self.denied_until);
        back(&mut self.returned_until);
        back(&mut self.report_from);
        back(&mut self.gap_until);
        back(&mut self.retry_at);
        back(&mut self.vote_at);
        self.ok_at.iter_mut().for_each(back);
        self.unheard.ok_at.iter_mut().for_each(back);
        self.ahead.iter_mut().for_each(|ahead| back(&mut ahead.since));
        self.recheck_at.iter_mut().for_each(back);
        self.heard_at.iter_mut().for_each(back);
        self.own_opening.iter_mut().for_each(|(until, _)| back(until));
        self.probes.shift_back(by);
        self.flight.iter_mut().for_each(|flight| back(&mut flight.sent_at));
        self.offset_ms = None;
        self.look_again();
    }

    fn begin_closed(&mut self) {
        self.view.state = CircuitState::Closed;
        self.view.failures = 0;
        self.begin();
    }

    /// Forgets what belongs to the generation that has ended.
    fn begin(&mut self) {
        self.unheard = Report::NOTHING;
        self.own_failures = 0;
        self.ahead = None;
        self.ok_at = None;
        self.recheck_at = None;
        self.denied_until = 0;
        self.forget_own();
    }

    /// The instance's own breaker begins anew.
    fn forget_own(&mut self) {
        self.own_opening = None;
        self.own_state = CircuitState::Closed;
        self.own_goes_on = false;
    }

    /// A permit that was asked for before then and is not in use may be another's soon.
    fn half_a_lease_before(&self, now: u64) -> u64 {
        now.saturating_sub(u64::from(self.lease_ms) * 500)
    }

    /// A name that nobody else in the fleet gives.
    fn name(&mut self) -> String {
        self.names_given += 1;
        alloc::format!("{}{}", self.instance, name::number(self.names_given))
    }

    /// By chance 0 to `most`.
    fn random(&mut self, most: u64) -> u64 {
        u64::from(self.chance()) % (most + 1)
    }

    /// A number that differs from instance to instance.
    pub(in crate::redis) fn chance(&mut self) -> u32 {
        // Marsaglia's xorshift: nothing depends on how good it is.
        self.chance ^= self.chance << 13;
        self.chance ^= self.chance >> 17;
        self.chance ^= self.chance << 5;
        self.chance
    }

    /// How many instances must have tripped.
    const fn quorum(&self) -> u16 {
        match self.options.counting {
            Counting::Quorum(quorum) => quorum,
            Counting::Fleet | Counting::Local => 1,
        }
    }

    /// Whether the fleet counts, and not each instance by itself.
    const fn counts(&self) -> bool {
        matches!(self.options.counting, Counting::Fleet)
    }
}
