//! The atomics that the shells stand on, which loom replaces when it explores their interleavings.
//!
//! `portable-atomic` gives load and store everywhere. Where the instruction set has no compare-and-swap (Cortex-M0,
//! RISC-V without the A extension), the application says how it is made, by that crate's feature
//! `unsafe-assume-single-core` or `critical-section`; this crate enables neither.

#[cfg(halfopen_loom)]
pub(crate) use loom::sync::atomic::AtomicU32;
#[cfg(not(halfopen_loom))]
pub(crate) use portable_atomic::AtomicU32;
pub(crate) use portable_atomic::Ordering::{AcqRel, Acquire, Relaxed, Release, SeqCst};

/// Between what a thread has exchanged and what it loads then, where of two threads that do so at least one must see what
/// the other did. The accesses are `SeqCst`, which is enough; loom takes that for `AcqRel`, and only knows the fence.
#[inline(always)]
pub(crate) fn total_order() {
    #[cfg(halfopen_loom)]
    loom::sync::atomic::fence(SeqCst);
}

/// A `const fn`, except under loom, whose atomics are made at run time.
macro_rules! const_unless_loom {
    ($(#[$meta:meta])* $vis:vis fn $($rest:tt)*) => {
        #[cfg(not(halfopen_loom))]
        $(#[$meta])*
        $vis const fn $($rest)*

        #[cfg(halfopen_loom)]
        $(#[$meta])*
        $vis fn $($rest)*
    };
}
pub(crate) use const_unless_loom;

#[cfg(not(target_pointer_width = "64"))]
pub(crate) use halves::AtomicMillis;
#[cfg(target_pointer_width = "64")]
pub(crate) use whole::AtomicMillis;

/// A time or none. Nothing decides by it, so it is left out of loom's models.
#[cfg(target_pointer_width = "64")]
mod whole {
    use portable_atomic::{AtomicU64, Ordering::Relaxed};

    use crate::time::Timestamp;

    const NONE: u64 = u64::MAX;

    pub(crate) struct AtomicMillis(AtomicU64);

    impl AtomicMillis {
        pub(crate) const fn new(at: Option<Timestamp>) -> Self {
            Self(AtomicU64::new(match at {
                Some(at) => at.as_millis(),
                None => NONE,
            }))
        }

        pub(crate) fn load(&self) -> Option<Timestamp> {
            match self.0.load(Relaxed) {
                NONE => None,
                at => Some(Timestamp::from_millis(at)),
            }
        }

        pub(crate) fn store(&self, at: Option<Timestamp>) {
            self.0.store(at.map_or(NONE, |at| at.as_millis().min(NONE - 1)), Relaxed);
        }
    }
}

/// The same in two halves, because a 64-bit atomic is a spin lock on many 32-bit targets, on which an interrupt can hang.
///
/// The upper half says whether there is a time, and is stored last and loaded first. So no time is seen that is half of
/// another's, except while the upper half itself changes, once in 49.7 days: then one may be seen that is off by 2^32 ms.
#[cfg(any(not(target_pointer_width = "64"), test))]
#[cfg_attr(target_pointer_width = "64", allow(dead_code))]
mod halves {
    use portable_atomic::{
        AtomicU32,
        Ordering::{Acquire, Relaxed, Release},
    };

    use crate::time::Timestamp;

    const NONE: u32 = u32::MAX;

    pub(crate) struct AtomicMillis {
        high: AtomicU32,
        low: AtomicU32,
    }

    impl AtomicMillis {
        pub(crate) const fn new(at: Option<Timestamp>) -> Self {
            let (high, low) = split(at);
            Self { high: AtomicU32::new(high), low: AtomicU32::new(low) }
        }

        pub(crate) fn load(&self) -> Option<Timestamp> {
            match self.high.load(Acquire) {
                NONE => None,
                high => Some(Timestamp::from_millis((high as u64) << 32 | self.low.load(Relaxed) as u64)),
            }
        }

        pub(crate) fn store(&self, at: Option<Timestamp>) {
            let (high, low) = split(at);
            if at.is_some() {
                self.low.store(low, Relaxed);
            }
            self.high.store(high, Release);
        }
    }

    const fn split(at: Option<Timestamp>) -> (u32, u32) {
        match at {
            None => (NONE, 0),
            Some(at) => {
                let high = (at.as_millis() >> 32) as u32;
                (if high < NONE { high } else { NONE - 1 }, at.as_millis() as u32)
            }
        }
    }
}

/// Waits a moment for another thread. `false` where that is not possible: the other may be the task that this interrupt
/// has stopped.
#[cfg(halfopen_loom)]
pub(crate) fn relax() -> bool {
    loom::thread::yield_now();
    true
}

#[cfg(all(feature = "std", not(halfopen_loom)))]
pub(crate) fn relax() -> bool {
    std::thread::yield_now();
    true
}

#[cfg(all(not(feature = "std"), not(halfopen_loom)))]
pub(crate) fn relax() -> bool {
    false
}

#[cfg(halfopen_loom)]
pub(crate) use loom::cell::UnsafeCell;

/// The standard cell by the names of loom's, which checks every access.
#[cfg(not(halfopen_loom))]
pub(crate) struct UnsafeCell<T>(core::cell::UnsafeCell<T>);

#[cfg(not(halfopen_loom))]
impl<T> UnsafeCell<T> {
    pub(crate) const fn new(value: T) -> Self {
        Self(core::cell::UnsafeCell::new(value))
    }

    pub(crate) fn with<R>(&self, read: impl FnOnce(*const T) -> R) -> R {
        read(self.0.get())
    }

    pub(crate) fn with_mut<R>(&self, write: impl FnOnce(*mut T) -> R) -> R {
        write(self.0.get())
    }
}

#[cfg(test)]
mod tests {
    use super::halves::AtomicMillis;
    use crate::time::Timestamp;

    const LATE: Timestamp = Timestamp::from_millis((7 << 32) + 9);

    #[test]
    fn a_time_in_two_halves_comes_back_whole_and_none_is_none() {
        let cell = AtomicMillis::new(None);
        assert_eq!(cell.load(), None);
        for at in [Some(Timestamp::ZERO), Some(LATE), None, Some(Timestamp::from_millis(u32::MAX.into()))] {
            cell.store(at);
            assert_eq!(cell.load(), at);
        }
    }

    #[test]
    fn a_reader_sees_none_or_the_whole_of_a_time_that_is_stored_and_taken_away() {
        let cell = AtomicMillis::new(None);
        std::thread::scope(|threads| {
            threads.spawn(|| {
                for n in 0..200_000 {
                    cell.store((n % 2 == 0).then_some(LATE));
                }
            });
            for _ in 0..200_000 {
                assert!(matches!(cell.load(), None | Some(LATE)));
            }
        });
    }
}
