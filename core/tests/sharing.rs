//! One breaker used by many threads at once: nothing is lost, doubled, or let through that must not be.

#![cfg(not(halfopen_loom))]

mod support;

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Barrier, Mutex};
use std::thread;
use std::time::Duration;

use halfopen::{
    CircuitBreaker, CircuitState, Clock, Config, ManualClock, Mode, Observer, Receipt, Refusal, Timestamp, Transition,
};

use support::on_threads;

const THREADS: usize = 8;
const RECOVERY: Duration = Duration::from_millis(5);
/// So long that no lease ends in a test.
const LEASE: Duration = Duration::from_secs(1_000_000);

/// Keeps every transition, and counts the rest.
#[derive(Default)]
struct Recorder {
    transitions: Mutex<Vec<Transition>>,
    told: AtomicUsize,
    refused: AtomicUsize,
    late: AtomicUsize,
}

impl Observer for Recorder {
    fn on_transition(&self, _: &str, transition: &Transition) {
        self.transitions.lock().unwrap().push(*transition);
        self.told.fetch_add(1, SeqCst);
    }

    fn on_refused(&self, _: &str, _: &Refusal, mode: Mode) {
        self.refused.fetch_add(usize::from(mode != Mode::Shadow), SeqCst);
    }

    fn on_late(&self, _: &str, _: Receipt) {
        self.late.fetch_add(1, SeqCst);
    }
}

type Breaker<'a> = CircuitBreaker<&'a ManualClock, Recorder>;

fn breaker(config: Config, clock: &ManualClock) -> Breaker<'_> {
    let config = config.recovery_timeout(RECOVERY).probe_timeout(LEASE);
    CircuitBreaker::with_observer("shared", config, clock, Recorder::default())
}

/// Runs `work` on all threads at once, and meanwhile `beside` again and again; gives what `work` gave.
fn on_all_threads<T: Send>(work: impl Fn(usize) -> T + Sync, beside: impl Fn()) -> Vec<T> {
    on_threads(THREADS, work, Some(&beside))
}

#[test]
fn failures_below_the_threshold_are_all_counted() {
    let clock = ManualClock::new();
    for threshold in [800, 801] {
        let breaker = breaker(Config::new().failure_threshold(threshold), &clock);
        let fail = |_| (0..100).filter(|_| breaker.record_failure() == Receipt::Recorded).count();
        assert_eq!(on_all_threads(fail, || ()).iter().sum::<usize>(), 800);
        assert_eq!(breaker.failure_count(), 800);
        let transitions = breaker.observer().transitions.lock().unwrap();
        if threshold == 801 {
            assert_eq!((breaker.state(), transitions.len()), (CircuitState::Closed, 0));
        } else {
            assert_eq!((breaker.snapshot().state(), transitions.len()), (CircuitState::Open, 1));
            assert_eq!((transitions[0].failure_count, transitions[0].generation), (800, 1));
        }
    }
}

#[test]
fn all_probes_that_succeed_are_counted() {
    let clock = ManualClock::new();
    let breaker = breaker(Config::new().half_open_max_calls(8).success_threshold(57), &clock);
    breaker.trip();
    clock.advance(RECOVERY);
    let succeed = |_| (0..7).filter(|_| breaker.call(|| Ok::<_, ()>(())).is_ok()).count();
    assert_eq!(on_all_threads(succeed, || ()).iter().sum::<usize>(), 56);
    assert_eq!(breaker.state(), CircuitState::HalfOpen);
    assert_eq!(breaker.call(|| Ok::<_, ()>(())), Ok(()));
    assert_eq!(breaker.state(), CircuitState::Closed);
    assert_eq!(breaker.observer().transitions.lock().unwrap().last().unwrap().successes, 57);
}

/// Notices by itself how many requests it works on at once.
#[derive(Default)]
struct Dependency {
    now: AtomicUsize,
    most: AtomicUsize,
}

impl Dependency {
    fn work(&self, how: impl FnOnce()) {
        let now = self.now.fetch_add(1, SeqCst) + 1;
        self.most.fetch_max(now, SeqCst);
        how();
        self.now.fetch_sub(1, SeqCst);
    }
}

