//! What people see and command of a fleet's circuits: for this nobody needs a circuit of one's own.
//!
//! ```no_run
//! use halfopen::redis::admin::Admin;
//! use halfopen::redis::v1::{RedisConnect, Timeouts};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let redis = RedisConnect::from_url("redis://127.0.0.1/", Timeouts::new())?;
//! let admin = Admin::new(redis, "circuit_breaker:");
//! for entry in admin.list()? {
//!     println!("{}", entry.name());
//! }
//! admin.force_open("payments", "the bank is down until 14:00")?;
//! # Ok(())
//! # }
//! ```
//!
//! A circuit of which nothing was ever counted is not stored, and so not listed: while all is well nobody writes.

mod entry;
mod error;
mod number;
mod reader;
mod record;
mod watch;

use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;

use super::connect::{Browse, Browser, ScriptCall, Stored, Trouble, TroubleKind};
use super::wire::{Fixed, Operation, Order, Reply, Request, Verdict, View};
use crate::config::CircuitBreakerConfiguration;
pub use entry::{Entry, Kept};
pub use error::AdminError;
pub use record::{Odd, Probe, Record, StoredReport, StoredVote};
pub use watch::{Change, Watch};

/// Keys whose content is read in one round trip.
const BATCH: usize = 500;
/// So long a lease that no order cuts one of a probe: it does not know how long those of the fleet are.
const LEASE_MS: u32 = 3_600_000;
const DAY_MS: u64 = 86_400_000;

/// Sees and commands every circuit of a prefix. Each method makes a connection of its own.
#[derive(Clone)]
pub struct Admin {
    connect: Arc<dyn Browse>,
    prefix: String,
}

impl fmt::Debug for Admin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Admin").field("prefix", &self.prefix).finish_non_exhaustive()
    }
}

impl Admin {
    /// Of the circuits whose keys begin with `prefix`, as the configuration's `redis_key_prefix` says. Connects to nothing yet.
    pub fn new(connect: impl Browse + 'static, prefix: impl Into<String>) -> Self {
        Self { connect: Arc::new(connect), prefix: prefix.into() }
    }

    /// The prefix.
    #[must_use]
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// Everything that is stored, by its name.
    ///
    /// # Errors
    ///
    /// Redis, or in a Cluster one of the masters, did not do it.
    pub fn list(&self) -> Result<Vec<Entry>, Trouble> {
        list(&mut *self.connect.browse()?, &self.prefix)
    }

    /// What is stored of one circuit; `None`: nothing, which is so for one that has never failed as well as for one that nobody
    /// has.
    ///
    /// # Errors
    ///
    /// There is no name, or Redis did not do it.
    pub fn show(&self, name: &str) -> Result<Option<Entry>, AdminError> {
        let key = self.key(name)?.into_bytes();
        Ok(look(&mut *self.connect.browse()?, &self.prefix, core::slice::from_ref(&key))?.pop())
    }

    /// Looks on. Connects when it is first asked.
    #[must_use]
    pub fn watch(&self) -> Watch {
        Watch::new(self.clone())
    }

    /// Refuses every request of the whole fleet until [`reset`](Self::reset), and says why to whoever looks. Gives what was there before.
    ///
    /// # Errors
    ///
    /// There is no name, or Redis did not do it. What was sent may have been done if it did not answer.
    pub fn force_open(&self, name: &str, reason: &str) -> Result<Option<Entry>, AdminError> {
        self.order(name, &Operation::Force(Some(Order::Open), reason.to_string()), None)
    }

    /// Lets every request of the whole fleet through and records nothing, until [`reset`](Self::reset). Gives what was there before.
    ///
    /// # Errors
    ///
    /// As [`force_open`](Self::force_open).
    pub fn force_closed(&self, name: &str, reason: &str) -> Result<Option<Entry>, AdminError> {
        self.order(name, &Operation::Force(Some(Order::Closed), reason.to_string()), None)
    }

    /// Closes the circuit of the whole fleet with the rules in force and nothing counted. Gives what was there before.
    ///
    /// # Errors
    ///
    /// As [`force_open`](Self::force_open).
    pub fn reset(&self, name: &str) -> Result<Option<Entry>, AdminError> {
        self.order(name, &Operation::Reset, None)
    }

