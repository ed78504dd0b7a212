//! What requests are answered while the circuit refuses every one of them: read from two words, without a lock.
//!
//! They say nothing that the circuit has not said under its lock, and whoever finds in them no answer asks there.

use crate::event::Refusal;
use crate::redis::circuit::Standing;

#[cfg(target_has_atomic = "64")]
pub(super) use words::Refusing;

#[cfg(not(target_has_atomic = "64"))]
pub(super) use nothing::Refusing;

#[cfg(target_has_atomic = "64")]
mod words {
    use super::{Refusal, Standing};
    use crate::circuit::CircuitState;
    use core::sync::atomic::{AtomicU64, Ordering::Acquire, Ordering::Release};

    /// Nothing is refused without a look at the circuit.
    const ASK: u64 = 0;
    /// Refused until somebody orders something else.
    const FORCED: u64 = u64::MAX;
    /// As fine as the time is that anybody is told. More often a thread need not tell the others how late it is.
    const STEP: u64 = 1_000;

    /// Since when and until when every request is refused, in microseconds.
    pub(in crate::redis::shared) struct Refusing {
        /// Twice the time, and one more in HALF_OPEN.
        until: AtomicU64,
        /// The latest time that a thread has seen, to within [`STEP`].
        seen: AtomicU64,
    }

    impl Refusing {
        pub(in crate::redis::shared) const fn new() -> Self {
            Self { until: AtomicU64::new(ASK), seen: AtomicU64::new(0) }
        }

        /// What holds from now on, which is `latest`. Only who has the circuit's lock says so.
        pub(in crate::redis::shared) fn show(&self, standing: Option<Standing>, latest: u64) {
            let until = match standing {
                None => ASK,
                Some(Standing { until: None, .. }) => FORCED,
                Some(Standing { until: Some(until), state }) => until << 1 | u64::from(state == CircuitState::HalfOpen),
            };
            if until != ASK {
                self.seen.store(latest, Release);
            }
            if until != ASK || self.until.load(Acquire) != ASK {
                self.until.store(until, Release);
            }
        }

        /// The refusal of a request at the time that `now` says. `None`: ask the circuit.
        #[inline]
        pub(in crate::redis::shared) fn answer(&self, now: impl FnOnce() -> u64) -> Option<Refusal> {
            let until = self.until.load(Acquire);
            if until == ASK {
                return None;
            }
            // Before the time is read, so that only a clock that goes back is behind it: the circuit has to know of that.
            let seen = self.seen.load(Acquire);
            let now = now();
            let passed = now.checked_sub(seen)?;
            if passed >= STEP {
                self.seen.store(now, Release);
            }
            if until == FORCED {
                return Some(Refusal { state: CircuitState::Open, retry_after_ms: None });
            }
            let left = (until >> 1).checked_sub(now).filter(|left| *left > 0)?;
            let state = if until & 1 == 0 { CircuitState::Open } else { CircuitState::HalfOpen };
            Some(Refusal { state, retry_after_ms: Some(u32::try_from(left.div_ceil(1_000)).unwrap_or(u32::MAX)) })
        }

        /// The latest time that a request was refused at, if any was since the circuit has said so.
        pub(in crate::redis::shared) fn seen(&self) -> Option<u64> {
            (self.until.load(Acquire) != ASK).then(|| self.seen.load(Acquire))
        }
    }
}

/// Where the processor has no words of 64 bits that threads can share, the circuit is asked each time.
#[cfg(not(target_has_atomic = "64"))]
mod nothing {
    use super::{Refusal, Standing};

    pub(in crate::redis::shared) struct Refusing;

    impl Refusing {
        pub(in crate::redis::shared) const fn new() -> Self {
            Self
        }

        pub(in crate::redis::shared) fn show(&self, _: Option<Standing>, _: u64) {}

        pub(in crate::redis::shared) fn answer(&self, _: impl FnOnce() -> u64) -> Option<Refusal> {
            None
        }

        pub(in crate::redis::shared) fn seen(&self) -> Option<u64> {
            None
        }
    }
}
