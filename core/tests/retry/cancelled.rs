//! Futures that are dropped after any number of polls.

use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::{Context, Poll};
use std::time::Duration;

use halfopen::{Breaker, CircuitState, Mode, Outcome, Receipt, Refusal, RetryBudget, retry_async, wrap_retry_async};

use super::rig::{RECOVERY, Subject, poll, rig};

/// Pending once, so that there is a point at which to drop it.
fn one_pause() -> impl Future<Output = ()> {
    let mut paused = false;
    poll_fn(move |_| if std::mem::replace(&mut paused, true) { Poll::Ready(()) } else { Poll::Pending })
}

/// Of four attempts and three waits, with a pause in each.
const POINTS: u32 = 7;

#[test]
fn what_ended_has_counted_once_what_did_not_has_counted_nothing_and_no_permit_is_held() {
    for polls in 0..=POINTS {
        let budget = RetryBudget::new(10, 0);
        let (breaker, policy, _) = rig(100);
        let policy = policy.attempts(4).budget(&budget).sleeper(|_| one_pause());
        let (begun, ended) = (Cell::new(0), Cell::new(0));
        {
            let mut future = pin!(retry_async(&breaker, &policy, async || {
                begun.set(begun.get() + 1);
                one_pause().await;
                ended.set(ended.get() + 1);
                Err::<(), _>("no")
            }));
            (0..polls).for_each(|_| assert!(poll(future.as_mut()).is_pending()));
        }
        // The odd points are in an attempt, the even ones in a wait.
        assert_eq!((begun.get(), ended.get()), (polls.div_ceil(2), polls / 2), "after {polls} polls");
        assert_eq!(u32::from(breaker.failure_count()), ended.get(), "after {polls} polls");
        assert_eq!(budget.retries_left(), 10 - begun.get().saturating_sub(1), "after {polls} polls");
        assert_eq!((breaker.state(), breaker.generation()), (CircuitState::Closed, 0));
    }
}

/// A breaker that has to ask elsewhere, so that it is pending once before each answer.
struct Remote {
    circuit: Subject,
    asking: Cell<bool>,
    /// Permits that were not given back.
    held: Cell<i32>,
}

impl Breaker for Remote {
    type Name = &'static str;
    type Ticket = <Subject as Breaker>::Ticket;

    fn name(&self) -> &Self::Name {
        self.circuit.name()
    }

    fn acquire_ticket(&self) -> Result<Self::Ticket, Refusal> {
        self.circuit.acquire_ticket().inspect(|_| self.held.set(self.held.get() + 1))
    }

    fn poll_acquire_ticket(&self, _: &mut Context<'_>) -> Poll<Result<Self::Ticket, Refusal>> {
        if self.asking.replace(!self.asking.get()) { Poll::Ready(self.acquire_ticket()) } else { Poll::Pending }
    }

    fn settle_ticket(&self, ticket: Self::Ticket, outcome: Outcome) -> Receipt {
        self.held.set(self.held.get() - 1);
        self.circuit.settle_ticket(ticket, outcome)
    }

    fn is_probe(ticket: Self::Ticket) -> bool {
        ticket.is_probe()
    }

    fn allow_request(&self) -> bool {
        self.circuit.allow_request()
    }

    fn record(&self, outcome: Outcome) -> Receipt {
        self.circuit.record(outcome)
    }

    fn state(&self) -> CircuitState {
        self.circuit.state()
    }

    fn mode(&self) -> Mode {
        self.circuit.mode()
    }

    fn failure_count(&self) -> u16 {
        self.circuit.failure_count()
    }

    fn retry_after(&self) -> Option<Duration> {
        self.circuit.retry_after()
    }
}

#[test]
fn no_permit_is_held_at_any_point_of_a_breaker_that_answers_later() {
    // A question, an attempt and a wait, three times, and the last wait is none.
    for polls in 0..=8 {
        let (circuit, policy, _) = rig(100);
        let breaker = Remote { circuit, asking: Cell::new(false), held: Cell::new(0) };
        let policy = policy.sleeper(|_| one_pause());
        {
            let mut future = pin!(retry_async(&breaker, &policy, async || {
                one_pause().await;
                Err::<(), _>("no")
            }));
            (0..polls).for_each(|_| assert!(poll(future.as_mut()).is_pending()));
            assert_eq!(breaker.held.get(), i32::from(polls % 3 == 2), "after {polls} polls");
            if polls == 8 {
                assert!(poll(future.as_mut()).is_ready());
            }
        }
        assert_eq!(breaker.held.get(), 0, "after {polls} polls");
        assert_eq!(i32::from(breaker.failure_count()), if polls == 8 { 3 } else { polls / 3 });
    }
}

#[test]
fn a_probe_gives_its_place_back_at_whichever_point_it_is_dropped() {
    for polls in 0..=5 {
        let (breaker, policy, nap) = rig(1);
        breaker.trip();
        nap.clock.advance(RECOVERY);
        {
            let policy = policy.sleeper(|_| one_pause());
            let mut future = pin!(retry_async(&breaker, &policy, async || {
                for _ in 0..10 {
                    one_pause().await;
                }
                Err::<(), _>("no")
            }));
            (0..polls).for_each(|_| assert!(poll(future.as_mut()).is_pending()));
            assert_eq!(breaker.would_allow(), polls == 0);
        }
        let next = breaker.try_acquire().expect("the place is free");
        assert!(next.is_probe());
        next.success();
        assert_eq!(breaker.state(), CircuitState::Closed);
    }
}

#[test]
fn one_that_waits_for_the_circuit_holds_nothing() {
    let (breaker, policy, nap) = rig(1);
    breaker.trip();
    let policy = policy.wait_while_open().sleeper(|_| one_pause());
    let mut future = Box::pin(retry_async(&breaker, &policy, async || Ok::<_, ()>(7)));
    for _ in 0..5 {
        assert!(poll(future.as_mut()).is_pending());
    }
    nap.clock.advance(RECOVERY);
    assert!(breaker.would_allow());
    drop(future);
    assert!(breaker.try_acquire().is_ok_and(|permit| permit.is_probe()));
}

#[test]
fn a_future_that_is_not_polled_calls_nothing() {
    let (breaker, policy, _) = rig(1);
    let wrapped = wrap_retry_async(&breaker, policy, async |_: u32| -> Result<(), ()> { panic!("called") });
    drop(wrapped.call(1));
    assert_eq!(breaker.failure_count(), 0);
}
