//! The breakers of the table, a file for each crate.

mod circuitbreaker_rs;
mod failsafe;
mod halfopen;
mod halfopen_metrics;
mod halfopen_tower;
mod halfopen_windows;
mod recloser;
mod reliakit;
mod tower_resilience;

use crate::candidate::Candidate;
use crate::growth::Growth;

/// Every breaker, ours first.
pub(crate) fn candidates() -> Vec<Candidate> {
    [
        halfopen::candidates(),
        halfopen_tower::candidates(),
        halfopen_windows::candidates(),
        halfopen_metrics::candidates(),
        recloser::candidates(),
        failsafe::candidates(),
        circuitbreaker_rs::candidates(),
        tower_resilience::candidates(),
        reliakit::candidates(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Those that open by a time window or by all calls so far, to be asked what a call costs after many.
pub(crate) fn growths() -> Vec<Growth> {
    vec![halfopen_windows::growth(), failsafe::growth(), circuitbreaker_rs::growth(), tower_resilience::growth()]
}

/// The names that the bars are about.
pub(crate) mod names {
    pub(crate) use super::halfopen::{BARE, FUTURES, PERMITS};
    pub(crate) use super::halfopen_metrics::COUNTED;
    pub(crate) use super::halfopen_tower::{KEYED, LAYER};
    pub(crate) use super::halfopen_windows::{COUNT, TIME};
    pub(crate) use super::tower_resilience::CONSECUTIVE as CONSECUTIVE_SERVICE;
}
