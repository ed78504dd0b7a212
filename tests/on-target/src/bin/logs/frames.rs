//! A `defmt` logger that keeps the latest frame, as the bytes that the library sent: nothing is encoded for a wire.

use core::sync::atomic::{AtomicU8, AtomicUsize, Ordering::Relaxed};

/// More than the longest frame.
const ROOM: usize = 256;

static BYTES: [AtomicU8; ROOM] = [const { AtomicU8::new(0) }; ROOM];
/// As long as the frame is, even if it has no room.
static LEN: AtomicUsize = AtomicUsize::new(0);
static FRAMES: AtomicUsize = AtomicUsize::new(0);

#[defmt::global_logger]
struct Logger;

// SAFETY: no interrupt here logs, and nothing that logs is called while a frame is written.
unsafe impl defmt::Logger for Logger {
    fn acquire() {
        LEN.store(0, Relaxed);
    }

    unsafe fn write(bytes: &[u8]) {
        let len = LEN.load(Relaxed);
        for (place, byte) in BYTES.iter().skip(len).zip(bytes) {
            place.store(*byte, Relaxed);
        }
        LEN.store(len + bytes.len(), Relaxed);
    }

    unsafe fn flush() {}

    unsafe fn release() {
        // Stores, because a Cortex-M0 has nothing else.
        FRAMES.store(FRAMES.load(Relaxed) + 1, Relaxed);
    }
}

/// Frames so far.
pub fn count() -> usize {
    FRAMES.load(Relaxed)
}

/// Whether the latest frame has these bytes in it.
pub fn has(bytes: &[u8]) -> bool {
    let len = LEN.load(Relaxed).min(ROOM);
    (0..=len.saturating_sub(bytes.len())).any(|at| {
        let mut frame = BYTES.iter().take(len).skip(at);
        bytes.iter().all(|byte| frame.next().is_some_and(|kept| kept.load(Relaxed) == *byte))
    })
}

/// Whether the latest frame had room, and its level is INFO: the linker sorts the strings by level, and a frame begins
/// with the address of its own.
pub fn is_info() -> bool {
    unsafe extern "C" {
        static __DEFMT_MARKER_INFO_START: u8;
        static __DEFMT_MARKER_INFO_END: u8;
    }
    let (start, end) = (&raw const __DEFMT_MARKER_INFO_START, &raw const __DEFMT_MARKER_INFO_END);
    let [low, high, ..] = &BYTES;
    let address = usize::from(u16::from_le_bytes([low.load(Relaxed), high.load(Relaxed)]));
    LEN.load(Relaxed) <= ROOM && (start.addr()..end.addr()).contains(&address)
}
