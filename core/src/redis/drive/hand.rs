//! Nothing by itself: whoever holds a fleet carries each request and each answer, as late as he likes. For simulations.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use super::Driven;
use crate::redis::connect::{ScriptCall, Trouble};
use crate::redis::wire::Notice;

/// The circuits of a fleet of which somebody carries the requests by hand, each by its number: the first one made is 0.
#[derive(Default)]
pub struct Hand {
    members: Mutex<BTreeMap<usize, Weak<dyn Driven>>>,
}

impl Hand {
    pub(super) fn add(&self, number: usize, member: &Arc<dyn Driven>) {
        self.members.lock().unwrap_or_else(PoisonError::into_inner).insert(number, Arc::downgrade(member));
    }

    fn with<T>(&self, number: usize, use_it: impl FnOnce(&dyn Driven) -> T) -> Option<T> {
        let member = self.members.lock().unwrap_or_else(PoisonError::into_inner).get(&number).and_then(Weak::upgrade);
        member.map(|member| use_it(&*member))
    }

    /// What that circuit has to say now: on its way until [`heard`](Self::heard).
    pub fn poll(&self, number: usize) -> Option<ScriptCall> {
        self.with(number, |member| member.poll()).flatten()
    }

    /// When it will have something to say, in microseconds of its clock; `u64::MAX`: not before something happens.
    pub fn wakes_at(&self, number: usize) -> u64 {
        self.with(number, |member| member.wakes_at()).unwrap_or(u64::MAX)
    }

    /// What came of its request. `false`: nothing that it could use.
    pub fn heard(&self, number: usize, answer: Result<Vec<String>, Trouble>) -> bool {
        self.with(number, |member| member.heard(answer).is_ok()).unwrap_or(false)
    }

    /// What was told on the channel.
    pub fn noticed(&self, number: usize, text: &str, now: u64) {
        if let Ok(notice) = Notice::read(text, now) {
            self.with(number, |member| member.noticed(notice.view));
        }
    }

    /// Redis is away.
    pub fn leave(&self, number: usize) {
        self.with(number, |member| member.leave());
    }

    /// Something may have been missed.
    pub fn look_again(&self, number: usize) {
        self.with(number, |member| member.look_again());
    }

    /// Whether the fleet has heard all that the circuit had to say.
    pub fn is_heard(&self, number: usize) -> bool {
        self.with(number, |member| member.is_heard()).unwrap_or(true)
    }
}
