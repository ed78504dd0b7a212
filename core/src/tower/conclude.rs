//! When the outcome of a request is known.

use core::ops::Deref;

use super::classify::Classify;
use super::held::HeldPermit;
use crate::contract::Breaker;

/// Settles a request's permit, now or when it knows more. Implemented by [`OnHead`] and, with the feature `http`, by
/// `OnBodyEnd`.
pub trait Conclude<Response, Error, H>
where
    H: Deref,
    H::Target: Breaker + Sized,
{
    /// What becomes of the response.
    type Response;

    /// Takes what the service gave, and the permit of its request if there was a circuit.
    ///
    /// # Errors
    ///
    /// The error that the service gave.
    fn conclude(&self, result: Result<Response, Error>, permit: Option<HeldPermit<H>>)
    -> Result<Self::Response, Error>;

    /// Takes a response that is not the service's.
    fn pass(&self, response: Response) -> Self::Response;
}

/// With the response, by its head, or with the error.
#[derive(Clone, Copy, Debug, Default)]
pub struct OnHead<C>(pub(super) C);

impl<Response, Error, H, C> Conclude<Response, Error, H> for OnHead<C>
where
    H: Deref,
    H::Target: Breaker + Sized,
    C: Classify<Response, Error>,
{
    type Response = Response;

    #[inline]
    fn conclude(&self, result: Result<Response, Error>, mut permit: Option<HeldPermit<H>>) -> Result<Response, Error> {
        let outcome = HeldPermit::during(&mut permit, || self.0.classify(result.as_ref()));
        if let Some(permit) = permit {
            permit.settle(outcome);
        }
        result
    }

    fn pass(&self, response: Response) -> Response {
        response
    }
}
