//! What really happened, and whether what the fleet does is right by the promises of the protocol's page.

use std::collections::{BTreeMap, VecDeque};

use halfopen::CircuitState;
use halfopen::redis::wire::View;

use crate::instance::{Instance, Kind, Link};
use crate::plan::{Fault, RESPONSE_TIMEOUT, SETTLE};
use crate::server::Stored;
use crate::world::World;

/// What has happened so far.
#[derive(Default)]
pub(crate) struct Truth {
    /// Failures of calls let through in CLOSED: when, and in which generation as far as their instance knew.
    /// `true`: nobody else may have known of it in time.
    failures: VecDeque<(u64, u64, bool)>,
    /// Successes of instances that knew of a failure and could reach the server: when, which generation, whose.
    successes: VecDeque<(u64, u64, usize, u64)>,
    /// Successes of probes, by the generation of their admission.
    proofs: BTreeMap<u64, u32>,
    probe_failures: VecDeque<(u64, u64)>,
    /// When the server lost or was made to change data.
    pub(crate) losses: Vec<u64>,
    pub(crate) jumped_at: Option<u64>,
    /// When the server's latest transition was.
    moved_at: u64,
}

const KEPT: usize = 4_096;

fn keep<T>(list: &mut VecDeque<T>, one: T) {
    if list.len() == KEPT {
        list.pop_front();
    }
    list.push_back(one);
}

impl Truth {
    pub(crate) fn failed(&mut self, now: u64, gen_no: u64, unheard: bool) {
        keep(&mut self.failures, (now, gen_no, unheard));
    }

    pub(crate) fn refuted(&mut self, now: u64, gen_no: u64, number: usize, life: u64) {
        keep(&mut self.successes, (now, gen_no, number, life));
    }

    pub(crate) fn proved(&mut self, gen_no: u64) {
        *self.proofs.entry(gen_no).or_default() += 1;
    }

    pub(crate) fn probe_failed(&mut self, now: u64, gen_no: u64) {
        keep(&mut self.probe_failures, (now, gen_no));
    }

    /// How often the server lost data since then.
    fn losses_since(&self, then: u64) -> u32 {
        self.losses.iter().rev().take_while(|at| **at >= then).count() as u32
    }
}

impl World {
    /// The probes that the fleet let through and that no exception of the page covers.
    pub(crate) fn check_bound(&mut self) {
        let (now, timeout) = (self.now, self.plan.probe_timeout_ms * 1_000);
        let counted =
            |call: &&crate::instance::Call| call.kind == Kind::Probe && !call.excused && now - call.since < timeout;
        let probes = self.instances.iter().flatten().flat_map(|one| one.calls.values()).filter(counted).count() as u32;
        // A renewal and the way to the server later all that run have a place again or know that they have none.
        let since = now.saturating_sub(2 * self.plan.lease_us() + 1_500_000);
        let most = self.plan.places * (1 + self.truth.losses_since(since));
        if probes == self.plan.places {
            self.statistics.full += 1;
        }
        if probes > most {
            self.fail(format!("{probes} probes run, {most} may"));
        }
    }

    /// Alone, an instance keeps to the bound by itself.
    pub(crate) fn check_own_bound(&mut self, number: usize) {
        let (now, timeout) = (self.now, self.plan.probe_timeout_ms * 1_000);
        let instance = self.instances[number].as_ref().expect("one that runs");
        let probes = instance
            .calls
            .values()
            .filter(|call| call.kind == Kind::OwnProbe && !call.excused && now - call.since < timeout);
        let probes = probes.count();
        // An outcome of which nobody knows the call gives back a place, whosever it is.
        if probes > self.plan.places as usize && self.plan.unfenced_permille == 0 {
            self.fail(format!("i{number} alone has {probes} probes, {} may run", self.plan.places));
        }
    }

