//! What the script answers.
//!
//! ```
//! use halfopen::CircuitState;
//! use halfopen::redis::wire::{Reply, Verdict};
//!
//! let fields = ["granted", "17", "half_open", "0", "5", "0", "", "1000", "1764240000000", "0", "31000", "recovery_timeout"];
//! let reply = Reply::read(&fields, 2_000_000).unwrap();
//! assert_eq!((reply.verdict, reply.view.state), (Verdict::Granted, CircuitState::HalfOpen));
//! ```

use core::fmt;

use super::view::{Order, View, state_from};
use crate::transition::Reason;

/// What became of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It was done.
    Ok,
    /// It belongs to another generation, or comes too late.
    Late,
    /// It was done before.
    Dup,
    /// The threshold is reached, but the streak is too young.
    Settle,
    /// The request may be a probe.
    Granted,
    /// It may not.
    Denied,
    /// The circuit is CLOSED: no permit is needed.
    Closed,
    /// Somebody else has the place.
    Lost,
    /// The vote counts, and more are needed.
    Votes,
    /// It came after its deadline, and nothing was done.
    Expired,
}

/// An answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reply {
    /// What became of the operation.
    pub verdict: Verdict,
    /// What there is now; of no use in one that is `Expired`.
    pub view: View,
    /// What the operation says besides.
    pub extra: i64,
    /// The server's time in milliseconds.
    pub now_ms: u64,
    /// When the latest failure was, in microseconds of the instance's clock.
    pub failed_at: Option<u64>,
}

/// An answer or a notice that is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Garbled;

impl fmt::Display for Garbled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not an answer of the script")
    }
}

impl core::error::Error for Garbled {}

impl Reply {
    /// Reads an answer that came at `now`, in microseconds.
    ///
    /// # Errors
    ///
    /// It is none.
    pub fn read(fields: &[impl AsRef<str>], now: u64) -> Result<Self, Garbled> {
        let field = |at: usize| fields.get(at).map(AsRef::as_ref).ok_or(Garbled);
        let number = |at: usize| field(at)?.parse::<u64>().map_err(|_| Garbled);
        let verdict = match field(0)? {
            "ok" => Verdict::Ok,
            "late" => Verdict::Late,
            "dup" => Verdict::Dup,
            "settle" => Verdict::Settle,
            "granted" => Verdict::Granted,
            "denied" => Verdict::Denied,
            "closed" => Verdict::Closed,
            "lost" => Verdict::Lost,
            "votes" => Verdict::Votes,
            "expired" => Verdict::Expired,
            _ => return Err(Garbled),
        };
        let failure_age_ms: i64 = field(10)?.parse().map_err(|_| Garbled)?;
        Ok(Self {
            verdict,
            view: View {
                gen_no: number(1)?,
                state: state_from(field(2)?),
                streak: number(3)?,
                failures: u16::try_from(number(4)?).unwrap_or(u16::MAX),
                successes: u8::try_from(number(9)?).unwrap_or(u8::MAX),
                open_until: now.saturating_add(number(5)?.saturating_mul(1_000)),
                forced: Order::from_text(field(6)?),
                reason: Reason::from_text(field(11)?),
            },
            extra: field(7)?.parse().map_err(|_| Garbled)?,
            now_ms: number(8)?,
            failed_at: u64::try_from(failure_age_ms).ok().map(|age| now.saturating_sub(age.saturating_mul(1_000))),
        })
    }
}

impl Reason {
    /// A reason by its name; one that this version does not know is a restored state, which is all that is known of it.
    fn from_text(text: &str) -> Self {
        let all = [
            Self::ConsecutiveFailures,
            Self::FailureRate,
            Self::SlowCallRate,
            Self::RecoveryTimeout,
            Self::ProbesSucceeded,
            Self::ProbeFailed,
            Self::Tripped,
            Self::Isolated,
            Self::Disabled,
            Self::Shadowed,
            Self::Reset,
        ];
        all.into_iter().find(|reason| reason.as_str() == text).unwrap_or(Self::Restored)
    }

    pub(super) fn of_notice(text: &str) -> Self {
        Self::from_text(text)
    }
}
