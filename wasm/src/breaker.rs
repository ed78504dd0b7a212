//! The breakers behind the handles.
//!
//! ```
//! use halfopen_wasm::{breaker::Handle, exports};
//!
//! (0..17).for_each(|place| exports::set(place, f64::NAN));
//! let handle = Handle::new(2, false).unwrap();
//! assert!(handle.is_some());
//! ```

use alloc::alloc::{Layout, alloc, dealloc};
use core::slice::from_raw_parts_mut;

use halfopen::local::{LocalBreaker, LocalPolicy, LocalRule, NumbersError};

/// Calls for which a window over calls has room.
const ROOM: u16 = 1_024;

type Breaker = LocalBreaker<'static>;

/// A breaker of any rule, as a number: where it is. Behind it are the words of its window.
#[derive(Clone, Copy, Debug)]
pub struct Handle(pub(crate) usize);

impl Handle {
    /// A breaker with the configuration that was set; `None` where there is no memory for it.
    ///
    /// # Errors
    ///
    /// What is wrong with the configuration.
    pub fn new(rule: u32, adaptive: bool) -> Result<Option<Self>, NumbersError> {
        let rule = match rule {
            0 => LocalRule::Consecutive,
            1 => LocalRule::ConsecutiveSlow,
            2 => LocalRule::CountWindow(ROOM),
            _ => LocalRule::TimeWindow,
        };
        let numbers = crate::config::read();
        numbers.check(rule, adaptive)?;
        let policy = numbers.policy(rule, adaptive);
        // SAFETY: a breaker is not of size 0.
        let block = unsafe { alloc(layout(&policy)) };
        if block.is_null() {
            return Ok(None);
        }
        // SAFETY: the block is new, and has room for the breaker and behind it for the words, in which anything may be but
        // which have to be something.
        unsafe {
            let words = block.add(size_of::<Breaker>()).cast::<u32>();
            words.write_bytes(0, policy.words());
            let words = from_raw_parts_mut(words, policy.words());
            block.cast::<Breaker>().write(LocalBreaker::new(policy, words));
        }
        Ok(Some(Self(block as usize)))
    }

    /// The breaker.
    ///
    /// # Safety
    ///
    /// The handle is one that `new` gave and that was not freed, and no other reference is there.
    pub(crate) unsafe fn breaker<'a>(self) -> &'a mut Breaker {
        // SAFETY: as the caller says.
        unsafe { &mut *(self.0 as *mut Breaker) }
    }

    /// Gives the memory back.
    ///
    /// # Safety
    ///
    /// As for `breaker`, and the handle is not used any more.
    pub(crate) unsafe fn free(self) {
        // SAFETY: `new` got the block by this layout; nothing in a breaker has to be dropped.
        unsafe { dealloc(self.0 as *mut u8, layout(self.breaker().policy())) };
    }
}

fn layout(policy: &LocalPolicy) -> Layout {
    let words = policy.words() * size_of::<u32>();
    // SAFETY: the alignment is that of a type, and a window has at most 64 words.
    unsafe { Layout::from_size_align_unchecked(size_of::<Breaker>() + words, align_of::<Breaker>()) }
}
