//! Who is told by the breaker of one instance: the user, and the instance itself.

use core::sync::atomic::{AtomicBool, Ordering};

use crate::circuit::Mode;
use crate::event::{CallReport, Receipt, Refusal};
use crate::observer::Observer;
use crate::transition::Transition;

/// Passes on what it is told, and remembers that there was a transition.
pub(super) struct Teller<O> {
    user: O,
    moved: AtomicBool,
}

impl<O> Teller<O> {
    pub(super) const fn new(user: O) -> Self {
        Self { user, moved: AtomicBool::new(false) }
    }

    pub(super) const fn user(&self) -> &O {
        &self.user
    }

    /// Whether there was a transition since this was asked last.
    pub(super) fn take_moved(&self) -> bool {
        self.moved.load(Ordering::Acquire) && self.moved.swap(false, Ordering::AcqRel)
    }
}

impl<O: Observer> Observer for Teller<O> {
    fn on_transition(&self, operation_name: &str, transition: &Transition) {
        self.moved.store(true, Ordering::Release);
        self.user.on_transition(operation_name, transition);
    }

    fn on_refused(&self, operation_name: &str, refusal: &Refusal, mode: Mode) {
        self.user.on_refused(operation_name, refusal, mode);
    }

    #[inline]
    fn on_call(&self, operation_name: &str, report: CallReport) {
        self.user.on_call(operation_name, report);
    }

    fn on_late(&self, operation_name: &str, receipt: Receipt) {
        self.user.on_late(operation_name, receipt);
    }
}
