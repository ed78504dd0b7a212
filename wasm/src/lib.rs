//! The breaker of the npm package `halfopen`: a thin layer over the core, whose boundary is numbers.
//!
//! A breaker is a handle. A call that a healthy circuit answers whatever the time is takes the handle alone; where it gives
//! "ask by the time", the same question with the time follows. So no clock is read that nobody needs, and nothing here calls
//! JavaScript: names, listeners, promises and errors are on the other side. What a call says is one packed number (see
//! [`told`]), and what a transition was is read afterwards, only when one happened.
//!
//! Nothing here can be left half-changed. A call allocates nothing and cannot panic; it decides on copies and stores one
//! 32-bit word last. Memory is only asked for when a breaker is made, and where there is none there is no breaker.
//!
//! ```
//! use halfopen_wasm::exports;
//!
//! (0..17).for_each(|place| exports::set(place, f64::NAN));
//! let breaker = exports::create(0, false);
//! assert!(exports::allow(breaker));
//! assert!(exports::succeed(breaker));
//! exports::free(breaker);
//! ```

#![no_std]

#[cfg(any(test, not(target_family = "wasm")))]
extern crate std;

extern crate alloc;

pub mod breaker;
pub mod config;
pub mod exports;
mod heap;
pub mod told;

/// What a panic would do; none is linked, which the build checks.
#[cfg(all(target_family = "wasm", not(test)))]
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}
