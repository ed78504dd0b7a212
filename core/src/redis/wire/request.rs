//! What an instance asks of the script.
//!
//! ```
//! use halfopen::Config;
//! use halfopen::redis::wire::{Fixed, Operation, Request, View};
//!
//! let fixed = Fixed { channel: "circuit_breaker:events", policy: Config::new().validate()?, lease_ms: 1_000, ttl_ms: 86_400_000 };
//! let request = Request { operation: &Operation::Acquire { token: "a.1".into() }, seen: View::NEW, deadline_ms: 0, again: false };
//! let arguments = request.arguments(&fixed, 0);
//! assert_eq!((arguments[0].as_str(), arguments[16].as_str()), ("acquire", "a.1"));
//! # Ok::<(), halfopen::ConfigError>(())
//! ```

use alloc::borrow::ToOwned;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::view::{Order, View};
use crate::circuit::CircuitState;
use crate::config::Policy;
use crate::event::Outcome;

/// What every request of a circuit has in common.
#[derive(Clone, Copy, Debug)]
pub struct Fixed<'a> {
    /// Where notices go; empty: nowhere.
    pub channel: &'a str,
    /// The rules.
    pub policy: Policy,
    /// How long a probe holds its place without renewal.
    pub lease_ms: u32,
    /// How long the key outlives its latest write.
    pub ttl_ms: u64,
}

/// What an instance says that has tripped by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vote {
    /// Whose it is.
    pub instance: String,
    /// How long it holds; 0 takes it back.
    pub holds_ms: u32,
    /// How many votes open the circuit.
    pub quorum: u16,
}

/// What is asked for. Times are microseconds on the instance's clock; ages are made of them when it is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operation {
    /// What there is.
    Read,
    /// How calls in CLOSED ended.
    Report {
        /// The generation in which they were let through.
        gen_no: u64,
        /// The latest success.
        ok_at: Option<u64>,
        /// The fleet may not have heard of it.
        refutes: bool,
        /// The failures since.
        failures: u16,
        /// The latest of them.
        failed_at: u64,
        /// Which report it is, so that one that is sent again counts once.
        rid: String,
        /// How old a streak has to be to open the circuit.
        settle_ms: u32,
    },
    /// To be a probe.
    Acquire {
        /// Which one.
        token: String,
    },
    /// To stay one.
    Renew {
        /// Which one.
        token: String,
        /// The generation in which it was let through.
        gen_no: u64,
        /// For how long.
        lease_ms: u32,
    },
    /// How a probe ended.
    Done {
        /// Which one; empty where nobody knows.
        token: String,
        /// The generation in which it was let through; 0: it acts on whatever state is in force.
        gen_no: u64,
        /// How it ended.
        outcome: Outcome,
    },
    /// To open.
    Trip {
        /// The generation that is meant; 0: whichever there is.
        gen_no: u64,
        /// Whose vote it is and how many it takes; `None`: a command.
        vote: Option<Vote>,
        /// Failures that tripped it.
        failures: u16,
        /// When the opening has to end; `None`: after the whole time.
        open_until: Option<u64>,
    },
    /// What is ordered from now on, and why.
    Force(Option<Order>, String),
    /// CLOSED, with nothing counted.
    Reset,
}

impl Operation {
    /// The word for it.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Report { .. } => "report",
            Self::Acquire { .. } => "acquire",
            Self::Renew { .. } => "renew",
            Self::Done { .. } => "done",
            Self::Trip { .. } => "trip",
            Self::Force(..) => "force",
            Self::Reset => "reset",
        }
    }
}

/// An operation with what the instance knows.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// What is asked for.
    pub operation: &'a Operation,
    /// What the instance knows.
    pub seen: View,
    /// The server's time after which nobody waits for the answer, in milliseconds; 0: none.
    pub deadline_ms: u64,
    /// Whether it was sent before.
    pub again: bool,
}

impl Request<'_> {
    /// The arguments of the script at `now`, in microseconds.
    #[must_use]
    pub fn arguments(&self, fixed: &Fixed<'_>, now: u64) -> Vec<String> {
        let (seen, policy) = (self.seen, &fixed.policy);
        let remaining =
            if seen.state == CircuitState::Open { seen.open_until.saturating_sub(now).div_ceil(1_000) } else { 0 };
        let mut arguments = Vec::with_capacity(23);
        let mut say = |argument: &dyn ToString| arguments.push(argument.to_string());
        say(&self.operation.name());
        say(&fixed.channel);
        say(&policy.failure_threshold());
        say(&policy.success_threshold());
        say(&policy.recovery_timeout_ms());
        say(&policy.half_open_max_calls());
        say(&fixed.lease_ms);
        say(&policy.probe_timeout_ms());
        say(&fixed.ttl_ms);
        say(&seen.gen_no);
        say(&seen.state);
        say(&seen.streak);
        say(&seen.failures);
        say(&remaining);
        say(&seen.forced.map_or("", Order::as_str));
        say(&self.deadline_ms);
        match self.operation {
            Operation::Read | Operation::Reset => {}
            Operation::Report { gen_no, ok_at, failures, failed_at, rid, settle_ms, .. } => {
                say(gen_no);
                say(&ok_at.map_or("-1".to_owned(), |at| now.saturating_sub(at).to_string()));
                say(failures);
                say(&now.saturating_sub(*failed_at));
                say(rid);
                say(settle_ms);
            }
            Operation::Acquire { token } => say(token),
            Operation::Renew { token, gen_no, lease_ms } => {
                say(token);
                say(gen_no);
                say(lease_ms);
            }
            Operation::Done { token, gen_no, outcome } => {
                say(token);
                say(gen_no);
                say(&match outcome {
                    Outcome::Success => "ok",
                    Outcome::Failure => "fail",
                    Outcome::Ignored => "none",
                });
                say(&u8::from(self.again));
            }
            Operation::Trip { gen_no, vote, failures, open_until } => {
                let remaining = open_until.map(|until| until.saturating_sub(now).div_ceil(1_000).to_string());
                say(gen_no);
                say(&vote.as_ref().map_or("", |vote| vote.instance.as_str()));
                say(&vote.as_ref().map_or(0, |vote| vote.holds_ms));
                say(&vote.as_ref().map_or(1, |vote| vote.quorum));
                say(failures);
                say(&remaining.unwrap_or("-1".to_owned()));
            }
            Operation::Force(order, reason) => {
                say(&order.map_or("", Order::as_str));
                say(reason);
            }
        }
        arguments
    }
}
