//! A breaker written from the rules alone: plain fields, whole times, a list of probes. Obvious and slow.

use std::vec::Vec;

use halfopen::{CircuitState, Mode, Outcome, Reason, Receipt};

use super::rule::{Back, Memory, in_steps};
use super::rules::Rules;
use super::told::Told;

/// A call that was let through.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Pass {
    pub(crate) id: u64,
    pub(crate) era: u64,
    pub(crate) probe: bool,
    pub(crate) at: i128,
}

/// The longest time that the documentation promises to measure.
pub(super) const LONGEST_MS: i128 = (1 << 31) - 1;

/// Milliseconds from `since` to `now`; `None` if the clock has gone back.
pub(crate) fn passed(since: i128, now: u64) -> Option<u64> {
    let apart = i128::from(now) - since;
    // Farther apart than that, times are told by their low 32 bits alone.
    let apart = if apart.abs() <= LONGEST_MS { apart } else { apart.rem_euclid(1 << 32) };
    (0..=LONGEST_MS).contains(&apart).then_some(apart as u64)
}

#[derive(Clone, Debug)]
pub(crate) struct Naive {
    pub(crate) rules: Rules,
    /// The state that was reached; an OPEN one goes on to HALF_OPEN when somebody asks or reports.
    pub(crate) circuit: CircuitState,
    pub(crate) mode: Mode,
    pub(crate) failures: u32,
    pub(crate) successes: u32,
    /// When OPEN began, or the newest probe was let through: the leases of all probes end with its own. Before the
    /// clock's origin, if a snapshot says so.
    pub(crate) since: i128,
    /// The probes that hold a place, by id.
    pub(crate) probes: Vec<u64>,
    next_id: u64,
    /// Counts changes, reclaims and restores.
    pub(crate) era: u64,
    pub(crate) last_failure: Option<u64>,
    pub(crate) told: Vec<Told>,
    /// What the rule remembers of CLOSED.
    pub(crate) memory: Memory,
    /// The era in which it was told of a call last.
    remembered_in: u64,
    /// How long the opening lasts.
    pub(crate) open_ms: u64,
    /// How often the circuit has opened again since it was CLOSED.
    pub(crate) reopenings: u32,
    /// The era of the opening up to which they are counted.
    pub(crate) opened_in: u64,
    /// Probes that failed in a round that forgives some.
    pub(crate) forgiven: u32,
    /// When a ramp began, after which everything is let through again.
    pub(crate) ramp: Option<i128>,
    /// The random number that is always drawn.
    pub(crate) chance: u32,
}

impl Naive {
    pub(crate) fn new(rules: Rules) -> Self {
        Self {
            rules,
            circuit: CircuitState::Closed,
            mode: Mode::Normal,
            failures: 0,
            successes: 0,
            since: 0,
            probes: Vec::new(),
            next_id: 0,
            era: 0,
            last_failure: None,
            told: Vec::new(),
            memory: Memory::default(),
            remembered_in: 0,
            open_ms: rules.recovery_ms,
            reopenings: 0,
            opened_in: 0,
            forgiven: 0,
            ramp: None,
            chance: 0,
        }
    }

    /// What `reopenings` says, where the way back adapts.
    pub(crate) fn shown_reopenings(&self) -> Option<u32> {
        let shown = if self.circuit == CircuitState::Closed { 0 } else { self.reopenings };
        self.rules.back.map(|_| shown)
    }

    /// What `failure_count` says.
    pub(crate) fn failure_count(&self, now: u64) -> u32 {
        let window = self.rules.trip.is_window() && self.circuit == CircuitState::Closed;
        if window { self.memory.counts(self.rules.trip, now).failures as u32 } else { self.failures }
    }

    /// As it is kept when the circuit leaves its state.
    pub(crate) fn failures_up_to(&self, now: u64) -> u32 {
        self.failure_count(now).min(1_023)
    }

    pub(crate) fn generation(&self) -> u16 {
        (self.era % 512) as u16
    }

    /// Calls that are in its window, or would be if the clock went back.
    pub(crate) fn held(&self, now: u64) -> usize {
        let (calls, buckets) = self.memory.looks(now, 0);
        calls.len() + buckets.iter().flat_map(|(_, calls)| calls).sum::<usize>()
    }

