//! Guards: what reaches the bus, what counts, which circuit is asked, and what is done before a probe.
#![cfg(all(
    feature = "embedded-hal-async",
    feature = "embedded-io-async-v0_6",
    feature = "embedded-io-async-v0_7",
    feature = "std"
))]

mod bus;
mod circuits;
mod counting;
mod methods;
mod recovering;
mod streams;
