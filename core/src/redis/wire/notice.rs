//! What is told to everybody who listens.
//!
//! ```
//! use halfopen::redis::wire::Notice;
//!
//! let notice = Notice::read("1|17|open|0|5|30000||consecutive_failures|circuit_breaker:s3|upload", 0).unwrap();
//! assert_eq!((notice.key, notice.view.open_until), ("circuit_breaker:s3|upload", 30_000_000));
//! ```

use super::reply::Garbled;
use super::view::{Order, View, state_from};
use crate::transition::Reason;

/// A notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Notice<'a> {
    /// Of which circuit.
    pub key: &'a str,
    /// What there is now.
    pub view: View,
}

impl<'a> Notice<'a> {
    /// Reads a notice that came at `now`, in microseconds.
    ///
    /// # Errors
    ///
    /// It is none, or of another version.
    pub fn read(text: &'a str, now: u64) -> Result<Self, Garbled> {
        let mut fields = text.splitn(9, '|');
        let mut field = || fields.next().ok_or(Garbled);
        if field()? != "1" {
            return Err(Garbled);
        }
        let mut number = || field()?.parse::<u64>().map_err(|_| Garbled);
        let gen_no = number()?;
        let state = state_from(field()?);
        let mut number = || field()?.parse::<u64>().map_err(|_| Garbled);
        let (streak, failures, remaining_ms) = (number()?, number()?, number()?);
        let view = View {
            gen_no,
            state,
            streak,
            failures: u16::try_from(failures).unwrap_or(u16::MAX),
            successes: 0,
            open_until: now.saturating_add(remaining_ms.saturating_mul(1_000)),
            forced: Order::from_text(field()?),
            reason: Reason::of_notice(field()?),
        };
        Ok(Self { key: field()?, view })
    }
}
