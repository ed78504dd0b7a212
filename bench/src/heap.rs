//! How many bytes a breaker takes, counted by the allocator.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicBool, AtomicIsize, Ordering::Relaxed};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// The system's allocator, with a look at one flag: what is measured while nothing is counted costs that much more.
struct Counting;

static COUNTS: AtomicBool = AtomicBool::new(false);
static HELD: AtomicIsize = AtomicIsize::new(0);

fn note(more: usize, less: usize) {
    if COUNTS.load(Relaxed) {
        HELD.fetch_add(more as isize - less as isize, Relaxed);
    }
}

// SAFETY: every call is handed on to the system's allocator as it is.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        note(layout.size(), 0);
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        note(layout.size(), 0);
        // SAFETY: the caller's promise.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        note(0, layout.size());
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(block, layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        note(size, layout.size());
        // SAFETY: the caller's promise.
        unsafe { System.realloc(block, layout, size) }
    }
}

/// The bytes of a value that `make` makes and that was used a thousand times: its own, and those that it holds on the heap.
///
/// What a process or a thread needs once, for whatever number of breakers, is not counted. No other thread may run.
pub(crate) fn bytes<T>(make: impl Fn() -> T, run: impl Fn(&mut T)) -> usize {
    run(&mut make());
    HELD.store(0, Relaxed);
    COUNTS.store(true, Relaxed);
    let mut value = make();
    for _ in 0..1_000 {
        run(&mut value);
    }
    COUNTS.store(false, Relaxed);
    size_of::<T>() + usize::try_from(HELD.load(Relaxed)).expect("nothing else is freed meanwhile")
}
