//! The script equals `step` for one instance.
//!
//! Left out is what the two do differently on purpose: the end of a lease (the script's are those of single probes), and
//! probes that go on after a transition (in a fleet they keep their places); each has tests of its own.

mod common;

use core::time::Duration;

use common::{KEY, START_MS};
use halfopen::machine::{Event, Policy, State, Ticket, Verdict, step};
use halfopen::{Config, Mode, Outcome, Reason, Receipt, Timestamp};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use rig::{Caller, FakeRedis, Op, Redis, Reply, View};

const RECOVERY_MS: u64 = 30_000;
const NO_LEASE_ENDS_MS: u64 = 1 << 40;

#[derive(Clone, Debug)]
enum Act {
    Wait(u64),
    Acquire,
    Settle(Option<usize>, Outcome),
    Trip,
    Isolate,
    Disable,
    Reset,
}

fn acts() -> impl Strategy<Value = Act> {
    let outcome = || prop_oneof![4 => Just(Outcome::Failure), 3 => Just(Outcome::Success), 1 => Just(Outcome::Ignored)];
    prop_oneof![
        4 => prop_oneof![Just(1), Just(RECOVERY_MS - 1), Just(RECOVERY_MS), 0..2 * RECOVERY_MS].prop_map(Act::Wait),
        6 => Just(Act::Acquire),
        5 => outcome().prop_map(|outcome| Act::Settle(None, outcome)),
        6 => (0..4usize, outcome()).prop_map(|(which, outcome)| Act::Settle(Some(which), outcome)),
        1 => Just(Act::Trip),
        1 => prop_oneof![Just(Act::Isolate), Just(Act::Disable), Just(Act::Reset)],
        1 => Just(Act::Reset),
    ]
}

/// A request that was let through: `step`'s ticket, and what the script knows it by.
struct Admitted {
    ticket: Ticket,
    generation: u64,
    token: Option<String>,
}

/// The pure rules, and beside them the script.
struct Twins {
    policy: Policy,
    state: State,
    failed_at: Option<u64>,
    succeeded_at: Option<u64>,
    redis: FakeRedis,
    caller: Caller,
    now_ms: u64,
    admitted: Vec<Admitted>,
    names: u64,
    reasons: Vec<Reason>,
    told: u64,
}

impl Twins {
    fn new(failures: u32, successes: u32, places: u32) -> Self {
        let config = Config::new()
            .failure_threshold(failures)
            .success_threshold(successes)
            .half_open_max_calls(places)
            .recovery_timeout(Duration::from_millis(RECOVERY_MS))
            .probe_timeout(Duration::from_millis((1 << 31) - 1));
        let caller = Caller {
            failure_threshold: failures.into(),
            success_threshold: successes.into(),
            half_open_max_calls: places.into(),
            recovery_ms: RECOVERY_MS,
            lease_ms: NO_LEASE_ENDS_MS,
            ttl_ms: NO_LEASE_ENDS_MS,
            ..Caller::default()
        };
        Self {
            policy: config.validate().unwrap(),
            state: State::NEW,
            failed_at: None,
            succeeded_at: None,
            redis: FakeRedis::new(),
            caller,
            now_ms: START_MS,
            admitted: Vec::new(),
            names: 0,
            reasons: Vec::new(),
            told: 0,
        }
    }

    fn name(&mut self) -> String {
        self.names += 1;
        format!("a.{}", self.names)
    }

    fn step(&mut self, event: Event) -> Verdict {
        loop {
            let step = step(&self.policy, self.state, event, Timestamp::from_millis(self.now_ms));
            self.state = step.next.unwrap_or(self.state);
            self.reasons.extend(step.effect.transition.map(|transition| transition.reason));
            if step.effect.failed {
                self.failed_at = Some(self.now_ms);
            }
            if step.effect.verdict != Verdict::Again {
                return step.effect.verdict;
            }
        }
    }

    fn ask(&mut self, op: Op<'_>) -> Reply {
        self.redis.set_time_us(self.now_ms * 1_000);
        self.caller.ask(&mut self.redis, KEY, op).expect("an answer")
    }