    /// A window is one of a generation, whose number comes again: what is documented ends there.
    pub(crate) fn may_be_mistaken(&self) -> bool {
        self.rules.trip.is_window() && self.era - self.remembered_in >= 511
    }

    pub(crate) fn state(&self, now: u64) -> CircuitState {
        let lapsed = self.circuit == CircuitState::Open && self.mode != Mode::Isolated && self.left(now) == 0;
        if lapsed { CircuitState::HalfOpen } else { self.circuit }
    }

    pub(crate) fn retry_after(&self, now: u64) -> Option<u64> {
        match self.mode {
            Mode::Isolated => None,
            Mode::Disabled | Mode::Shadow => Some(0),
            Mode::Normal => Some(self.wait(now)),
        }
    }

    /// Asks how long to wait, which a clock that went back makes begin anew.
    pub(crate) fn inquire(&mut self, now: u64) -> Option<u64> {
        if matches!(self.mode, Mode::Normal | Mode::Shadow) && self.wait(now) > 0 {
            self.notice(now);
        }
        self.retry_after(now)
    }

    /// How long the rules would make a request wait.
    pub(crate) fn wait(&self, now: u64) -> u64 {
        match self.circuit {
            CircuitState::Closed => match (self.ramp, self.rules.back) {
                (Some(since), Some(back)) => back.kept_back(passed(since, now).unwrap_or(0), self.chance),
                _ => 0,
            },
            CircuitState::Open => self.left(now),
            CircuitState::HalfOpen if self.probes.len() < self.places() => 0,
            CircuitState::HalfOpen => self.left(now),
        }
    }

    /// How many probes may be in flight: not more than could still matter.
    fn places(&self) -> usize {
        let all = self.rules.back.and_then(|back| back.trials);
        let left = all.map(|all| all.saturating_sub(self.successes + self.forgiven) as usize);
        left.unwrap_or(usize::MAX).min(self.rules.max_calls).max(1)
    }

    /// What is left of the timeout or the lease. A clock that went back has let no time pass.
    pub(crate) fn left(&self, now: u64) -> u64 {
        let whole = if self.circuit == CircuitState::Open { self.open_ms } else { self.rules.lease_ms };
        whole.saturating_sub(passed(self.since, now).unwrap_or(0))
    }

    /// What is left of a ramp.
    pub(crate) fn ramp_left(&self, now: u64) -> u64 {
        match (self.ramp, self.rules.back) {
            (Some(since), Some(back)) => back.ramp_ms.saturating_sub(passed(since, now).unwrap_or(0)),
            _ => 0,
        }
    }

    /// If the clock went back, the wait begins anew.
    fn notice(&mut self, now: u64) {
        let anew = |since: i128| if passed(since, now).is_none() { now.into() } else { since };
        match self.circuit {
            CircuitState::Closed => self.ramp = self.ramp.map(anew),
            CircuitState::Open | CircuitState::HalfOpen => self.since = anew(self.since),
        }
    }

    pub(crate) fn ask(&mut self, now: u64) -> Option<Pass> {
        if self.mode == Mode::Isolated {
            self.told.push(Told::Refused(CircuitState::Open, None, false));
            return None;
        }
        if self.mode == Mode::Disabled {
            return Some(self.pass(false, now));
        }
        let wait = self.wait(now);
        if wait > 0 {
            self.notice(now);
            let shadow = self.mode == Mode::Shadow;
            self.told.push(Told::Refused(self.circuit, Some(wait), shadow));
            return shadow.then(|| self.pass(false, now));
        }
        if self.circuit == CircuitState::Closed {
            self.notice(now);
            let all = self.rules.back.is_none_or(|back| back.ramp_from == 100);
            self.ramp = self.ramp.filter(|_| self.ramp_left(now) > 0 && !all);
            return Some(self.pass(false, now));
        }
        if self.circuit == CircuitState::Open {
            self.change(CircuitState::HalfOpen, self.mode, Reason::RecoveryTimeout, self.failures);
        } else if self.probes.len() >= self.places() {
            self.probes.clear();
            self.era += 1;
        }
        self.since = now.into();
        self.probes.push(self.next_id);
        Some(self.pass(true, now))
    }

    fn pass(&mut self, probe: bool, now: u64) -> Pass {
        self.next_id += 1;
        Pass { id: self.next_id - 1, era: self.era, probe, at: now.into() }
    }

