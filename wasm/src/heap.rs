//! Memory for breakers: a list of free blocks for each size, and the end of the linear memory.
//!
//! All breakers of a rule are of one size, so a block that one leaves fits the next, and nothing ever gets into small pieces.
//! It takes a tenth of the code of an allocator for everything.

#[cfg(target_family = "wasm")]
mod linear {
    use core::alloc::{GlobalAlloc, Layout};
    use core::cell::Cell;
    use core::ptr::null_mut;

    const PAGE: usize = 65_536;
    /// Sizes round up to this, and every block is aligned to it.
    const GRAIN: usize = 8;
    const CLASSES: usize = 64;

    struct Heap {
        /// The first free block of each size, 0 for none; each begins with the address of the next.
        free: [Cell<usize>; CLASSES],
        /// What was never used: from here to the end of the memory.
        top: Cell<usize>,
    }

    // SAFETY: there is one thread: this module is built without threads.
    unsafe impl Sync for Heap {}

    #[global_allocator]
    static HEAP: Heap = Heap { free: [const { Cell::new(0) }; CLASSES], top: Cell::new(0) };

    unsafe extern "C" {
        /// The linker puts it where the memory that the program itself uses ends.
        static __heap_base: u8;
    }

    // SAFETY: blocks do not overlap, because each is cut off at `top`, which only goes up, or was given back as a whole.
    unsafe impl GlobalAlloc for Heap {
        unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
            let class = layout.size().div_ceil(GRAIN);
            let Some(free) = self.free.get(class) else { return null_mut() };
            if layout.align() > GRAIN {
                return null_mut();
            }
            let block = free.get();
            if block != 0 {
                // SAFETY: a free block of this size, which begins with the next one's address.
                free.set(unsafe { *(block as *const usize) });
                return block as *mut u8;
            }
            self.cut(class * GRAIN) as *mut u8
        }

        unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
            let Some(free) = self.free.get(layout.size().div_ceil(GRAIN)) else { return };
            // SAFETY: the block is the caller's to give back, is at least 8 bytes long and aligned to 8.
            unsafe { *(block as *mut usize) = free.get() };
            free.set(block as usize);
        }
    }

    impl Heap {
        /// A new block; 0 where the host gives no more memory.
        fn cut(&self, size: usize) -> usize {
            let block = match self.top.get() {
                0 => (&raw const __heap_base as usize).next_multiple_of(GRAIN),
                top => top,
            };
            let end = block + size;
            let have = core::arch::wasm32::memory_size(0) * PAGE;
            if end > have && core::arch::wasm32::memory_grow(0, (end - have).div_ceil(PAGE)) == usize::MAX {
                return 0;
            }
            self.top.set(end);
            block
        }
    }
}