#[test]
fn a_dependency_never_sees_more_probes_at_once_than_allowed() {
    let clock = ManualClock::new();
    for max in [1, 2, 5, 7] {
        let (breaker, dependency) = (breaker(Config::new().half_open_max_calls(max), &clock), Dependency::default());
        breaker.trip();
        clock.advance(RECOVERY);
        breaker.try_acquire().unwrap().ignore();
        // All ask before the first lets go: exactly as many as allowed are let through.
        let all_asked = Barrier::new(THREADS);
        let hold = |_| {
            let permit = breaker.try_acquire();
            all_asked.wait();
            permit.is_ok()
        };
        let admitted = on_all_threads(hold, || ()).into_iter().filter(|admitted| *admitted).count();
        assert_eq!(admitted, max as usize);
        // They come and go as they like, while time goes on.
        let come_and_go = |thread| {
            for n in 0..2_000 {
                let Ok(permit) = breaker.try_acquire() else { continue };
                assert!(permit.is_probe());
                dependency.work(|| (0..n % 3).for_each(|_| thread::yield_now()));
                if thread % 2 == 0 { drop(permit) } else { assert_eq!(permit.ignore(), Receipt::Recorded) }
            }
        };
        on_all_threads(come_and_go, || clock.advance(RECOVERY));
        assert!(dependency.most.into_inner() <= max as usize, "{max}");
        // No place was lost: all can be had again.
        let permits: Vec<_> = (0..max).map(|_| breaker.try_acquire().unwrap()).collect();
        assert!(breaker.try_acquire().is_err());
        drop(permits);
    }
}

/// A small generator of numbers, so that each run does the same as far as the threads let it.
fn random(seed: &mut u64) -> u64 {
    *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    *seed >> 33
}

/// What a thread was told by its own calls.
#[derive(Default)]
struct Own {
    refused: usize,
    late: usize,
}

/// Does this and that to the breaker.
fn disturb(breaker: &Breaker, seed: &mut u64, own: &mut Own) {
    // Late outcomes are not told in shadow mode, which is therefore left out here.
    let mut settled = |receipt| own.late += usize::from(matches!(receipt, Receipt::Stale | Receipt::Expired));
    match random(seed) % 100 {
        0..30 => settled(breaker.record_failure()),
        30..36 => settled(breaker.record_success()),
        36..40 => breaker.trip(),
        40..44 => breaker.reset(),
        44 => breaker.isolate(),
        45 => breaker.disable(),
        46..56 => own.refused += usize::from(!breaker.allow_request()),
        choice => match breaker.try_acquire() {
            Err(_) => own.refused += 1,
            Ok(permit) => {
                if random(seed) % 4 == 0 {
                    thread::yield_now();
                }
                match choice {
                    56..70 => settled(permit.failure()),
                    70..95 => settled(permit.success()),
                    _ => drop(permit),
                }
            }
        },
    }
}

#[test]
fn the_transitions_of_many_threads_form_one_chain_without_gap_or_double_and_nothing_is_told_twice() {
    // Fewer than there are generations, with one or two on their way in each thread.
    const ENOUGH: usize = 512 - 3 * THREADS;
    let mut moved = 0;
    for round in 0..60 {
        let clock = ManualClock::new();
        let config = Config::new().failure_threshold(2).success_threshold(2).half_open_max_calls(3);
        let breaker = breaker(config, &clock);
        let work = |thread| {
            let (mut seed, mut own) = ((round * THREADS + thread) as u64, Own::default());
            for _ in 0..20_000 {
                if breaker.observer().told.load(SeqCst) >= ENOUGH {
                    break;
                }
                disturb(&breaker, &mut seed, &mut own);
            }
            own
        };
        let told = on_all_threads(work, || clock.advance(Duration::from_millis(1)));

        let mut transitions = breaker.observer().transitions.lock().unwrap().clone();
        transitions.sort_by_key(|transition| transition.generation);
        assert!((100..512).contains(&transitions.len()), "{}", transitions.len());
        let mut at = CircuitState::Closed;
        for (transition, generation) in transitions.iter().zip(1..) {
            assert_eq!((transition.generation, transition.from), (generation, at));
            at = transition.to;
        }
        assert_eq!((breaker.snapshot().state(), breaker.generation()), (at, transitions.len() as u16));
        assert_eq!(breaker.observer().refused.load(SeqCst), told.iter().map(|own| own.refused).sum::<usize>());
        assert_eq!(breaker.observer().late.load(SeqCst), told.iter().map(|own| own.late).sum::<usize>());
        moved += usize::from(clock.now() > Timestamp::ZERO);
    }
    // Not in every round: on a busy machine one may be over before the clock's thread has had its first turn.
    assert!(moved > 0);
}
