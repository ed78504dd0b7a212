//! What the tests of the script share: one circuit on a Redis whose time is set by hand.
#![allow(dead_code, unreachable_pub, reason = "each test program is a crate that uses a part")]

use rig::{Caller, FakeRedis, Op, Redis, Reply};

/// The key of the circuit.
pub const KEY: &[u8] = b"circuit_breaker:s3_upload";

/// When the tests begin, in milliseconds.
pub const START_MS: u64 = 1_764_240_000_000;

/// A Redis with one circuit.
pub struct Circuit {
    /// Where it is.
    pub redis: FakeRedis,
}

impl Circuit {
    pub fn new() -> Self {
        let mut redis = FakeRedis::new();
        redis.set_time_us(START_MS * 1_000);
        Self { redis }
    }

    /// One that three seconds ago was opened by `caller`, with five failures.
    pub fn opened_by(caller: &mut Caller) -> Self {
        let mut circuit = Self::new();
        caller.failure_threshold = 5;
        for rid in ["o.1", "o.2", "o.3", "o.4", "o.5"] {
            circuit.ask(caller, Op::failure(rid));
        }
        assert_eq!(caller.seen.state, "open");
        circuit.redis.published();
        circuit
    }

    /// One whose opening is over, and which has let `token` in.
    pub fn probed_by(caller: &mut Caller, token: &str) -> Self {
        let mut circuit = Self::opened_by(caller);
        circuit.redis.advance_ms(caller.recovery_ms);
        assert_eq!(circuit.ask(caller, Op::Acquire { token }).result, "granted");
        circuit.redis.published();
        circuit
    }

    #[track_caller]
    pub fn ask(&mut self, caller: &mut Caller, op: Op<'_>) -> Reply {
        caller.ask(&mut self.redis, KEY, op).expect("an answer")
    }

    /// Asks for a probe's permit, and again whenever it is told to, until it is granted: how long that takes.
    #[track_caller]
    pub fn ms_until_granted(&mut self, caller: &mut Caller, token: &str) -> u64 {
        let mut waited = 0;
        loop {
            let reply = self.ask(caller, Op::Acquire { token });
            if reply.result == "granted" {
                return waited;
            }
            assert!((1..=1_000).contains(&reply.extra), "{reply:?}");
            waited += reply.extra as u64;
            assert!(waited <= 60_000, "never");
            self.redis.advance_ms(reply.extra as u64);
        }
    }

    /// What somebody sees who has heard of nothing.
    #[track_caller]
    pub fn look(&mut self) -> Reply {
        self.ask(&mut Caller::default(), Op::Read)
    }

    /// A field as text, empty where there is none.
    pub fn field(&mut self, name: &str) -> String {
        let hash = self.redis.hash(KEY);
        hash.get(name.as_bytes()).map(|value| String::from_utf8_lossy(value).into_owned()).unwrap_or_default()
    }

    /// How many reports of failures are stored by name.
    pub fn reports(&mut self) -> usize {
        self.field_names().iter().filter(|name| name.starts_with("fail.")).count()
    }

    pub fn set(&mut self, name: &str, value: &str) {
        self.redis.hset(KEY, name.as_bytes(), value.as_bytes());
    }

    /// A field with a time, as milliseconds from now.
    #[track_caller]
    pub fn ms_ahead(&mut self, name: &str) -> i64 {
        let at: i64 = self.field(name).split('+').next().unwrap_or_default().parse().expect("a time");
        at - (self.redis.time_us() / 1_000) as i64
    }

    pub fn field_names(&mut self) -> Vec<String> {
        self.redis.hash(KEY).into_keys().map(|name| String::from_utf8_lossy(&name).into_owned()).collect()
    }
}