    /// Whether an instance may let a call through, by what it was told.
    pub(crate) fn check_admission(&mut self, number: usize, kind: Kind) {
        let instance = self.instances[number].as_ref().expect("one that runs");
        let Some(known) = instance.known else { return };
        let now = self.now + instance.offset;
        let forced = known.forced.map(|order| order.as_str());
        let shut = match (forced, known.state) {
            (Some("open"), _) => true,
            (None, CircuitState::Open) => known.open_until > now + 2_000,
            _ => false,
        };
        if shut && (forced.is_none() || !instance.is_alone()) {
            return self.fail(format!("i{number} lets a call through as {kind:?}, and knows that it is {known:?}"));
        }
        let plain = kind == Kind::Plain && !instance.is_alone();
        if plain && forced.is_none() && known.state != CircuitState::Closed {
            self.fail(format!("i{number} lets a call through without a permit, and knows that it is {known:?}"));
        }
    }

    /// What an instance shows after an event: nothing of it goes back.
    pub(crate) fn look(&mut self, number: usize) {
        let Some(view) = self.view_of(number) else { return };
        let edits = self.plan.has(Fault::Edit) || self.plan.has(Fault::Order);
        let instance = self.instances[number].as_mut().expect("one that runs");
        let before = std::mem::replace(&mut instance.view, view);
        let key = |view: &View| (view.gen_no, view.streak, view.failures);
        let back = (view.gen_no, view.streak) < (before.gen_no, before.streak) || (!edits && key(&view) < key(&before));
        let alone = instance.is_alone();
        if std::mem::replace(&mut instance.was_alone, alone) && !alone {
            // Those that still run are no longer counted by anybody.
            instance.calls.values_mut().filter(|call| call.kind == Kind::OwnProbe).for_each(|call| call.excused = true);
        }
        if instance.is_alone() {
            instance.alone_at = instance.alone_at.max(Some(self.now));
            instance.excuse();
        }
        let (told, now) = (instance.told.take(), self.now);
        let mut broken = None;
        for transition in &told {
            if transition.from != instance.state_told {
                broken.get_or_insert((instance.state_told, *transition));
            }
            instance.state_told = transition.to;
            // Of an own HALF_OPEN that is over nothing counts any more, what still runs included.
            let earlier = instance.calls.values_mut().filter(|call| call.kind == Kind::OwnProbe && call.since < now);
            earlier.for_each(|call| call.excused = true);
        }
        let kept = instance.breaker.with_circuit(|circuit| circuit.kept());
        let out = instance.calls.len();
        for transition in &told {
            self.say(|| {
                format!("i{number} is told {} -> {} ({})", transition.from, transition.to, transition.reason.as_str())
            });
            match transition.reason.as_str() {
                "refuted" => self.statistics.taken_back += 1,
                _ => self.statistics.transitions += 1,
            }
        }
        if back {
            self.fail(format!("i{number}: its view goes back from {before:?} to {view:?}"));
        }
        if let Some((state, transition)) = broken {
            self.fail(format!("i{number} was told of {state} last, and now of {transition:?}"));
        }
        if kept[0] > out + 40 || kept[1] > 100 || kept[2] > 0 {
            self.fail(format!("i{number} keeps {kept:?} (probes, orders, transitions) for {out} calls"));
        }
    }

