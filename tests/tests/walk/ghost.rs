//! What is true of a circuit, by what has really happened to it: the time that has passed whatever the clock showed,
//! and the calls that are out. It learns from answers and judges them, and never looks into a state.

use halfopen::machine::{Event, Policy, Ticket, Verdict};
use halfopen::{CircuitState, Mode, Outcome, Receipt};

#[derive(Clone, Debug)]
pub(crate) struct Ghost {
    /// Where the latest transition led.
    pub(crate) circuit: CircuitState,
    pub(crate) mode: Mode,
    /// Counts the changes of circuit and mode, and nothing else.
    pub(crate) round: u32,
    pub(crate) count: u32,
    pub(crate) successes: u32,
    /// Milliseconds that have really passed.
    pub(crate) forward: i64,
    /// When OPEN began, or was told to begin anew.
    pub(crate) opened: i64,
    /// When a request must be let through at the latest; unknown from a step back of the clock to the next request.
    pub(crate) due: Option<i64>,
    /// Somebody has reported without a ticket in this round, so that nobody knows whose place was given back.
    pub(crate) unfenced: bool,
    pub(crate) calls: Vec<Call>,
}

/// A call that is out.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) ticket: Ticket,
    pub(crate) round: u32,
    pub(crate) probe: bool,
    /// It was let through by the rules, and nobody has taken its place over.
    pub(crate) counts: bool,
    /// When it was let through, in the time that really passes and on the clock.
    pub(crate) began: i64,
    pub(crate) issued: i64,
}

impl Ghost {
    pub(crate) fn new() -> Self {
        Self {
            circuit: CircuitState::Closed,
            mode: Mode::Normal,
            round: 0,
            count: 0,
            successes: 0,
            forward: 0,
            opened: 0,
            due: None,
            unfenced: false,
            calls: Vec::new(),
        }
    }

    /// The number of calls whose outcome cannot count any more.
    pub(crate) fn late(&self) -> usize {
        self.calls.iter().filter(|call| !call.counts || call.round != self.round).count()
    }

    /// The probes of this round that hold a place.
    pub(crate) fn probes(&self) -> impl Iterator<Item = &Call> {
        self.calls.iter().filter(|call| call.probe && call.counts && call.round == self.round)
    }

    pub(crate) fn clock_moved(&mut self, by: i64) {
        self.forward += by.max(0);
        if by < 0 {
            self.due = None;
        }
    }

    /// Somebody asked at `now`. `reclaimed`: the generation changed, and the circuit did not.
    pub(crate) fn asked(&mut self, policy: &Policy, now: i64, verdict: Verdict, reclaimed: bool) {
        let (ticket, granted) = match verdict {
            Verdict::Admitted(ticket) => (Some(ticket), true),
            Verdict::Shadowed(ticket, _) => (Some(ticket), false),
            Verdict::Refused(_) => (None, false),
            other => panic!("a request was answered {other:?}"),
        };
        match self.mode {
            Mode::Normal => assert!(granted || ticket.is_none(), "shadowed in normal mode"),
            Mode::Shadow => assert!(ticket.is_some(), "refused in shadow mode"),
            Mode::Isolated => return assert!(ticket.is_none(), "let through while isolated"),
            Mode::Disabled => assert!(granted, "refused while disabled"),
        }
        let probe = self.circuit != CircuitState::Closed && granted;
        match self.circuit {
            CircuitState::Closed => assert!(granted, "refused in CLOSED"),
            CircuitState::Open => {
                let timeout = i64::from(policy.recovery_timeout_ms());
                assert!(!granted || self.forward - self.opened >= timeout, "let through before the timeout");
                self.wait(granted, timeout);
                if granted {
                    self.change(CircuitState::HalfOpen, self.mode);
                }
            }
            CircuitState::HalfOpen => self.asked_half_open(policy, granted, reclaimed),
        }
        let Some(ticket) = ticket else { return };
        assert_eq!(ticket.is_probe(), probe);
        let (round, began) = (self.round, self.forward);
        let counts = granted;
        self.calls.push(Call { ticket, round, probe, counts, began, issued: now });
        if probe {
            let lease = i64::from(policy.probe_timeout_ms());
            self.due = Some(self.forward + lease);
            let alive = self.probes().filter(|call| self.forward - call.began < lease).count();
            assert!(self.unfenced || alive <= usize::from(policy.half_open_max_calls()), "too many probes in flight");
        }
    }

