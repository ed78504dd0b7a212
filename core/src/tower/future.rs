//! What a call of a service with a breaker is until it is answered.

use core::future::Future;
use core::ops::Deref;
use core::pin::Pin;
use core::task::{Context, Poll, ready};

use pin_project_lite::pin_project;
use tower_service::Service;

use super::conclude::Conclude;
use super::held::{HeldPermit, NameOf};
use super::refuse::Refuse;
use crate::contract::Breaker;
use crate::error::CircuitOpenError;

pin_project! {
    /// The future of a [`CircuitBreaker`](super::CircuitBreaker).
    ///
    /// Dropped before it is ready, it counts as nothing, and a probe gives its place back.
    pub struct ResponseFuture<I, Request, H, C, R>
    where
        I: Service<Request>,
        H: Deref,
        H::Target: Breaker,
        H::Target: Sized,
    {
        #[pin]
        stage: Stage<I, Request, H>,
        conclude: C,
        refuse: R,
    }
}

pin_project! {
    #[project = StageProjection]
    enum Stage<I, Request, H>
    where
        I: Service<Request>,
        H: Deref,
        H::Target: Breaker,
        H::Target: Sized,
    {
        /// Somebody else has to say whether the request may be made.
        Asking { waiting: Option<(H, I, Request)> },
        Running { #[pin] future: I::Future, permit: Option<HeldPermit<H>> },
        Refused { refused: Option<CircuitOpenError<NameOf<H>>> },
        Done,
    }
}

impl<I, Request, H, C, R> ResponseFuture<I, Request, H, C, R>
where
    I: Service<Request>,
    H: Deref,
    H::Target: Breaker + Sized,
{
    pub(super) fn asking(circuit: H, inner: I, request: Request, conclude: C, refuse: R) -> Self {
        Self { stage: Stage::Asking { waiting: Some((circuit, inner, request)) }, conclude, refuse }
    }

    #[inline]
    pub(super) fn running(future: I::Future, permit: Option<HeldPermit<H>>, conclude: C, refuse: R) -> Self {
        Self { stage: Stage::Running { future, permit }, conclude, refuse }
    }

    pub(super) fn refused(refused: CircuitOpenError<NameOf<H>>, conclude: C, refuse: R) -> Self {
        Self { stage: Stage::Refused { refused: Some(refused) }, conclude, refuse }
    }
}

impl<I, Request, H, C, R> Future for ResponseFuture<I, Request, H, C, R>
where
    I: Service<Request>,
    H: Deref,
    H::Target: Breaker + Sized,
    C: Conclude<I::Response, I::Error, H>,
    R: Refuse<I::Response, I::Error, NameOf<H>>,
{
    type Output = Result<C::Response, R::Error>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        loop {
            match this.stage.as_mut().project() {
                StageProjection::Asking { waiting } => {
                    let Some((circuit, _, _)) = waiting else { return Poll::Pending };
                    let answer = ready!(circuit.poll_acquire_ticket(context));
                    let Some((circuit, mut inner, request)) = waiting.take() else { return Poll::Pending };
                    match answer {
                        Ok(ticket) => {
                            let mut permit = Some(HeldPermit::of(circuit, ticket));
                            let future = HeldPermit::during(&mut permit, || inner.call(request));
                            this.stage.set(Stage::Running { future, permit });
                        }
                        Err(refusal) => {
                            let refused = CircuitOpenError::new(circuit.name().clone(), refusal);
                            this.stage.set(Stage::Refused { refused: Some(refused) });
                        }
                    }
                }
                StageProjection::Running { future, permit } => {
                    let result = ready!(HeldPermit::during(permit, || future.poll(context)));
                    let permit = permit.take();
                    let result = this.conclude.conclude(result, permit);
                    this.stage.set(Stage::Done);
                    return Poll::Ready(result.map_err(|error| this.refuse.fail(error)));
                }
                StageProjection::Refused { refused } => {
                    let Some(refused) = refused.take() else { return Poll::Pending };
                    this.stage.set(Stage::Done);
                    let answer = this.refuse.refuse(refused);
                    return Poll::Ready(answer.map(|response| this.conclude.pass(response)));
                }
                // Nobody polls a future that was ready; if somebody does, nothing comes of it.
                StageProjection::Done => return Poll::Pending,
            }
        }
    }
}
