//! The atomics that the shells stand on, which loom replaces when it explores their interleavings.
//!
//! `portable-atomic` gives load and store everywhere. Where the instruction set has no compare-and-swap (Cortex-M0,
//! RISC-V without the A extension), the application says how it is made, by that crate's feature
//! `unsafe-assume-single-core` or `critical-section`; this crate enables neither.

#[cfg(halfopen_loom)]
pub(crate) use loom::sync::atomic::AtomicU32;
#[cfg(not(halfopen_loom))]
pub(crate) use portable_atomic::AtomicU32;
pub(crate) use portable_atomic::Ordering::{AcqRel, Acquire, Relaxed, Release};

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

pub(crate) use millis::AtomicMillis;

/// 64 bits of milliseconds. Nothing decides by them, so they are left out of loom's models.
#[cfg(target_pointer_width = "64")]
mod millis {
    use portable_atomic::{AtomicU64, Ordering::Relaxed};

    pub(crate) struct AtomicMillis(AtomicU64);

    impl AtomicMillis {
        pub(crate) const fn new(value: u64) -> Self {
            Self(AtomicU64::new(value))
        }

        pub(crate) fn load(&self) -> u64 {
            self.0.load(Relaxed)
        }

        pub(crate) fn store(&self, value: u64) {
            self.0.store(value, Relaxed);
        }
    }
}

/// Two halves, because a 64-bit atomic is a spin lock on many 32-bit targets, on which an interrupt can hang. A reader
/// that meets a writer between its two stores is off by 2^32 ms, and only while the upper half is changing: once in
/// 49.7 days.
#[cfg(not(target_pointer_width = "64"))]
mod millis {
    use portable_atomic::{AtomicU32, Ordering::Relaxed};

    pub(crate) struct AtomicMillis {
        high: AtomicU32,
        low: AtomicU32,
    }

    impl AtomicMillis {
        pub(crate) const fn new(value: u64) -> Self {
            Self { high: AtomicU32::new((value >> 32) as u32), low: AtomicU32::new(value as u32) }
        }

        pub(crate) fn load(&self) -> u64 {
            (u64::from(self.high.load(Relaxed)) << 32) | u64::from(self.low.load(Relaxed))
        }

        pub(crate) fn store(&self, value: u64) {
            self.high.store((value >> 32) as u32, Relaxed);
            self.low.store(value as u32, Relaxed);
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