    fn asked_half_open(&mut self, policy: &Policy, granted: bool, reclaimed: bool) {
        let lease = i64::from(policy.probe_timeout_ms());
        let held = self.probes().count();
        let full = held == usize::from(policy.half_open_max_calls());
        assert!(full || granted || self.unfenced, "refused although a place was free");
        assert!(reclaimed == (full && granted) || self.unfenced, "{held} held, granted {granted}");
        if reclaimed {
            assert!(self.probes().all(|call| self.forward - call.began >= lease), "a lease was cut short");
            self.calls.iter_mut().for_each(|call| call.counts = false);
            self.unfenced = false;
        }
        self.wait(granted, lease);
    }

    /// Somebody asked whether a request would be let through.
    pub(crate) fn inquired(&mut self, policy: &Policy, verdict: Verdict) {
        match (verdict, self.circuit) {
            (Verdict::Done, _) | (_, CircuitState::Closed) => {}
            (_, CircuitState::Open) if self.mode == Mode::Isolated => {}
            (_, CircuitState::Open) => self.wait(false, policy.recovery_timeout_ms().into()),
            (_, CircuitState::HalfOpen) => self.wait(false, policy.probe_timeout_ms().into()),
        }
    }

    fn wait(&mut self, granted: bool, wait: i64) {
        if !granted {
            assert!(self.due.is_none_or(|due| self.forward < due), "refused after it was due");
            self.due.get_or_insert(self.forward + wait);
        }
    }

    /// A call ended; nobody knows which where `call` is none. Gives the receipt to expect and whether it is a failure.
    pub(crate) fn ended(
        &mut self,
        policy: &Policy,
        now: i64,
        call: Option<&Call>,
        outcome: Outcome,
        in_force: CircuitState,
    ) -> (Receipt, bool) {
        let failure = outcome == Outcome::Failure;
        if self.mode == Mode::Disabled {
            return (Receipt::Disabled, false);
        }
        match call {
            Some(call) if call.counts && call.round == self.round => {}
            Some(call) => {
                let expired = call.probe && now - call.issued >= i64::from(policy.probe_timeout_ms());
                let receipt = if expired { Receipt::Expired } else { Receipt::Stale };
                return (receipt, failure && in_force == CircuitState::Open);
            }
            None if in_force == CircuitState::Open => return (Receipt::Stale, failure),
            None if self.circuit == CircuitState::Open && outcome == Outcome::Ignored => {}
            None => {
                self.change(in_force, self.mode);
                self.unfenced = true;
            }
        }
        match (self.circuit, outcome) {
            (_, Outcome::Ignored) => {}
            (CircuitState::Closed, Outcome::Success) => self.count = 0,
            (CircuitState::Closed, Outcome::Failure) => {
                self.count += 1;
                if self.count >= u32::from(policy.failure_threshold()) {
                    self.open(policy, self.mode);
                }
            }
            (CircuitState::HalfOpen, Outcome::Success) => {
                self.successes += 1;
                if self.successes >= u32::from(policy.success_threshold()) {
                    self.count = 0;
                    self.change(CircuitState::Closed, self.mode);
                }
            }
            (CircuitState::HalfOpen, Outcome::Failure) => {
                self.count += 1;
                self.open(policy, self.mode);
            }
            (CircuitState::Open, _) => unreachable!("no call of an OPEN circuit counts"),
        }
        (Receipt::Recorded, failure)
    }

    pub(crate) fn commanded(&mut self, policy: &Policy, command: Event) {
        let ruled = matches!(self.mode, Mode::Normal | Mode::Shadow);
        match command {
            Event::Trip if ruled => self.open(policy, self.mode),
            Event::Trip => {}
            Event::Isolate => self.change(CircuitState::Open, Mode::Isolated),
            Event::Shadow if ruled => self.change(self.circuit, Mode::Shadow),
            Event::Shadow => self.clear(Mode::Shadow),
            Event::Disable => self.clear(Mode::Disabled),
            Event::Reset => self.clear(Mode::Normal),
            Event::Acquire | Event::Inquire | Event::Settle(..) => unreachable!("not a command"),
        }
    }

    fn open(&mut self, policy: &Policy, mode: Mode) {
        self.change(CircuitState::Open, mode);
        self.opened = self.forward;
        self.due = Some(self.forward + i64::from(policy.recovery_timeout_ms()));
    }

    fn clear(&mut self, mode: Mode) {
        self.change(CircuitState::Closed, mode);
        self.count = 0;
    }

    fn change(&mut self, circuit: CircuitState, mode: Mode) {
        if (circuit, mode) != (self.circuit, self.mode) {
            (self.circuit, self.mode) = (circuit, mode);
            self.round += 1;
            self.successes = 0;
            self.unfenced = false;
        }
    }
}
