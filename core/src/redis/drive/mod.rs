//! What carries requests to Redis and brings back what it says, for all circuits of a fleet.
//!
//! [`Drive::Thread`] is a thread of its own, which serves callers of every kind, those with an async runtime included: they
//! never wait for it. `Drive::Task` is tasks on a runtime that is there anyway. Both do what [`rounds`] says. [`Drive::Inline`] does
//! everything within the calls that need it, at once: for tests by a manual clock, and for programs that make a call or two and end.

mod hand;
mod hub;
mod inline;
mod listen;
mod rounds;
#[cfg(feature = "redis-tokio")]
mod task;
mod thread;

use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;
use std::sync::{Arc, Weak};

use super::connect::{ScriptCall, Trouble};
use super::wire::View;
pub use hand::Hand;
pub(super) use inline::Inline;
#[cfg(feature = "redis-tokio")]
pub(super) use task::Task;
pub(super) use thread::Thread;

/// A circuit, to whoever carries its requests.
pub(super) trait Driven: Send + Sync {
    /// Its key.
    fn key(&self) -> &str;
    /// Its next request, which is on its way from then on.
    fn poll(&self) -> Option<ScriptCall>;
    /// When it will have one, in microseconds of its clock; `u64::MAX`: not before something happens.
    fn wakes_at(&self) -> u64;
    /// What came of its request. An error is given back: whose it is, the drive decides.
    fn heard(&self, answer: Result<Vec<String>, Trouble>) -> Result<(), Trouble>;
    /// A notice of it.
    fn noticed(&self, view: View);
    /// Redis is away.
    fn leave(&self);
    /// Something may have been missed.
    fn look_again(&self);
    /// There are no notices.
    fn poll_often(&self);
    /// What it has to say is to be sent without delay.
    fn hurry(&self);
    /// The fleet has heard all that it had to say.
    fn is_heard(&self) -> bool;
    /// How long it can go without an answer, if one of its requests has a permit of the fleet that has to be renewed.
    fn patience(&self) -> Option<Duration>;
}

pub(super) enum Drive {
    Hand(Hand),
    Inline(Inline),
    Thread(Thread),
    #[cfg(feature = "redis-tokio")]
    Task(Task),
}

/// By which a circuit says that it will have something to say. It works on while the drive delivers the last of it.
#[derive(Clone)]
pub(super) enum Bell {
    /// Whoever carries by hand looks by himself.
    Hand,
    Inline(Weak<Drive>),
    Hub(hub::Bell),
}

impl Bell {
    /// That member will have something to say at that time.
    pub(super) fn ring(&self, number: usize, at: u64) {
        match self {
            Self::Hand => {}
            Self::Inline(drive) => {
                if let Some(Drive::Inline(inline)) = drive.upgrade().as_deref() {
                    inline.ring(number, at);
                }
            }
            Self::Hub(bell) => bell.ring(number, at),
        }
    }
}

impl Drive {
    pub(super) fn bell(self: &Arc<Self>) -> Bell {
        match &**self {
            Self::Hand(_) => Bell::Hand,
            Self::Inline(_) => Bell::Inline(Arc::downgrade(self)),
            Self::Thread(thread) => Bell::Hub(thread.hub().bell()),
            #[cfg(feature = "redis-tokio")]
            Self::Task(task) => Bell::Hub(task.hub().bell()),
        }
    }

    pub(super) fn is_inline(&self) -> bool {
        matches!(self, Self::Inline(_))
    }

    /// What callers share with whoever drives them; none where they do it themselves.
    pub(super) fn hub(&self) -> Option<&hub::Hub> {
        match self {
            Self::Hand(_) | Self::Inline(_) => None,
            Self::Thread(thread) => Some(thread.hub()),
            #[cfg(feature = "redis-tokio")]
            Self::Task(task) => Some(task.hub()),
        }
    }

    /// Takes up a circuit; its number is the one that [`Bell::ring`] is called with.
    pub(super) fn add(&self, number: usize, member: &Arc<dyn Driven>, channel: &str) {
        match self {
            Self::Hand(hand) => hand.add(number, member),
            Self::Inline(inline) => inline.add(number, member),
            Self::Thread(thread) => thread.add(number, member, channel),
            #[cfg(feature = "redis-tokio")]
            Self::Task(task) => task.add(number, member, channel),
        }
    }
}
