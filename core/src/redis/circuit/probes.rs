//! The permits to probe that this instance has, wants or gives back.

use alloc::string::String;
use alloc::vec::Vec;

use crate::event::{Outcome, Receipt};

/// Which of an instance's probes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ProbeId(pub(in crate::redis) u32);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// Redis was asked for it, or will be.
    Asked,
    /// It was granted, and no request has it.
    Ready,
    /// A request has it.
    Out,
    /// The request has ended, of which Redis does not know.
    Done(Outcome),
}

#[derive(Debug)]
pub(super) struct Probe {
    pub(super) id: ProbeId,
    pub(super) token: String,
    /// The generation in which it was granted.
    pub(super) gen_no: u64,
    pub(super) phase: Phase,
    /// When a request got it, or before that when it was granted.
    pub(super) since: u64,
    pub(super) renewed_at: u64,
    /// Somebody else has its place.
    pub(super) lost: bool,
    /// Its request has no permit: whichever outcome comes next is its.
    pub(super) loose: bool,
}

#[derive(Debug, Default)]
pub(super) struct Probes {
    list: Vec<Probe>,
    ids: u32,
}

impl Probes {
    pub(super) fn ask(&mut self, token: String) {
        self.ids = self.ids.wrapping_add(1);
        self.list.push(Probe {
            id: ProbeId(self.ids),
            token,
            gen_no: 0,
            phase: Phase::Asked,
            since: 0,
            renewed_at: 0,
            lost: false,
            loose: false,
        });
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Probe> {
        self.list.iter()
    }

    pub(super) fn by_token(&mut self, token: &str) -> Option<&mut Probe> {
        self.list.iter_mut().find(|probe| probe.token == token)
    }

    pub(super) fn by_id(&mut self, id: ProbeId) -> Option<&mut Probe> {
        self.list.iter_mut().find(|probe| probe.id == id)
    }

    pub(super) fn remove(&mut self, token: &str) {
        self.list.retain(|probe| probe.token != token);
    }

    /// Hands a permit of this generation to a request.
    pub(super) fn take_ready(&mut self, gen_no: u64, now: u64, granted_after: u64) -> Option<ProbeId> {
        let good = |probe: &&mut Probe| {
            probe.phase == Phase::Ready && probe.gen_no == gen_no && probe.since >= granted_after && !probe.lost
        };
        let probe = self.list.iter_mut().find(good)?;
        probe.phase = Phase::Out;
        probe.since = now;
        Some(probe.id)
    }

    /// Gives back what is granted and will not be used: the permits of another generation, and those that nobody took.
    pub(super) fn give_back(&mut self, gen_no: u64, granted_before: u64) {
        for probe in &mut self.list {
            if probe.phase == Phase::Ready && (probe.gen_no != gen_no || probe.since < granted_before) {
                probe.phase = Phase::Done(Outcome::Ignored);
            }
        }
    }

    /// Lets go of requests without a permit whose time is over: their outcome was taken for that of another call, or will be.
    pub(super) fn forget_loose(&mut self, timeout: u64, now: u64) {
        let over = |probe: &&mut Probe| probe.loose && probe.phase == Phase::Out && probe.since + timeout <= now;
        self.list.iter_mut().filter(over).for_each(|probe| probe.phase = Phase::Done(Outcome::Ignored));
    }

    /// When the first of so many places is free, if this instance's requests have them all; else 0.
    pub(super) fn places_free_from(&self, places: usize, timeout: u64) -> u64 {
        let mut ends: Vec<u64> = self
            .list
            .iter()
            .filter(|probe| probe.phase == Phase::Out && !probe.lost)
            .map(|probe| probe.since + timeout)
            .collect();
        ends.sort_unstable();
        ends.len().checked_sub(places).map_or(0, |first| ends[first])
    }

    /// A permit was granted: of more requests than there are places, those whose time is over have lost theirs.
    pub(super) fn lose_expired(&mut self, places: usize, timeout: u64, now: u64) {
        let held =
            self.list.iter().filter(|probe| matches!(probe.phase, Phase::Out | Phase::Ready) && !probe.lost).count();
        let expired = |probe: &&mut Probe| probe.phase == Phase::Out && !probe.lost && probe.since + timeout <= now;
        self.list.iter_mut().filter(expired).take(held.saturating_sub(places)).for_each(|probe| probe.lost = true);
    }

    /// The clock has gone back by so much.
    pub(super) fn shift_back(&mut self, by: u64) {
        for probe in &mut self.list {
            probe.since = probe.since.saturating_sub(by);
            probe.renewed_at = probe.renewed_at.saturating_sub(by);
        }
    }

    pub(super) fn is_asking(&self) -> bool {
        self.list.iter().any(|probe| probe.phase == Phase::Asked)
    }

    pub(super) fn has_ready(&self) -> bool {
        self.list.iter().any(|probe| probe.phase == Phase::Ready)
    }

    /// The oldest probe whose request has no permit: one that still counts, if there is one. A request that never told how it
    /// ended would take the outcome of every later one.
    pub(super) fn oldest_loose(&self, gen_no: u64, timeout: u64, now: u64) -> Option<ProbeId> {
        let mut loose = self.list.iter().filter(|probe| probe.loose && probe.phase == Phase::Out);
        let counts = |probe: &&Probe| probe.gen_no == gen_no && !probe.lost && probe.since + timeout > now;
        loose.clone().find(counts).or_else(|| loose.next()).map(|probe| probe.id)
    }

    /// How many requests have a permit.
    pub(super) fn out(&self) -> usize {
        self.list.iter().filter(|probe| probe.phase == Phase::Out && !probe.lost).count()
    }

    /// Ends all that is not on its way: the fleet cannot be reached, and its places run out by themselves.
    pub(super) fn forget_unused(&mut self) {
        self.list.retain(|probe| !matches!(probe.phase, Phase::Asked | Phase::Ready));
    }
}

impl Probe {
    /// What an outcome at `now` is worth, as far as this instance knows.
    pub(super) fn receipt(&self, gen_no: u64, now: u64, probe_timeout_ms: u32) -> Receipt {
        let over = now.saturating_sub(self.since) >= u64::from(probe_timeout_ms) * 1_000;
        match (self.gen_no == gen_no && !self.lost, over) {
            (true, _) => Receipt::Recorded,
            (false, true) => Receipt::Expired,
            (false, false) => Receipt::Stale,
        }
    }
}
