//! A circuit that has to be asked elsewhere: the request waits for the answer, and takes the ready service along.

use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use halfopen::tower::CircuitBreakerLayer;
use halfopen::{Breaker, CallError, CircuitState, Mode, Outcome, Receipt, Refusal};
use tower_layer::Layer;
use tower_service::Service;

use crate::support::{Script, call, poll, ready_in};

/// Says `answer` when it was asked so often, and keeps a count of the tickets that are out.
struct Elsewhere {
    asked: Cell<u32>,
    answers_at: u32,
    answer: Result<u32, CircuitState>,
    out: Cell<u32>,
    settled: RefCell<Vec<Outcome>>,
    waker: RefCell<Option<Waker>>,
}

fn elsewhere(answers_at: u32, answer: Result<u32, CircuitState>) -> Rc<Elsewhere> {
    let (settled, waker) = (RefCell::default(), RefCell::default());
    Rc::new(Elsewhere { asked: Cell::new(0), answers_at, answer, out: Cell::new(0), settled, waker })
}

impl Breaker for Elsewhere {
    type Name = &'static str;
    type Ticket = u32;

    fn name(&self) -> &&'static str {
        &"fleet"
    }

    fn acquire_ticket(&self) -> Result<u32, Refusal> {
        panic!("this would block the thread")
    }

    fn poll_acquire_ticket(&self, context: &mut Context<'_>) -> Poll<Result<u32, Refusal>> {
        self.asked.set(self.asked.get() + 1);
        if self.asked.get() < self.answers_at {
            *self.waker.borrow_mut() = Some(context.waker().clone());
            return Poll::Pending;
        }
        let refusal = |state| Refusal { state, retry_after_ms: Some(50) };
        Poll::Ready(self.answer.map_err(refusal).inspect(|_| self.out.set(self.out.get() + 1)))
    }

    fn settle_ticket(&self, ticket: u32, outcome: Outcome) -> Receipt {
        assert_eq!((Ok(ticket), self.out.replace(self.out.get() - 1)), (self.answer, 1));
        self.settled.borrow_mut().push(outcome);
        Receipt::Recorded
    }

    fn is_probe(_: u32) -> bool {
        true
    }

    fn allow_request(&self) -> bool {
        unreachable!()
    }

    fn record(&self, _: Outcome) -> Receipt {
        unreachable!()
    }

    fn state(&self) -> CircuitState {
        CircuitState::HalfOpen
    }

    fn mode(&self) -> Mode {
        Mode::Normal
    }

    fn failure_count(&self) -> u16 {
        0
    }

    fn retry_after(&self) -> Option<Duration> {
        None
    }
}

#[test]
fn a_request_waits_for_its_circuit_s_answer_and_is_made_then() {
    for asked in 1..=4 {
        let circuit = elsewhere(asked, Ok(42));
        let mut service = CircuitBreakerLayer::new(circuit.clone()).layer(Script::<_, &str>::new().then(3, || Ok(7)));
        let future = call(&mut service, "a");
        assert_eq!(service.get_ref().called(), usize::from(asked == 1));
        assert_eq!(ready_in(asked.saturating_sub(2) + 3, future), Ok(7), "asked {asked} times");
        assert_eq!((circuit.out.get(), &circuit.settled.borrow()[..]), (0, &[Outcome::Success][..]));
    }
}

#[test]
fn a_request_that_waited_is_refused_like_any_other() {
    let circuit = elsewhere(3, Err(CircuitState::HalfOpen));
    let mut service = CircuitBreakerLayer::new(circuit.clone()).layer(Script::<u32, &str>::new());
    let Err(CallError::Open(refused)) = ready_in(2, call(&mut service, "a")) else { panic!("not refused") };
    assert_eq!((refused.operation_name, refused.retry_after), ("fleet", Some(Duration::from_millis(50))));
    assert_eq!((service.get_ref().called(), circuit.settled.borrow().len()), (0, 0));
}

#[test]
fn the_task_that_polls_is_the_one_that_is_woken() {
    struct Woken(AtomicUsize);
    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
    let circuit = elsewhere(3, Ok(1));
    let mut service = CircuitBreakerLayer::new(circuit.clone()).layer(Script::<_, &str>::new().then(1, || Ok(7)));
    let mut future = Box::pin(call(&mut service, "a"));
    let woken = Arc::new(Woken(AtomicUsize::new(0)));
    assert!(future.as_mut().poll(&mut Context::from_waker(&woken.clone().into())).is_pending());
    circuit.waker.take().unwrap().wake();
    assert_eq!(woken.0.load(Ordering::Relaxed), 1);
    assert_eq!(ready_in(1, future), Ok(7));
}

#[test]
fn a_request_that_waits_has_the_service_that_was_ready_and_the_next_one_readies_another() {
    let circuit = elsewhere(3, Ok(1));
    let script = Script::<_, &str>::new().then(1, || Ok(7)).then(1, || Ok(8));
    let mut service = CircuitBreakerLayer::new(circuit).layer(script);
    let waiting = call(&mut service, "a");
    assert!(!service.get_ref().is_ready, "a clone is not ready");
    // It would panic if the service were called without being ready.
    assert_eq!(ready_in(2, waiting), Ok(7));
    assert_eq!(ready_in(1, call(&mut service, "b")), Ok(8));
}

#[test]
fn a_future_that_is_dropped_after_any_number_of_polls_holds_no_ticket() {
    for polls in 0..=6 {
        let circuit = elsewhere(3, Ok(1));
        let mut service = CircuitBreakerLayer::new(circuit.clone()).layer(Script::<_, &str>::new().then(8, || Ok(7)));
        let mut future = Box::pin(call(&mut service, "a"));
        (0..polls).for_each(|_| assert!(poll(future.as_mut()).is_pending()));
        let made = polls >= 2;
        assert_eq!((circuit.out.get(), service.get_ref().called()), (u32::from(made), usize::from(made)));
        drop(future);
        assert_eq!((circuit.out.get(), circuit.settled.borrow().len()), (0, usize::from(made)));
        assert!(circuit.settled.borrow().iter().all(|outcome| *outcome == Outcome::Ignored));
        assert_eq!(Rc::strong_count(&circuit), 2);
    }
}

#[test]
fn a_panic_when_the_waiting_request_is_made_is_a_failure() {
    let circuit = elsewhere(2, Ok(1));
    let mut service = CircuitBreakerLayer::new(circuit.clone()).layer(Script::<u32, &str>::new().then(0, || Ok(7)));
    let future = call(&mut service, "a");
    assert!(catch_unwind(AssertUnwindSafe(|| ready_in(1, future))).is_err());
    assert_eq!((circuit.out.get(), &circuit.settled.borrow()[..]), (0, &[Outcome::Failure][..]));
    // What was ready is gone with it, the clone goes on.
    assert!(service.poll_ready(&mut Context::from_waker(Waker::noop())).is_ready());
}