    pub(crate) fn report(&mut self, now: u64, pass: Option<Pass>, outcome: Outcome) -> Receipt {
        let took = pass.and_then(|pass| passed(pass.at, now));
        self.report_after(now, pass, outcome, took)
    }

    /// Of a call that took so long.
    pub(crate) fn report_after(
        &mut self,
        now: u64,
        pass: Option<Pass>,
        outcome: Outcome,
        took: Option<u64>,
    ) -> Receipt {
        let slow = self.rules.trip.is_slow(took);
        // As a probe a slow call has shown that nothing is better; in a window it counts as what it is.
        let fails = slow && (!self.rules.trip.is_window() || self.circuit == CircuitState::HalfOpen);
        let outcome = if fails && outcome == Outcome::Success { Outcome::Failure } else { outcome };
        let receipt = self.receipt(now, pass);
        let in_open = self.state(now) == CircuitState::Open;
        if outcome == Outcome::Failure && (receipt == Receipt::Recorded || in_open) {
            self.last_failure = Some(now);
        }
        match receipt {
            Receipt::Recorded => self.record(now, pass, outcome, slow, took),
            Receipt::Disabled => {}
            // What was let through in spite of the rules, or says nothing, is no surprise.
            late if self.mode != Mode::Shadow && outcome != Outcome::Ignored => self.told.push(Told::Late(late)),
            _ => {}
        }
        receipt
    }

    fn receipt(&self, now: u64, pass: Option<Pass>) -> Receipt {
        if self.mode == Mode::Disabled {
            return Receipt::Disabled;
        }
        let Some(pass) = pass else {
            return if self.state(now) == CircuitState::Open { Receipt::Stale } else { Receipt::Recorded };
        };
        let at_home = match self.circuit {
            CircuitState::Closed => !pass.probe,
            CircuitState::Open => false,
            CircuitState::HalfOpen => pass.probe,
        };
        // Generations are counted modulo 512.
        if at_home && pass.era % 512 == self.era % 512 {
            return Receipt::Recorded;
        }
        let expired = pass.probe && passed(pass.at, now).is_some_and(|passed| passed >= self.rules.lease_ms);
        if expired { Receipt::Expired } else { Receipt::Stale }
    }

    fn record(&mut self, now: u64, pass: Option<Pass>, outcome: Outcome, slow: bool, took: Option<u64>) {
        if self.circuit == CircuitState::Closed && self.rules.trip.is_window() {
            if outcome != Outcome::Ignored {
                self.remembered_in = self.era;
                if let Some(reason) = self.memory.record(self.rules.trip, now, outcome == Outcome::Failure, slow) {
                    self.open(now, reason, self.failures_up_to(now));
                }
            }
            return;
        }
        if self.circuit == CircuitState::Closed {
            match outcome {
                Outcome::Success => self.failures = 0,
                Outcome::Failure => {
                    self.count_failure();
                    if self.failures >= self.rules.failure_threshold {
                        self.open(now, Reason::ConsecutiveFailures, self.failures);
                    }
                }
                Outcome::Ignored => {}
            }
            return;
        }
        if self.circuit == CircuitState::Open {
            if outcome == Outcome::Ignored {
                return;
            }
            self.change(CircuitState::HalfOpen, self.mode, Reason::RecoveryTimeout, self.failures);
            self.since = now.into();
            // It acts on the state in force from now on.
            self.report_in_half_open(now, pass, outcome, took);
            return;
        }
        self.give_back(pass);
        self.count_probe(now, outcome);
    }

    /// An outcome without a permit that found the timeout passed.
    fn report_in_half_open(&mut self, now: u64, pass: Option<Pass>, outcome: Outcome, took: Option<u64>) {
        let fails = self.rules.trip.is_slow(took) && outcome == Outcome::Success;
        let outcome = if fails { Outcome::Failure } else { outcome };
        if outcome == Outcome::Failure {
            self.last_failure = Some(now);
        }
        self.give_back(pass);
        self.count_probe(now, outcome);
    }

