//! What a breaker goes through: its rules, and what happens to it one after the other.

use std::vec::Vec;

use halfopen::Outcome;
use halfopen::machine::Event;

use super::kept::Kept;
use super::naive::Naive;
use super::rules::Rules;

/// The life of a breaker.
#[derive(Clone, Debug)]
pub struct Life {
    /// Its configuration.
    pub rules: Rules,
    /// What its clock shows when it begins.
    pub start: u64,
    /// What happens to it.
    pub ops: Vec<Op>,
}

/// Something that happens.
#[derive(Clone, Copy, Debug)]
pub enum Op {
    /// A request by `acquire_ticket`, whose call is out from then on if it is let through.
    Ask,
    /// A request by `try_acquire`, whose call is out too; its permit is held.
    AskAndHold,
    /// A request by `try_acquire`, whose permit is dropped at once.
    AskAndDrop,
    /// A request by `allow_request`.
    AskBare,
    /// One of the calls that are out ends.
    End(usize, Outcome),
    /// One of the calls that are out is given up: a permit is dropped, a ticket is lost.
    Abandon(usize),
    /// A call ends, and nobody says which.
    Report(Outcome),
    /// The same of a call that took so many milliseconds.
    ReportAfter(Outcome, u64),
    /// Somebody asks that an OPEN circuit stay so for so many milliseconds, where the rule can.
    HoldOpen(u64),
    /// From now on this is the random number that is drawn.
    Chance(u32),
    /// Somebody asks `would_allow`.
    WouldAllow,
    /// Somebody asks `retry_after`.
    RetryAfter,
    /// `trip`, `isolate`, `disable`, `shadow` or `reset`.
    Command(Event),
    /// The clock goes on.
    Forward(Span),
    /// The clock goes back.
    Back(Span),
    /// A snapshot is taken.
    Keep,
    /// A snapshot comes from elsewhere; where no breaker can have been so, it is refused.
    Invent(Kept),
    /// The latest snapshot is restored, if there is one.
    Restore,
    /// The process restarts: another clock, and perhaps other rules.
    Restart(u64, Option<Rules>),
}

/// A length of time that means something to a breaker.
#[derive(Clone, Copy, Debug)]
pub enum Span {
    /// So many milliseconds.
    Millis(i64),
    /// As long as a request would have to wait, and so much more.
    Wait(i64),
    /// One timeout, and so much more.
    Recovery(i64),
    /// One lease, and so much more.
    Lease(i64),
    /// As long as a window over time reaches, and so much more.
    Window(i64),
    /// The longest time that can be measured, and so much more.
    Longest(i64),
    /// Until the low half of the clock is the same again, and so much more.
    Wrap(i64),
}

impl Span {
    pub(crate) fn millis(self, naive: &Naive, now: u64) -> i128 {
        let (whole, more) = match self {
            Self::Millis(ms) => (0, ms),
            Self::Wait(more) => (naive.wait(now), more),
            Self::Recovery(more) => (naive.rules.recovery_ms, more),
            Self::Lease(more) => (naive.rules.lease_ms, more),
            Self::Window(more) => (naive.rules.trip.reach_ms(), more),
            Self::Longest(more) => ((1 << 31) - 1, more),
            Self::Wrap(more) => (1 << 32, more),
        };
        i128::from(whole) + i128::from(more)
    }
}