    fn acquire(&mut self) {
        let verdict = self.step(Event::Acquire);
        let token = self.name();
        let reply = self.ask(Op::Acquire { token: &token });
        match (verdict, reply.result.as_str()) {
            (Verdict::Admitted(ticket), "granted") => {
                self.admitted.push(Admitted { ticket, generation: reply.generation, token: Some(token) });
            }
            // That of generation 0 is not fenced.
            (Verdict::Admitted(ticket), "closed") if reply.generation > 0 && reply.forced.is_empty() => {
                self.admitted.push(Admitted { ticket, generation: reply.generation, token: None });
            }
            (Verdict::Admitted(_), "closed") => {}
            (Verdict::Refused(refusal), "denied") => {
                let wait = refusal.retry_after_ms.map_or(-1, i64::from);
                // How long a probe without an end holds its place is not the same number.
                if reply.state == "open" {
                    assert_eq!(wait, reply.extra, "how long to wait");
                }
            }
            other => panic!("{other:?}"),
        }
    }

    fn settle(&mut self, which: Option<usize>, outcome: Outcome) {
        let admitted = match which {
            Some(which) if which < self.admitted.len() => Some(self.admitted.swap_remove(which)),
            Some(_) => return,
            None => None,
        };
        let verdict = self.step(Event::Settle(admitted.as_ref().map(|admitted| admitted.ticket), outcome));
        let reply = match admitted {
            Some(Admitted { generation, token: Some(token), .. }) => self.done(&token, generation, outcome),
            Some(Admitted { generation, token: None, .. }) => self.report(generation, outcome),
            None if self.caller.seen.state == "closed" => self.report(0, outcome),
            None => {
                // Whose outcome it is, nobody says: that of the probe that has been there longest.
                let probe = self.admitted.iter().position(|admitted| admitted.token.is_some());
                let token = probe.and_then(|at| self.admitted.remove(at).token);
                Some(self.done(&token.unwrap_or_default(), 0, outcome).expect("an answer"))
            }
        };
        let Some(reply) = reply else { return };
        let recorded = verdict == Verdict::Settled(Receipt::Recorded);
        assert_eq!(recorded, reply.result == "ok", "{verdict:?} and {}", reply.result);
    }

    fn done(&mut self, token: &str, admitted: u64, outcome: Outcome) -> Option<Reply> {
        let outcome = match outcome {
            Outcome::Success => "ok",
            Outcome::Failure => "fail",
            Outcome::Ignored => "none",
        };
        Some(self.ask(Op::Done { token, admitted, outcome, again: false }))
    }

    /// An outcome in CLOSED; one that says nothing is not reported.
    fn report(&mut self, admitted: u64, outcome: Outcome) -> Option<Reply> {
        let (rid, failures) = (self.name(), u64::from(outcome == Outcome::Failure));
        match outcome {
            Outcome::Ignored => return None,
            // One of another generation says nothing of this one.
            Outcome::Success if admitted == 0 || admitted == self.caller.seen.generation => {
                self.succeeded_at = Some(self.now_ms);
            }
            Outcome::Success | Outcome::Failure => {}
        }
        let ok_age_us = self.succeeded_at.map(|at| (self.now_ms - at) * 1_000);
        Some(self.ask(Op::Report { admitted, ok_age_us, failures, age_us: 0, rid: &rid, settle_ms: 0 }))
    }

    fn act(&mut self, act: &Act) {
        match *act {
            Act::Wait(ms) => self.now_ms += ms,
            Act::Acquire => self.acquire(),
            Act::Settle(which, outcome) => self.settle(which, outcome),
            Act::Trip => {
                self.step(Event::Trip);
                self.ask(Op::trip());
            }
            Act::Isolate => {
                self.step(Event::Isolate);
                self.ask(Op::Force { order: "open", reason: "maintenance" });
            }
            Act::Disable => {
                self.step(Event::Disable);
                self.ask(Op::Force { order: "closed", reason: "maintenance" });
            }
            Act::Reset => {
                self.step(Event::Reset);
                self.ask(Op::Reset);
            }
        }
        self.let_old_probes_end();
        self.compare();
    }

