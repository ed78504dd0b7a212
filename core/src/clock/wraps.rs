//! How often a 32-bit counter has wrapped, as far as it was read.

use portable_atomic::{AtomicU32, Ordering};

/// Half periods seen so far: the lowest bit is the top bit of the counter when it was last read.
#[doc(hidden)]
#[derive(Debug)]
#[allow(unreachable_pub)] // `FugitInstant` names it, where there is one
pub struct Wraps(AtomicU32);

impl Wraps {
    #[allow(clippy::declare_interior_mutable_const)] // each use is to be one of its own
    pub(super) const NONE: Self = Self(AtomicU32::new(0));

    /// The counter that `read` gives, extended to 64 bits.
    pub(super) fn extend(&self, read: impl Fn() -> u32) -> u64 {
        loop {
            let seen = self.0.load(Ordering::Acquire);
            let ticks = read();
            let halves = if seen & 1 == ticks >> 31 { seen } else { seen.wrapping_add(1) };
            // If somebody else has gone on meanwhile, these ticks may belong to another half. A look is enough where this
            // one has not: on a chip without compare-and-swap it spares a moment with the interrupts off.
            let same = if halves == seen {
                self.0.load(Ordering::Acquire) == seen
            } else {
                self.0.compare_exchange(seen, halves, Ordering::AcqRel, Ordering::Relaxed).is_ok()
            };
            if same {
                return (u64::from(halves >> 1) << 32) | u64::from(ticks);
            }
        }
    }
}
