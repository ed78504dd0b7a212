//! One suite of scenarios for every shell of `halfopen`.
#![no_std]
