//! Outcomes that are known when a body has ended.
//!
//! ```
//! use std::sync::Arc;
//! use halfopen::tower::CircuitBreakerLayer;
//! use halfopen::{CircuitBreaker, Config};
//!
//! let breaker = Arc::new(CircuitBreaker::new("downloads", Config::new()));
//! let layer = CircuitBreakerLayer::new(breaker).classify_http().until_body_ends();
//! # let _ = layer;
//! ```

use core::ops::Deref;
use core::pin::Pin;
use core::task::{Context, Poll, ready};

use ::http::{HeaderMap, Response};
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use super::super::classify::Classify;
use super::super::conclude::Conclude;
use super::super::held::HeldPermit;
use crate::contract::Breaker;
use crate::event::Outcome;

/// Says what the end of a body means. A function of the end is one.
pub trait ClassifyEnd<Error> {
    /// Whether the head says already all that there is to know.
    fn is_all(&self, head: &HeaderMap) -> bool {
        let _ = head;
        false
    }

    /// The outcome: by the trailers if there are some, or by the error with which the body broke off.
    fn classify_end(&self, end: Result<Option<&HeaderMap>, &Error>) -> Outcome;
}

/// An end is a success, an error a failure.
#[derive(Clone, Copy, Debug, Default)]
pub struct BodyEnd;

impl<Error> ClassifyEnd<Error> for BodyEnd {
    fn classify_end(&self, end: Result<Option<&HeaderMap>, &Error>) -> Outcome {
        if end.is_ok() { Outcome::Success } else { Outcome::Failure }
    }
}

impl<Error, F: Fn(Result<Option<&HeaderMap>, &Error>) -> Outcome> ClassifyEnd<Error> for F {
    fn classify_end(&self, end: Result<Option<&HeaderMap>, &Error>) -> Outcome {
        self(end)
    }
}

/// When the body has ended, if the head is a success; else with the head, or with the error.
///
/// A body that is known to be empty has ended. One that is dropped before its end counts as nothing: whoever reads has
/// lost interest, or its own client has gone.
#[derive(Clone, Copy, Debug, Default)]
pub struct OnBodyEnd<C, E = BodyEnd> {
    pub(in super::super) classifier: C,
    pub(in super::super) end: E,
}

impl<B, Error, H, C, E> Conclude<Response<B>, Error, H> for OnBodyEnd<C, E>
where
    B: Body,
    H: Deref,
    H::Target: Breaker + Sized,
    C: Classify<Response<B>, Error>,
    E: ClassifyEnd<B::Error> + Clone,
{
    type Response = Response<GuardedBody<B, H, E>>;

    fn conclude(
        &self,
        result: Result<Response<B>, Error>,
        mut permit: Option<HeldPermit<H>>,
    ) -> Result<Self::Response, Error> {
        let (outcome, decided) = HeldPermit::during(&mut permit, || {
            let outcome = self.classifier.classify(result.as_ref());
            let all = |response: &Response<B>| self.end.is_all(response.headers());
            (outcome, outcome != Outcome::Success || result.as_ref().map_or(true, all))
        });
        if decided {
            permit.take().into_iter().for_each(|permit| permit.settle(outcome));
        }
        result.map(|response| {
            response.map(|body| {
                let mut body = GuardedBody { body, permit, end: self.end.clone() };
                if body.body.is_end_stream() {
                    settle(&mut body.permit, &body.end, Ok(None));
                }
                body
            })
        })
    }

    fn pass(&self, response: Response<B>) -> Self::Response {
        response.map(|body| GuardedBody { body, permit: None, end: self.end.clone() })
    }
}

pin_project! {
    /// The body of a response whose request is in flight until it ends.
    pub struct GuardedBody<B, H, E>
    where
        H: Deref,
        H::Target: Breaker,
        H::Target: Sized,
    {
        #[pin]
        body: B,
        permit: Option<HeldPermit<H>>,
        end: E,
    }
}

impl<B, H, E> Body for GuardedBody<B, H, E>
where
    B: Body,
    H: Deref,
    H::Target: Breaker + Sized,
    E: ClassifyEnd<B::Error>,
{
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        let mut this = self.project();
        let frame = ready!(HeldPermit::during(this.permit, || this.body.as_mut().poll_frame(context)));
        match &frame {
            Some(Ok(frame)) => {
                let trailers = frame.trailers_ref();
                // Many do not ask again when they know that nothing more will come.
                if trailers.is_some() || this.body.is_end_stream() {
                    settle(this.permit, this.end, Ok(trailers));
                }
            }
            Some(Err(error)) => settle(this.permit, this.end, Err(error)),
            None => settle(this.permit, this.end, Ok(None)),
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// Settles the permit, if that was not done before.
fn settle<Error, H>(
    permit: &mut Option<HeldPermit<H>>,
    classifier: &impl ClassifyEnd<Error>,
    end: Result<Option<&HeaderMap>, &Error>,
) where
    H: Deref,
    H::Target: Breaker + Sized,
{
    if permit.is_some() {
        let outcome = HeldPermit::during(permit, || classifier.classify_end(end));
        if let Some(permit) = permit.take() {
            permit.settle(outcome);
        }
    }
}
