//! Every interleaving of the races that matter, explored by loom:
//! `RUSTFLAGS="--cfg halfopen_loom" cargo test -p halfopen --release --test loom`.
//!
//! The manual clock is no part of the model: loom runs one thread at a time, so each reads what was set last.
#![cfg(halfopen_loom)]

mod adaptive;
mod count_window;
mod orders;
mod restores;
mod state;
mod table;
mod time_window;

use std::cell::Cell;
use std::sync::Mutex;
use std::time::Duration;

use halfopen::rules::{Checked, Consecutive, Rule};
use halfopen::{CircuitBreaker, CircuitState, Config, ManualClock, Observer, Timestamp, Transition};
use loom::sync::Arc;
use loom::thread;

const RECOVERY: Duration = Duration::from_millis(100);

/// Keeps what it is told, outside of the model.
#[derive(Default)]
struct Recorder(Mutex<Vec<Transition>>);

impl Observer for Recorder {
    fn on_transition(&self, _: &str, transition: &Transition) {
        self.0.lock().unwrap().push(*transition);
    }
}

type Breaker<R = Consecutive> = CircuitBreaker<&'static ManualClock, Recorder, &'static str, R>;

fn clock() -> &'static ManualClock {
    let clock: &'static ManualClock = Box::leak(Box::new(ManualClock::new()));
    clock.set(Timestamp::from_millis(1_000));
    clock
}

/// As [`breaker`], by another rule.
fn by_rule<R: Rule>(rule: Checked<R>) -> (Arc<Breaker<R>>, &'static ManualClock) {
    let clock = clock();
    (Arc::new(CircuitBreaker::with_rule("loom", rule, clock, Recorder::default())), clock)
}

/// A breaker and its clock, which is leaked: loom's threads ask for `'static`.
fn breaker(config: Config) -> (Arc<Breaker>, &'static ManualClock) {
    let (config, clock) = (config.recovery_timeout(RECOVERY), clock());
    (Arc::new(CircuitBreaker::with_observer("loom", config, clock, Recorder::default())), clock)
}

/// An OPEN breaker whose timeout has just passed.
fn lapsed(config: Config) -> (Arc<Breaker>, &'static ManualClock) {
    let (breaker, clock) = breaker(config.failure_threshold(1));
    breaker.record_failure();
    clock.advance(RECOVERY);
    (breaker, clock)
}

fn spawn<S: 'static, T: 'static>(shared: &Arc<S>, run: impl FnOnce(&S) -> T + 'static) -> thread::JoinHandle<T> {
    let shared = shared.clone();
    let thread = thread::spawn(move || run(&shared));
    if YIELDS.get() {
        thread::yield_now();
    }
    thread
}

std::thread_local! {
    /// Whether a thread lets one that it has spawned go first. Loom runs all threads of a model in one of the system.
    static YIELDS: Cell<bool> = const { Cell::new(false) };
}

/// Explores every interleaving.
fn every(model: impl Fn() + Sync + Send + 'static) {
    switching(None, model);
}

/// As [`every`], with at most three switches away from a thread that could go on: for models that are too large.
fn bounded(model: impl Fn() + Sync + Send + 'static) {
    switching(Some(3), model);
}

/// As [`bounded`], with two, and only where new threads go first: for models that would take minutes.
fn narrowly(model: impl Fn() + Sync + Send + 'static) {
    explore(true, Some(2), std::sync::Arc::new(model));
}

/// As [`bounded`], only where new threads go first.
fn bounded_once(model: impl Fn() + Sync + Send + 'static) {
    explore(true, Some(3), std::sync::Arc::new(model));
}

/// Twice, because loom misses some schedules in which a new thread goes first, and some in which it does not.
fn switching(times: Option<usize>, model: impl Fn() + Sync + Send + 'static) {
    let model = std::sync::Arc::new(model);
    for yields in [false, true] {
        explore(yields, times, model.clone());
    }
}

fn explore(yields: bool, times: Option<usize>, model: std::sync::Arc<impl Fn() + Sync + Send + 'static>) {
    YIELDS.set(yields);
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = times;
    builder.check(move || model());
}

/// The states passed through in the order of the generations, in which there is no gap and no double.
fn path<R: Rule>(breaker: &Breaker<R>) -> String {
    let mut transitions = breaker.observer().0.lock().unwrap().clone();
    transitions.sort_by_key(|transition| transition.generation);
    let mut at = CircuitState::Closed;
    let mut path = String::from(at.as_str());
    for transition in &transitions {
        assert_eq!(transition.from, at, "{transitions:?}");
        at = transition.to;
        path += &format!(" {at}");
    }
    assert!(transitions.windows(2).all(|pair| pair[1].generation > pair[0].generation), "{transitions:?}");
    path
}
