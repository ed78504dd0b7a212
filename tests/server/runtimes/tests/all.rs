//! One breaker serves plain threads, tokio and smol at the same time; it knows none of them.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::thread;
use std::time::Duration;

use halfopen::{CallError, CircuitBreaker, CircuitState, Config, SystemClock};

const CALLS: usize = 200;

type Breaker = CircuitBreaker<SystemClock>;

/// Longer than any test: what is open stays open.
fn breaker() -> Arc<Breaker> {
    let config = Config::new().failure_threshold(3 * CALLS as u32).recovery_timeout(Duration::from_secs(3_600));
    Arc::new(CircuitBreaker::new("shared", config))
}

/// Gives way once: a future of no runtime.
struct GiveWay(bool);

impl Future for GiveWay {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if std::mem::replace(&mut self.0, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    }
}

async fn fails() -> Result<(), &'static str> {
    GiveWay(false).await;
    Err("no")
}

/// A call that fails, on whatever runtime polls it.
async fn call(breaker: Arc<Breaker>) -> bool {
    matches!(breaker.call_async(fails).await, Err(CallError::Inner("no")))
}

fn on_threads(breaker: &Arc<Breaker>) {
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| (0..CALLS / 2).for_each(|_| assert!(breaker.call(|| Err::<(), _>("no")).is_err())));
        }
    });
}

fn on_tokio(breaker: &Arc<Breaker>) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
    runtime.block_on(async {
        let tasks: Vec<_> = (0..CALLS).map(|_| tokio::spawn(call(Arc::clone(breaker)))).collect();
        for task in tasks {
            assert!(task.await.unwrap());
        }
    });
}

fn on_smol(breaker: &Arc<Breaker>) {
    smol::block_on(async {
        let tasks: Vec<_> = (0..CALLS).map(|_| smol::spawn(call(Arc::clone(breaker)))).collect();
        for task in tasks {
            assert!(task.await);
        }
    });
}

#[test]
fn what_fails_on_threads_on_tokio_and_on_smol_opens_one_circuit_by_exactly_the_last_of_them() {
    let breaker = breaker();
    thread::scope(|scope| {
        let all: [fn(&Arc<Breaker>); 3] = [on_threads, on_tokio, on_smol];
        for run in all {
            let breaker = &breaker;
            scope.spawn(move || run(breaker));
        }
    });
    assert_eq!(usize::from(breaker.failure_count()), 3 * CALLS);
    assert_eq!((breaker.state(), breaker.generation()), (CircuitState::Open, 1));
    // And each of them is refused.
    assert!(matches!(breaker.call(|| Ok::<_, ()>(())), Err(CallError::Open(_))));
    let refused = async || matches!(breaker.call_async(fails).await, Err(CallError::Open(_)));
    assert!(smol::block_on(refused()));
    assert!(tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(refused()));
}

/// A circuit whose probe is under way, and nothing else can be.
fn half_open() -> Arc<Breaker> {
    let breaker = Arc::new(CircuitBreaker::new("probe", Config::new().recovery_timeout(Duration::from_millis(1))));
    breaker.trip();
    while breaker.state() != CircuitState::HalfOpen {
        thread::yield_now();
    }
    breaker
}

/// Waits for nothing that comes.
async fn hang(breaker: Arc<Breaker>) {
    let _ = breaker.call_async(std::future::pending::<Result<(), ()>>).await;
}

#[test]
fn a_task_that_is_aborted_on_tokio_gives_its_probe_back() {
    let breaker = half_open();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let task = tokio::spawn(hang(Arc::clone(&breaker)));
        tokio::task::yield_now().await;
        task.abort();
        assert!(task.await.unwrap_err().is_cancelled());
    });
    assert!(breaker.try_acquire().unwrap().is_probe());
}

#[test]
fn a_task_that_is_dropped_on_smol_gives_its_probe_back() {
    let breaker = half_open();
    smol::block_on(async {
        let task = smol::spawn(hang(Arc::clone(&breaker)));
        smol::future::yield_now().await;
        task.cancel().await;
    });
    assert!(breaker.try_acquire().unwrap().is_probe());
}
