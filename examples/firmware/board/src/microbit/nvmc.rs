//! The controller of the chip's flash: pages of 1 KiB that are erased as a whole, words that are written one by one.

use core::ops::Range;
use core::ptr::{read_volatile, write_volatile};

use embedded_storage_async::nor_flash::{
    ErrorType, MultiwriteNorFlash, NorFlash, NorFlashError, NorFlashErrorKind, ReadNorFlash,
};

use crate::register::Register;

// SAFETY: the registers of the NVMC of the nRF51, of which `Board` gives out one driver. The program is not in the pages
// that it erases.
const READY: Register = unsafe { Register::at(0x4001_E400) };
// SAFETY: as above.
const CONFIGURATION: Register = unsafe { Register::at(0x4001_E504) };
// SAFETY: as above.
const ERASE_PAGE: Register = unsafe { Register::at(0x4001_E508) };

/// Values of `CONFIGURATION`.
mod mode {
    pub(super) const READ: u32 = 0;
    pub(super) const WRITE: u32 = 1;
    pub(super) const ERASE: u32 = 2;
}

/// What is erased at once.
const PAGE_BYTES: u32 = 1_024;
const WORD_BYTES: usize = 4;

/// The last pages of the flash, which `memory/microbit.x` keeps free of the program.
pub const STORAGE: Range<u32> = 0x3_F000..0x4_0000;

/// The pages of [`STORAGE`], counted from there. The core stands still while a word is written or a page erased, so nothing
/// here has to be waited for.
pub struct Nvmc(());

impl Nvmc {
    pub(super) fn new() -> Self {
        Self(())
    }

    /// The address of these bytes, if all of them are in the storage and on such a boundary.
    fn address(offset: u32, length: usize, boundary: u32) -> Result<u32, FlashError> {
        let capacity = STORAGE.end - STORAGE.start;
        match u32::try_from(length) {
            Ok(length) if offset <= capacity && length <= capacity - offset => {
                let is_aligned = offset.is_multiple_of(boundary) && length.is_multiple_of(boundary);
                if is_aligned { Ok(STORAGE.start + offset) } else { Err(FlashError::NotAligned) }
            }
            _ => Err(FlashError::OutOfBounds),
        }
    }

    fn switch_to(mode: u32) {
        CONFIGURATION.write(mode);
        while READY.read() == 0 {}
    }
}

/// What was asked for cannot be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, defmt::Format)]
pub enum FlashError {
    /// Not whole words or pages.
    NotAligned,
    /// Not in the storage.
    OutOfBounds,
}

impl NorFlashError for FlashError {
    fn kind(&self) -> NorFlashErrorKind {
        match self {
            Self::NotAligned => NorFlashErrorKind::NotAligned,
            Self::OutOfBounds => NorFlashErrorKind::OutOfBounds,
        }
    }
}

impl ErrorType for Nvmc {
    type Error = FlashError;
}

impl ReadNorFlash for Nvmc {
    const READ_SIZE: usize = 1;

    async fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), FlashError> {
        let start = Self::address(offset, bytes.len(), 1)?;
        for (address, byte) in (start as usize..).zip(bytes) {
            // SAFETY: the address is in the storage, by `Self::address`. Volatile, because writes go by the controller.
            *byte = unsafe { read_volatile(address as *const u8) };
        }
        Ok(())
    }

    fn capacity(&self) -> usize {
        (STORAGE.end - STORAGE.start) as usize
    }
}

impl NorFlash for Nvmc {
    const WRITE_SIZE: usize = WORD_BYTES;
    const ERASE_SIZE: usize = PAGE_BYTES as usize;

    async fn erase(&mut self, from: u32, to: u32) -> Result<(), FlashError> {
        let start = Self::address(from, to.saturating_sub(from) as usize, PAGE_BYTES)?;
        Self::switch_to(mode::ERASE);
        for page in (start..STORAGE.start + to).step_by(PAGE_BYTES as usize) {
            ERASE_PAGE.write(page);
            while READY.read() == 0 {}
        }
        Self::switch_to(mode::READ);
        Ok(())
    }

    async fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), FlashError> {
        let start = Self::address(offset, bytes.len(), WORD_BYTES as u32)?;
        Self::switch_to(mode::WRITE);
        let words = bytes.as_chunks::<WORD_BYTES>().0.iter().map(|word| u32::from_le_bytes(*word));
        for (address, word) in (start as usize..).step_by(WORD_BYTES).zip(words) {
            // SAFETY: the address is in the storage and on a word's boundary, by `Self::address`; nothing of Rust's is there.
            unsafe { write_volatile(address as *mut u32, word) };
            while READY.read() == 0 {}
        }
        Self::switch_to(mode::READ);
        Ok(())
    }
}

/// A word may be written again: bits only go from one to zero.
impl MultiwriteNorFlash for Nvmc {}
