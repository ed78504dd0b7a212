//! What `./x npm` makes a module of: the functions of [`halfopen_wasm::exports`], optimized as a whole with all that they call.

#![no_std]

pub use halfopen_wasm::exports::*;