    /// Probes of a round that is over end here, and say nothing: in a fleet they would keep their places.
    fn let_old_probes_end(&mut self) {
        let (old, kept) = std::mem::take(&mut self.admitted).into_iter().partition(|admitted: &Admitted| {
            admitted.token.is_some() && admitted.generation != self.caller.seen.generation
        });
        self.admitted = kept;
        let old: Vec<Admitted> = old;
        for admitted in old {
            self.step(Event::Settle(Some(admitted.ticket), Outcome::Ignored));
            self.done(&admitted.token.unwrap(), admitted.generation, Outcome::Ignored);
        }
    }

    fn compare(&mut self) {
        let there = self.ask(Op::Read);
        let forced = match self.state.mode() {
            Mode::Isolated => "open",
            Mode::Disabled => "closed",
            _ => "",
        };
        assert_eq!(there.state, self.state.circuit().as_str(), "the state");
        assert_eq!(there.forced, forced, "the mode");
        assert_eq!(there.failures, u64::from(self.state.failure_count()), "the failures");
        if there.state == "half_open" {
            assert_eq!(there.successes, u64::from(self.state.successes()), "the successes");
            let leases = self.redis.hash(KEY).into_keys().filter(|field| field.starts_with(b"lease.")).count();
            assert_eq!(leases, usize::from(self.state.in_flight()), "the probes in flight");
        }
        if forced.is_empty() {
            let wait = self.state.retry_after(&self.policy, Timestamp::from_millis(self.now_ms));
            if there.state == "open" {
                assert_eq!(Some(there.remaining_ms), wait.map(u64::from), "how long it stays open");
            }
        }
        let age = self.failed_at.map_or(-1, |at| (self.now_ms - at) as i64);
        assert_eq!(there.failure_age_ms, age, "the time of the latest failure");
        let reasons: Vec<&str> = self.reasons.iter().map(|reason| reason.as_str()).collect();
        let notices = self.redis.published();
        assert_eq!(self.told_reasons(&notices), reasons, "the transitions");
        if let Some(reason) = self.reasons.drain(..).next_back() {
            assert_eq!(there.reason, reason.as_str());
        }
    }

    /// The reasons of those notices that begin a generation; others are of a streak, or of a place that is free.
    fn told_reasons<'a>(&mut self, notices: &'a [String]) -> Vec<&'a str> {
        let mut reasons = Vec::new();
        for fields in notices.iter().map(|notice| notice.splitn(9, '|').collect::<Vec<_>>()) {
            let generation: u64 = fields[1].parse().expect("a number");
            if generation > self.told {
                self.told = generation;
                reasons.push(fields[7]);
            }
        }
        reasons
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn for_one_instance_the_script_does_what_step_does(
        failures in 1..5u32, successes in 1..4u32, places in 1..4u32, acts in prop::collection::vec(acts(), 1..80),
    ) {
        let mut twins = Twins::new(failures, successes, places);
        for act in &acts {
            twins.act(act);
        }
    }
}

#[test]
fn the_lives_that_are_compared_see_every_transition() {
    let mut seen = std::collections::BTreeSet::new();
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    for _ in 0..200 {
        let tree = prop::collection::vec(acts(), 80).new_tree(&mut runner).expect("a life");
        let mut twins = Twins::new(2, 2, 2);
        for act in tree.current() {
            let before = twins.caller.seen.generation;
            twins.act(&act);
            if twins.caller.seen.generation != before {
                let mut stranger = Caller { seen: View::new(), ..twins.caller.clone() };
                let there = stranger.ask(&mut twins.redis, KEY, Op::Read).expect("an answer");
                seen.insert(there.reason);
            }
        }
    }
    let every = [
        "consecutive_failures",
        "disabled",
        "isolated",
        "probe_failed",
        "probes_succeeded",
        "recovery_timeout",
        "reset",
        "tripped",
    ];
    assert_eq!(seen.iter().map(String::as_str).collect::<Vec<_>>(), every);
}
