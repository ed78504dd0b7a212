//! What really happened: kept beside the protocol, which never reads it, and compared with what the protocol does.

use crate::rules::Rules;
use crate::view::*;
use std::collections::BTreeMap;

/// A promise that was broken, by the property that it belongs to.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Breach {
    /// Opened by the count without enough consecutive failures.
    Inconsecutive,
    /// The server knows less than the caller that it just answered.
    Forgotten,
    /// An instance's view went back.
    WentBack,
    /// Closed before enough probes of this HALF_OPEN had succeeded.
    Unproven,
    /// Opened by a failure of which the server heard only when its own instance had refuted it.
    ToldLate,
    /// Opened by fewer instances than the quorum.
    TooFewVotes,
    /// Something else than an order changed what was ordered, or a permit was given against it.
    Disobeyed,
}

/// The events since the latest transition, as far as it does not say otherwise.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct Truth {
    /// Failures that no success has refuted of which the server has heard.
    pub standing: Set,
    /// There was a moment at which enough failures stood, with no success untold that refutes them.
    pub may_open: bool,
    /// Failures that count, and were refuted by their own instance before the server heard of them.
    pub told_late: Set,
    /// Instances whose own rule has tripped.
    pub tripped: Set,
    /// How many probes of each HALF_OPEN succeeded.
    pub proven: BTreeMap<u8, u8>,
}

impl Truth {
    /// A failure happened, or an instance that had successes to tell is gone. `untold` is what the others' refute.
    pub fn look(&mut self, untold: Set, rules: &Rules) {
        self.may_open |= size(self.standing & !untold) >= rules.threshold;
    }

    /// A success has reached the server.
    pub fn refute(&mut self, which: Set, rules: &Rules) {
        self.standing &= !which;
        self.may_open &= size(self.standing) >= rules.threshold;
    }

    /// The circuit changed its state, from that of the generation `from`: was that right?
    pub fn judge(&mut self, cause: Cause, to: View, from: u8, rules: &Rules) -> Option<Breach> {
        let truth = std::mem::take(self);
        // What was lost with its generation may come back with it.
        self.proven.clone_from(&truth.proven);
        match cause {
            Cause::Order => None,
            _ if to.order != Order::None => Some(Breach::Disobeyed),
            // Where the fleet counts together, an opening made alone is one by the count too.
            Cause::Votes if rules.quorum == 0 => (!truth.may_open).then_some(Breach::Inconsecutive),
            Cause::Count => (!truth.may_open).then_some(Breach::Inconsecutive),
            Cause::Votes => (size(truth.tripped) < rules.quorum).then_some(Breach::TooFewVotes),
            Cause::Probe if to.phase == Phase::Closed => {
                (truth.proven.get(&from).copied().unwrap_or(0) < rules.success_threshold).then_some(Breach::Unproven)
            }
            Cause::Probe | Cause::Recovery => None,
        }
    }
}
