//! What is asked of the script: who asks, by which rules, and for what.
//!
//! ```
//! use rig::{Caller, Op};
//!
//! let args = Caller::default().args(&Op::Renew { token: "a.1", admitted: 17, lease_ms: 500 });
//! assert_eq!((args[0].as_slice(), args[16].as_slice(), args.len()), (&b"renew"[..], &b"a.1"[..], 19));
//! ```

use crate::{Redis, Reply, View};

/// One instance: its configuration, and what it knows of one circuit.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "docs/fleet-protocol.md has them")]
pub struct Caller {
    pub channel: String,
    pub failure_threshold: u64,
    pub success_threshold: u64,
    pub recovery_ms: u64,
    pub half_open_max_calls: u64,
    pub lease_ms: u64,
    pub probe_timeout_ms: u64,
    pub ttl_ms: u64,
    pub seen: View,
    pub deadline_ms: u64,
}

impl Default for Caller {
    fn default() -> Self {
        Self {
            channel: "circuit_breaker:events".into(),
            failure_threshold: 5,
            success_threshold: 2,
            recovery_ms: 30_000,
            half_open_max_calls: 1,
            lease_ms: 1_000,
            probe_timeout_ms: 30_000,
            ttl_ms: 86_400_000,
            seen: View::new(),
            deadline_ms: 0,
        }
    }
}

/// An operation with its arguments.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "docs/fleet-protocol.md has them")]
pub enum Op<'a> {
    Read,
    Report { admitted: u64, ok_age_us: Option<u64>, failures: u64, age_us: u64, rid: &'a str, settle_ms: u64 },
    Acquire { token: &'a str },
    Renew { token: &'a str, admitted: u64, lease_ms: u64 },
    Done { token: &'a str, admitted: u64, outcome: &'a str, again: bool },
    Trip { admitted: u64, instance: &'a str, vote_ms: u64, quorum: u64, failures: u64, remaining_ms: Option<u64> },
    Force { order: &'a str, reason: &'a str },
    Reset,
}

impl<'a> Op<'a> {
    /// A failure that is reported at once, by the contract's calls, where no settle time is set.
    #[must_use]
    pub const fn failure(rid: &'a str) -> Self {
        Self::Report { admitted: 0, ok_age_us: None, failures: 1, age_us: 0, rid, settle_ms: 0 }
    }

    /// A success that is reported at once.
    #[must_use]
    pub const fn success() -> Self {
        Self::Report { admitted: 0, ok_age_us: Some(0), failures: 0, age_us: 0, rid: "", settle_ms: 0 }
    }

    /// `trip()` as a person or a program calls it.
    #[must_use]
    pub const fn trip() -> Self {
        Self::Trip { admitted: 0, instance: "", vote_ms: 0, quorum: 1, failures: 0, remaining_ms: None }
    }

    fn words(&self) -> Vec<String> {
        let text = |words: &[&dyn ToString]| words.iter().map(|word| word.to_string()).collect();
        let or_none = |value: Option<u64>| value.map_or("-1".into(), |value| value.to_string());
        match *self {
            Self::Read => text(&[&"read"]),
            Self::Reset => text(&[&"reset"]),
            Self::Report { admitted, ok_age_us, failures, age_us, rid, settle_ms } => {
                text(&[&"report", &admitted, &or_none(ok_age_us), &failures, &age_us, &rid, &settle_ms])
            }
            Self::Acquire { token } => text(&[&"acquire", &token]),
            Self::Renew { token, admitted, lease_ms } => text(&[&"renew", &token, &admitted, &lease_ms]),
            Self::Done { token, admitted, outcome, again } => {
                text(&[&"done", &token, &admitted, &outcome, &u8::from(again)])
            }
            Self::Trip { admitted, instance, vote_ms, quorum, failures, remaining_ms } => {
                text(&[&"trip", &admitted, &instance, &vote_ms, &quorum, &failures, &or_none(remaining_ms)])
            }
            Self::Force { order, reason } => text(&[&"force", &order, &reason]),
        }
    }
}

impl Caller {
    /// The arguments of the script, in their order.
    #[must_use]
    pub fn args(&self, op: &Op<'_>) -> Vec<Vec<u8>> {
        let mut words = op.words();
        let rest = words.split_off(1);
        let fixed: [&dyn ToString; 15] = [
            &self.channel,
            &self.failure_threshold,
            &self.success_threshold,
            &self.recovery_ms,
            &self.half_open_max_calls,
            &self.lease_ms,
            &self.probe_timeout_ms,
            &self.ttl_ms,
            &self.seen.generation,
            &self.seen.state,
            &self.seen.streak,
            &self.seen.failures,
            &self.seen.remaining_ms,
            &self.seen.forced,
            &self.deadline_ms,
        ];
        words.extend(fixed.iter().map(|word| word.to_string()));
        words.extend(rest);
        words.into_iter().map(String::into_bytes).collect()
    }

    /// Asks, and then knows what the answer says, unless that is older.
    ///
    /// # Errors
    ///
    /// What the server says instead of an answer.
    pub fn ask(&mut self, redis: &mut impl Redis, key: &[u8], op: Op<'_>) -> Result<Reply, String> {
        let reply = redis.eval(key, &self.args(&op))?;
        if reply.result != "expired" && reply.generation >= self.seen.generation {
            self.seen = reply.view();
        }
        Ok(reply)
    }
}
