//! The interpreter and every server give the same answers and keep the same hash, apart from times.

mod common;

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use rig::{Caller, FakeRedis, Hash, Live, Op, Redis, Reply, View, servers};

/// So long that nothing ends while a test runs; what is to end is set to the past.
const HOUR_MS: u64 = 3_600_000;
const PAST_MS: u64 = 600_000;
const INSTANCES: usize = 3;

#[derive(Clone, Debug)]
enum Act {
    Ask(usize, Ask),
    /// A field of the hash by hand, to a time in the past, in the future, or to nonsense.
    End(&'static str),
    Edit(&'static str, &'static str),
    Remove(&'static str),
    Lose,
}

#[derive(Clone, Debug)]
enum Ask {
    Read,
    Report { fenced: bool, ok_minutes: Option<u64>, failures: u64, minutes: u64, rid: &'static str, settle_ms: u64 },
    Acquire(&'static str),
    Renew { token: &'static str, fenced: bool },
    Done { token: &'static str, fenced: bool, outcome: &'static str, again: bool },
    Trip { fenced: bool, instance: &'static str, votes: bool, quorum: u64, failures: u64, half: bool },
    Force(&'static str),
    Reset,
}

fn words(words: &'static [&'static str]) -> impl Strategy<Value = &'static str> {
    prop::sample::select(words)
}

fn acts() -> impl Strategy<Value = Act> {
    let tokens = || words(&["a.1", "a.2", "b.1", "odd token\r\n\0"]);
    let report = (
        any::<bool>(),
        prop::option::of(0..3u64),
        0..4u64,
        0..3u64,
        words(&["r.1", "r.2", "r.3", "", "a b"]),
        prop::bool::weighted(0.3),
    )
        .prop_map(|(fenced, ok_minutes, failures, minutes, rid, settles)| Ask::Report {
            fenced,
            ok_minutes,
            failures,
            minutes,
            rid,
            settle_ms: if settles { HOUR_MS } else { 0 },
        });
    let done = (tokens(), prop::bool::weighted(0.7), words(&["ok", "fail", "none"]), prop::bool::weighted(0.2))
        .prop_map(|(token, fenced, outcome, again)| Ask::Done { token, fenced, outcome, again });
    let trip = (any::<bool>(), words(&["", "a", "b", "c"]), prop::bool::weighted(0.8), 1..4u64, 0..9u64, any::<bool>())
        .prop_map(|(fenced, instance, votes, quorum, failures, half)| Ask::Trip {
            fenced,
            instance,
            votes,
            quorum,
            failures,
            half,
        });
    let ask = prop_oneof![
        2 => Just(Ask::Read),
        8 => report,
        5 => tokens().prop_map(Ask::Acquire),
        2 => (tokens(), any::<bool>()).prop_map(|(token, fenced)| Ask::Renew { token, fenced }),
        5 => done,
        3 => trip,
        1 => words(&["open", "closed", "", ""]).prop_map(Ask::Force),
        1 => Just(Ask::Reset),
    ];
    let fields = || words(&FIELDS);
    prop_oneof![
        20 => (0..INSTANCES, ask).prop_map(|(who, ask)| Act::Ask(who, ask)),
        3 => words(&["open_until", "open_until", "lease.a.1", "lease.a.2", "lease.b.1", "quiet_until", "vote.a", "touched"]).prop_map(Act::End),
        1 => (fields(), words(&NONSENSE)).prop_map(|(field, value)| Act::Edit(field, value)),
        1 => fields().prop_map(Act::Remove),
        1 => Just(Act::Lose),
    ]
}

const FIELDS: [&str; 18] = [
    "v",
    "gen",
    "state",
    "streak",
    "failures",
    "successes",
    "open_until",
    "failed_at",
    "reason",
    "forced",
    "forced_reason",
    "last_ok",
    "fail.a.1",
    "base_at",
    "lease.a.1",
    "vote.b",
    "quiet_until",
    "touched",
];

const NONSENSE: [&str; 16] = [
    "",
    "abc",
    "-7",
    "nan",
    "inf",
    "1e300",
    "3",
    "0x10",
    "1.5",
    "open",
    "half_open",
    "closed",
    "99999999999999999999",
    "5*2",
    "9007199254740991",
    "\0\r\n",
];

/// One side: what its instances know, and the generations that it has had, in order.
struct Side<'a, R> {
    redis: &'a mut R,
    key: Vec<u8>,
    callers: Vec<Caller>,
    generations: Vec<u64>,
}

impl<'a, R: Redis> Side<'a, R> {
    fn new(redis: &'a mut R, key: &str) -> Self {
        let caller = Caller {
            failure_threshold: 3,
            success_threshold: 2,
            half_open_max_calls: 2,
            recovery_ms: HOUR_MS,
            lease_ms: HOUR_MS,
            probe_timeout_ms: 2 * HOUR_MS,
            ttl_ms: 24 * HOUR_MS,
            channel: "halfopen-test:events".into(),
            seen: View::new(),
            deadline_ms: 0,
        };
        Self { redis, key: key.into(), callers: vec![caller; INSTANCES], generations: vec![0] }
    }

    fn ordinal(&mut self, generation: u64) -> u64 {
        let known = self.generations.iter().position(|&known| known == generation);
        known.unwrap_or_else(|| {
            self.generations.push(generation);
            self.generations.len() - 1
        }) as u64
    }

    fn ask(&mut self, who: usize, ask: &Ask) -> Result<Reply, String> {
        let caller = &mut self.callers[who];
        let generation = |fenced| if fenced { caller.seen.generation } else { 0 };
        let minutes = |minutes: u64| minutes * 60_000_000;
        let op = match *ask {
            Ask::Read => Op::Read,
            Ask::Report { fenced, ok_minutes, failures, minutes: age, rid, settle_ms } => Op::Report {
                admitted: generation(fenced),
                ok_age_us: ok_minutes.map(minutes),
                failures,
                age_us: minutes(age),
                rid,
                settle_ms,
            },
            Ask::Acquire(token) => Op::Acquire { token },
            Ask::Renew { token, fenced } => Op::Renew { token, admitted: generation(fenced), lease_ms: HOUR_MS },
            Ask::Done { token, fenced, outcome, again } => {
                Op::Done { token, admitted: generation(fenced), outcome, again }
            }
            Ask::Trip { fenced, instance, votes, quorum, failures, half } => Op::Trip {
                admitted: generation(fenced),
                instance,
                vote_ms: if votes { HOUR_MS } else { 0 },
                quorum,
                failures,
                remaining_ms: half.then_some(HOUR_MS / 2),
            },
            Ask::Force(order) => Op::Force { order, reason: "maintenance" },
            Ask::Reset => Op::Reset,
        };
        let mut reply = caller.ask(self.redis, &self.key, op)?;
        reply.generation = self.ordinal(reply.generation);
        // Times, to ten seconds: what has passed between the two is far less.
        reply.now_ms = 0;
        reply.remaining_ms = rounded(reply.remaining_ms);
        reply.failure_age_ms = reply.failure_age_ms.signum() * rounded(reply.failure_age_ms.unsigned_abs()) as i64;
        reply.extra = if reply.extra > 10_000 { rounded(reply.extra as u64) as i64 } else { reply.extra };
        Ok(reply)
    }

    fn edit(&mut self, act: &Act) {
        match act {
            Act::End(field) => {
                // Whether the latest failure has a field may be a matter of a millisecond.
                if *field == "failed_at" || self.redis.hash(&self.key).contains_key(field.as_bytes()) {
                    let past = (self.redis.time_us() / 1_000 - PAST_MS).to_string();
                    self.redis.hset(&self.key, field.as_bytes(), past.as_bytes());
                }
            }
            Act::Edit(field, value) => self.redis.hset(&self.key, field.as_bytes(), value.as_bytes()),
            Act::Remove(field) => self.redis.hdel(&self.key, field.as_bytes()),
            Act::Lose => self.redis.del(&self.key),
            Act::Ask(..) => {}
        }
    }

    /// The hash with times as tens of seconds from now, and generations by their order.
    fn hash(&mut self) -> (BTreeMap<String, String>, Option<u64>) {
        let now_us = self.redis.time_us();
        let mut hash: Hash = self.redis.hash(&self.key);
        if let Some(at) = failed_at_ms(&hash) {
            hash.insert(b"failed_at".to_vec(), at.to_string().into_bytes());
        }
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        let fields = hash.into_iter().map(|(field, value)| {
            let (field, value) = (text(field), text(value));
            let value = match field.as_str() {
                "gen" => value.parse().map_or(value, |generation| format!("number {}", self.ordinal(generation))),
                "last_ok" | "base_at" => ago(&value, now_us, 1_000),
                "open_until" | "failed_at" | "quiet_until" | "touched" => ago(&value, now_us, 1),
                _ if field.starts_with("fail.") => without_time(&value, now_us),
                _ if field.starts_with("lease.") || field.starts_with("vote.") => ago(&value, now_us, 1),
                _ => value,
            };
            (field, value)
        });
        let fields = fields.collect();
        (fields, self.redis.ttl_ms(&self.key).map(rounded))
    }
}

/// The latest failure where another field tells of it, or the one that has no other: which of them it is, a millisecond decides.
fn failed_at_ms(hash: &Hash) -> Option<u64> {
    let text = |field: &str| hash.get(field.as_bytes()).and_then(|value| std::str::from_utf8(value).ok());
    let number = |value: &str| value.split('*').next()?.parse::<u64>().ok();
    let stored = text("failed_at").map(|value| value.parse::<u64>());
    if matches!(stored, Some(Err(_))) {
        return None;
    }
    let by_failures = matches!(text("reason"), None | Some("consecutive_failures" | "probe_failed"));
    let opened = text("gen").filter(|_| text("state") == Some("open") && by_failures).and_then(number);
    let reports = hash.iter().filter(|(field, _)| field.starts_with(b"fail."));
    let reported = reports.filter_map(|(_, value)| number(std::str::from_utf8(value).ok()?)).max();
    stored.and_then(Result::ok).max(opened.max(reported).map(|us| us / 1_000))
}

fn rounded(ms: u64) -> u64 {
    (ms + 5_000) / 10_000
}

/// A time as tens of seconds from now, where it is one of these days.
fn ago(value: &str, now_us: u64, per_ms: i64) -> String {
    let (digits, mark) = value.split_once('+').map_or((value, String::new()), |(digits, by)| {
        (digits, by.parse().map_or_else(|_| format!("+{by}"), |by| format!("+{}0000", rounded(by))))
    });
    match digits.parse::<i64>() {
        Ok(at) if at > 1_000_000_000_000 && digits.len() <= 16 && at != (1 << 53) - 1 => {
            let ahead = at / per_ms - (now_us / 1_000) as i64;
            format!("{}{mark} x 10 s", (ahead + 5_000).div_euclid(10_000))
        }
        _ => value.to_owned(),
    }
}

fn without_time(report: &str, now_us: u64) -> String {
    let (at, count) = report.split_once('*').map_or((report, "1"), |halves| halves);
    format!("{}*{count}", ago(at, now_us, 1_000))
}

fn compare(name: &str, live: &mut Live, number: usize, life: &[Act]) -> (u64, BTreeMap<String, u64>) {
    let key = format!("halfopen-test:{}:{number}", std::process::id());
    let mut fake = FakeRedis::new();
    fake.set_time_us(live.time_us());
    let mut left = Side::new(&mut fake, &key);
    let mut right = Side::new(live, &key);
    let mut seen = BTreeMap::new();
    for (at, act) in life.iter().enumerate() {
        left.redis.set_time_us(right.redis.time_us());
        let told = || format!("{name}, after {:#?}", &life[..=at]);
        if let Act::Ask(who, ask) = act {
            let (expected, answer) = (left.ask(*who, ask), right.ask(*who, ask));
            assert_eq!(expected, answer, "{}", told());
            let answer = answer.expect("no field makes the script fail");
            *seen.entry(format!("{} in {}", answer.result, answer.state)).or_default() += 1;
        } else {
            left.edit(act);
            right.edit(act);
        }
        left.redis.set_time_us(right.redis.time_us());
        assert_eq!(left.hash(), right.hash(), "{}", told());
    }
    let generations = left.generations.len() as u64;
    right.redis.del(key.as_bytes());
    (generations, seen)
}

#[test]
fn the_interpreter_and_every_server_answer_the_same_and_keep_the_same() {
    for (name, mut live, _server) in servers() {
        let (mut runner, mut generations, mut seen) = (TestRunner::deterministic(), 0, BTreeMap::new());
        for number in 0..60 {
            let life = prop::collection::vec(acts(), 60).new_tree(&mut runner).expect("a life").current();
            let (more, results) = compare(&name, &mut live, number, &life);
            generations += more;
            for (result, count) in results {
                *seen.entry(result).or_insert(0) += count;
            }
        }
        assert!(generations > 200, "{name}: so few transitions show nothing: {generations}");
        for result in ["ok", "late", "dup", "settle", "granted", "denied", "closed", "lost", "votes"] {
            assert!(seen.keys().any(|key| key.starts_with(result)), "{name}: nothing was {result}: {seen:#?}");
        }
    }
}
