//! A permit that owns its way to the circuit, for futures and bodies that live on their own.

use core::fmt;
use core::ops::Deref;

use crate::contract::Breaker;
use crate::event::Outcome;

/// The name of the circuit that `H` leads to.
pub(super) type NameOf<H> = <<H as Deref>::Target as Breaker>::Name;

/// A request that was let through. As [`Permit`](crate::Permit), but it borrows nothing: `H` leads to the breaker, such as
/// an `Arc`, a `&'static` or a [`RegistryEntry`](crate::RegistryEntry).
///
/// Dropped without an outcome it counts as nothing, and a probe gives its place back.
pub struct HeldPermit<H>
where
    H: Deref,
    H::Target: Breaker + Sized,
{
    circuit: H,
    ticket: <H::Target as Breaker>::Ticket,
    on_drop: Outcome,
}

impl<H> HeldPermit<H>
where
    H: Deref,
    H::Target: Breaker + Sized,
{
    #[inline]
    pub(super) fn of(circuit: H, ticket: <H::Target as Breaker>::Ticket) -> Self {
        Self { circuit, ticket, on_drop: Outcome::Ignored }
    }

    /// Does what is the user's: if that panics, the request has failed.
    #[inline]
    pub(super) fn during<T>(permit: &mut Option<Self>, run: impl FnOnce() -> T) -> T {
        if let Some(permit) = permit {
            permit.on_drop = Outcome::Failure;
        }
        let result = run();
        if let Some(permit) = permit {
            permit.on_drop = Outcome::Ignored;
        }
        result
    }

    /// The request ended with `outcome`.
    #[inline]
    pub fn settle(mut self, outcome: Outcome) {
        self.on_drop = outcome;
    }
}

impl<H> fmt::Debug for HeldPermit<H>
where
    H: Deref,
    H::Target: Breaker<Ticket: fmt::Debug> + Sized,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HeldPermit").field("ticket", &self.ticket).finish_non_exhaustive()
    }
}

impl<H> Drop for HeldPermit<H>
where
    H: Deref,
    H::Target: Breaker + Sized,
{
    #[inline]
    fn drop(&mut self) {
        self.circuit.settle_ticket(self.ticket, self.on_drop);
    }
}
