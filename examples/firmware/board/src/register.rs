//! A register of a peripheral, by its address.

use core::marker::PhantomData;
use core::ptr::{read_volatile, write_volatile};

/// A register of `T`, which is as wide as the peripheral wants it.
pub(crate) struct Register<T = u32> {
    address: usize,
    width: PhantomData<fn() -> T>,
}

impl<T: Copy> Register<T> {
    /// # Safety
    ///
    /// There must be such a register at `address` on this machine, and reading or writing it must not touch memory that the
    /// program uses.
    pub(crate) const unsafe fn at(address: usize) -> Self {
        Self { address, width: PhantomData }
    }

    pub(crate) fn read(&self) -> T {
        // SAFETY: there is a register, by the contract of `at`.
        unsafe { read_volatile(self.address as *const T) }
    }

    pub(crate) fn write(&self, value: T) {
        // SAFETY: as in `read`.
        unsafe { write_volatile(self.address as *mut T, value) }
    }
}