    /// Whether the server has done right.
    pub(crate) fn check_exchange(
        &mut self,
        number: usize,
        again: bool,
        before: &Stored,
        request: &[String],
        answer: &[String],
    ) {
        if answer[0] == "expired" {
            self.statistics.expired += 1;
            return;
        }
        let seen: u64 = request[9].parse().unwrap_or(0);
        let gen_no: u64 = answer[1].parse().unwrap_or(0);
        if gen_no < seen.max(before.gen_no) {
            return self
                .fail(format!("the server knows of generation {gen_no}, its caller of {seen}, itself of {before:?}"));
        }
        let moved = gen_no != before.gen_no;
        if answer[11] == "restored" && moved {
            self.statistics.restored += 1;
        }
        match request[0].as_str() {
            // The last renewal asks for what is left, and may come when nothing is.
            "renew" if answer[0] == "lost" && !again && request[18] == self.plan.lease_ms.to_string() => {
                self.check_lost(number);
            }
            "done" if answer[0] == "late" && request[18] == "ok" && !again => {
                let fenced = request[17].parse() == Ok(before.gen_no) && request[17] == answer[1];
                let there = before.state == "half_open" && before.forced.is_empty();
                if fenced
                    && there
                    && self.plan.unfenced_permille == 0
                    && !self.is_excused_now(number)
                    && request[19] == "0"
                {
                    self.fail(format!("i{number}: a probe's success does not count, and nothing has happened to it"));
                }
            }
            _ => {}
        }
        if !moved {
            return;
        }
        let since = std::mem::replace(&mut self.truth.moved_at, self.now);
        match (answer[2].as_str(), answer[11].as_str()) {
            ("open", "consecutive_failures") => {
                self.statistics.openings += 1;
                let disturbed = self.truth.losses_since(since.saturating_sub(10_000_000)) > 0;
                if !disturbed {
                    self.check_opening(before.gen_no);
                }
            }
            ("closed", "probes_succeeded") => {
                self.statistics.closings += 1;
                let disturbed = self.truth.losses_since(since.saturating_sub(10_000_000)) > 0;
                let proofs = self.truth.proofs.get(&before.gen_no).copied().unwrap_or(0);
                let fenced = self.plan.unfenced_permille == 0;
                if !disturbed && fenced && before.state == "half_open" && proofs < self.plan.success_threshold {
                    self.fail(format!("it closes after {proofs} probes of {}", self.plan.success_threshold));
                }
            }
            _ => {}
        }
    }

    fn is_excused_now(&self, number: usize) -> bool {
        let recently = self.now.saturating_sub(self.plan.probe_timeout_ms * 1_000 + 2_000_000);
        let lost = self.truth.losses_since(recently) > 0;
        let slow = self.plan.call >= self.plan.probe_timeout_ms * 1_000;
        let alone = self.instances[number].as_ref().is_none_or(|one| one.alone_at.is_some_and(|at| at >= recently));
        lost || alone || slow
    }

    /// A probe's place has gone to another.
    fn check_lost(&mut self, number: usize) {
        self.statistics.places_lost += 1;
        if !self.is_excused_now(number) {
            return self
                .fail(format!("i{number}: a probe's place was given to another, and nothing has happened to it"));
        }
        if let Some(instance) = &mut self.instances[number] {
            instance.excuse();
        }
    }

    /// Promise 4.
    fn check_opening(&mut self, gen_no: u64) {
        let truth = &self.truth;
        let threshold = self.plan.failure_threshold as usize;
        let of_it = |at: &&(u64, u64, bool)| at.1 == gen_no || self.plan.unfenced_permille > 0;
        let all = truth.failures.iter().filter(of_it).count();
        if all < threshold {
            return self.fail(format!("it opens after {all} failures of {threshold}"));
        }
        if truth.jumped_at.is_some_and(|at| self.now - at < 70_000_000) || self.plan.unfenced_permille > 0 {
            return;
        }
        // By then what a success has to say is at the server: its own wait, an exchange before it, and its own way.
        let way = self.plan.delay.min(RESPONSE_TIMEOUT);
        let margin = SETTLE + 5 * way;
        let reached = |success: &&(u64, u64, usize, u64)| {
            let (at, gen_at, number, life) = **success;
            let instance = self.instances[number].as_ref().filter(|instance| instance.life == life);
            let waits = |one: &Instance| one.link != Link::Ready && one.sent_at + 2 * way + 2_000 < self.now;
            let there =
                instance.is_some_and(|one| !one.paused && !waits(one) && one.alone_at.is_none_or(|alone| alone < at));
            gen_at == gen_no && self.now - at > margin && there
        };
        let Some(refuted) = truth.successes.iter().rev().find(reached).map(|success| success.0) else { return };
        // Ages are taken when a request is sent, so that a failure seems later by its way and by that of a copy.
        let fuzz = 2 * way + 2_000;
        let may_count = |failure: &&(u64, u64, bool)| failure.0 + fuzz >= refuted || failure.2;
        let since = truth.failures.iter().filter(of_it).filter(may_count).count();
        self.statistics.openings_checked += 1;
        if since < threshold {
            self.fail(format!(
                "it opens after {since} failures of {threshold} since a success {} µs ago",
                self.now - refuted
            ));
        }
    }
}