    /// Opens the circuit of the whole fleet now; it recovers by itself after `opening`, 1 ms to 2^31 - 1 ms, or
    /// after the fleet's own recovery timeout if that is shorter: its next contact cuts it to that. One that is OPEN waits anew. Gives what was there before.
    ///
    /// # Errors
    ///
    /// As [`force_open`](Self::force_open), and [`AdminError::Forced`] where an order is in force.
    pub fn trip(&self, name: &str, opening: Duration) -> Result<Option<Entry>, AdminError> {
        let trip = Operation::Trip { gen_no: 0, vote: None, failures: 0, open_until: None };
        self.order(name, &trip, Some(opening))
    }

    fn order(&self, name: &str, what: &Operation, opening: Option<Duration>) -> Result<Option<Entry>, AdminError> {
        let key = self.key(name)?;
        let before = look(&mut *self.connect.browse()?, &self.prefix, &[key.clone().into_bytes()])?.pop();
        if let Some(Kept::Other(kind)) = before.as_ref().map(Entry::kept) {
            return Err(AdminError::Occupied(kind.clone()));
        }
        let config = CircuitBreakerConfiguration::new();
        let config = opening.map_or(config, |opening| config.recovery_timeout(opening));
        let policy = config.validate().map_err(AdminError::Opening)?;
        let channel = alloc::format!("{}events", self.prefix);
        // An order must not make the circuit's life shorter: it does not know the fleet's either.
        let lives = before.as_ref().and_then(Entry::record).and_then(|record| record.expires);
        let lives = lives.map_or(0, |lives| u64::try_from(lives.as_millis()).unwrap_or(u64::MAX));
        let ttl_ms = lives.max(DAY_MS).max(3 * u64::from(policy.recovery_timeout_ms()));
        let fixed = Fixed { channel: &channel, policy, lease_ms: LEASE_MS, ttl_ms };
        let request = Request { operation: what, seen: View::NEW, deadline_ms: 0, again: false };
        let call = ScriptCall { key, arguments: request.arguments(&fixed, 0) };
        let none = || Err(Trouble { kind: TroubleKind::Key, text: "no answer".to_string() });
        let answer = self.connect.connect()?.exchange(&[call])?.pop().unwrap_or_else(none)?;
        let garbled = |error| Trouble { kind: TroubleKind::Key, text: alloc::format!("{error}") };
        let reply = Reply::read(&answer, 0).map_err(garbled)?;
        match (reply.verdict, reply.view.forced) {
            (Verdict::Late, Some(order)) => Err(AdminError::Forced(order)),
            _ => Ok(before),
        }
    }

    fn key(&self, name: &str) -> Result<String, AdminError> {
        if name.is_empty() { Err(AdminError::NoName) } else { Ok(alloc::format!("{}{name}", self.prefix)) }
    }
}

/// What there is, by name.
fn list(browser: &mut dyn Browser, prefix: &str) -> Result<Vec<Entry>, Trouble> {
    let mut keys = browser.keys(prefix)?;
    keys.sort_unstable();
    let mut entries = Vec::with_capacity(keys.len());
    for batch in keys.chunks(BATCH) {
        entries.extend(look(browser, prefix, batch)?);
    }
    Ok(entries)
}

/// What is stored under those of the keys that there are.
fn look(browser: &mut dyn Browser, prefix: &str, keys: &[Vec<u8>]) -> Result<Vec<Entry>, Trouble> {
    let mut entries = Vec::with_capacity(keys.len());
    for (key, stored) in keys.iter().zip(browser.look(keys)?) {
        let kept = match stored? {
            Stored::Nothing => continue,
            Stored::Hash { fields, expires_ms, now_us } => {
                Kept::Circuit(Record::read(&fields, expires_ms, now_us).into())
            }
            Stored::Other(kind) => Kept::Other(kind),
        };
        entries.push(Entry::new(key, prefix.len(), kept));
    }
    Ok(entries)
}