    fn count_probe(&mut self, now: u64, outcome: Outcome) {
        match outcome {
            Outcome::Success => {
                self.successes += 1;
                if self.successes >= self.rules.success_threshold {
                    self.change(CircuitState::Closed, self.mode, Reason::ProbesSucceeded, 0);
                    let ramps = |back: Back| back.ramp_ms > 0 && back.ramp_from < 100;
                    self.ramp = self.rules.back.is_some_and(ramps).then_some(now.into());
                }
            }
            Outcome::Failure => {
                self.count_failure();
                let trials = self.rules.back.and_then(|back| back.trials);
                if trials.is_some_and(|trials| self.forgiven < trials - self.rules.success_threshold) {
                    self.forgiven += 1;
                } else {
                    self.open(now, Reason::ProbeFailed, self.failures);
                }
            }
            Outcome::Ignored => {}
        }
    }

    fn count_failure(&mut self) {
        if self.failures < 1_023 {
            self.failures += 1;
        }
    }

    /// Gives back the probe's own place, or any where nobody knows whose it is.
    fn give_back(&mut self, pass: Option<Pass>) {
        let own = pass.and_then(|pass| self.probes.iter().position(|id| *id == pass.id));
        if let Some(place) = own.or(self.probes.len().checked_sub(1)) {
            self.probes.remove(place);
        }
    }

    pub(crate) fn open(&mut self, now: u64, reason: Reason, failures: u32) {
        let by_rate = matches!(reason, Reason::FailureRate | Reason::SlowCallRate);
        let tally = by_rate.then(|| self.memory.counts(self.rules.trip, now));
        self.change(CircuitState::Open, self.mode, reason, failures);
        if let Some(Told::Change { tally: told, .. }) = self.told.last_mut() {
            *told = tally;
        }
        self.wait_anew(now);
    }

    /// An opening that begins now.
    pub(crate) fn wait_anew(&mut self, now: u64) {
        self.since = now.into();
        self.open_ms = self.rules.open_ms(self.reopenings, self.chance);
    }

    /// Stays OPEN for so much longer, as far as the rules allow.
    pub(crate) fn hold_open(&mut self, now: u64, ms: u64) {
        let ms = ms.min(self.rules.back.map_or(0, |back| back.longest_ms));
        if self.circuit == CircuitState::Open && self.mode != Mode::Isolated && (1..ms).contains(&self.left(now)) {
            self.open_ms = in_steps((self.open_ms - self.left(now) + ms).min(LONGEST_MS as u64));
        }
    }

    /// Goes on to another state or mode, and tells so.
    pub(crate) fn change(&mut self, to: CircuitState, mode: Mode, reason: Reason, failures: u32) {
        let (from, successes) = (self.circuit, self.successes);
        // What is counted up to the change: a closing forgets it, an opening may have looked for it.
        let told = self.failures.max(failures);
        // CLOSED goes on where somebody only watches from now on, with its window and its ramp.
        let goes_on = reason == Reason::Shadowed && (from, self.mode) == (CircuitState::Closed, Mode::Normal);
        let (memory, ramp) = (core::mem::take(&mut self.memory), self.ramp);
        let reopenings = self.reopenings_after(to, mode);
        self.begin(to, mode, failures);
        if goes_on {
            (self.memory, self.ramp) = (memory, ramp);
        }
        if to == CircuitState::Open && from != CircuitState::Open {
            (self.reopenings, self.opened_in) = (reopenings, self.era);
        }
        let generation = self.generation();
        self.told.push(Told::Change { from, to, mode, reason, failures: told, successes, generation, tally: None });
    }

    /// An isolation is no reopening.
    fn reopenings_after(&self, to: CircuitState, mode: Mode) -> u32 {
        match self.circuit {
            CircuitState::Closed => 0,
            CircuitState::HalfOpen if to == CircuitState::Open && mode != Mode::Isolated => {
                // Generations are counted modulo 512.
                let same = (self.era + 1) % 512 == self.opened_in % 512;
                (self.reopenings + u32::from(!same)).min(255)
            }
            CircuitState::Open | CircuitState::HalfOpen => self.reopenings,
        }
    }

    /// Another generation, in which nothing has happened.
    pub(crate) fn begin(&mut self, circuit: CircuitState, mode: Mode, failures: u32) {
        self.era += 1;
        (self.circuit, self.mode, self.failures) = (circuit, mode, failures);
        (self.successes, self.forgiven, self.ramp) = (0, 0, None);
        self.probes.clear();
        self.memory = Memory::default();
    }
}
