//! Windows used by many threads at once: after all of them, a window holds exactly what was recorded.

#![cfg(not(halfopen_loom))]

mod support;

use std::sync::Barrier;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::thread;
use std::time::Duration;

use halfopen::rules::{Adaptive, Consecutive, CountWindow, Rule, TimeWindow};
use halfopen::{BreakerTable, CircuitBreaker, CircuitState, Config, ManualClock, Observer, Receipt, Transition};

/// Keeps the latest transition.
#[derive(Default)]
struct Last(std::sync::Mutex<Vec<Transition>>);

impl Observer for Last {
    fn on_transition(&self, _: &str, transition: &Transition) {
        self.0.lock().unwrap().push(*transition);
    }
}

type Breaker<'a, R> = CircuitBreaker<&'a ManualClock, Last, &'static str, R>;

/// Runs `work` on so many threads at once.
fn on_threads<T: Send>(threads: usize, work: impl Fn(usize) -> T + Sync) -> Vec<T> {
    support::on_threads(threads, work, None)
}

/// Each thread's number among all, for `each` numbers a thread; `true` where that call is to fail.
fn fails(thread: usize, call: usize) -> bool {
    (thread + call) % 3 == 0
}

fn record<R: Rule>(breaker: &Breaker<R>, fails: bool) {
    let receipt = if fails { breaker.record_failure() } else { breaker.record_success() };
    assert_eq!(receipt, Receipt::Recorded);
}

/// Rounds of as many calls as the window has room for, less than it, or more: none is lost and none counted twice.
fn counts_exactly<const N: usize>(rounds: usize)
where
    CountWindow<N>: Rule<Memory: Sync, Policy: Sync>,
{
    let clock = ManualClock::new();
    let config = Config::new().failure_rate_threshold(100).minimum_calls(N as u32);
    let rule = halfopen::rules::Checked::<CountWindow<N>>::try_from_config(&config).unwrap();
    let breaker = CircuitBreaker::with_rule("shared", rule, &clock, Last::default());
    for round in 0..rounds {
        let threads = 2 + round % 3;
        // The first call of the window is good, so that it never fills with failures alone.
        let each = (N - 1) / threads;
        breaker.reset();
        breaker.record_success();
        let failed = on_threads(threads, |thread| {
            (0..each).filter(|call| fails(thread, *call)).inspect(|_| record(&breaker, true)).count()
        });
        let good = on_threads(threads, |thread| {
            (0..each).filter(|call| !fails(thread, *call)).inspect(|_| record(&breaker, false)).count()
        });
        let (failed, good): (usize, usize) = (failed.iter().sum(), good.iter().sum());
        assert_eq!(failed + good, threads * each);
        assert_eq!(usize::from(breaker.failure_count()), failed);
        // Exactly so many successes push out the oldest, which is the one of the beginning, and then the failures.
        for _ in failed + good + 1..N {
            breaker.record_success();
        }
        assert_eq!(usize::from(breaker.failure_count()), failed);
        breaker.record_success();
        assert_eq!(usize::from(breaker.failure_count()), failed);
        (0..failed).for_each(|_| record(&breaker, false));
        assert_eq!(breaker.failure_count(), 0);
    }
    assert!(breaker.observer().0.lock().unwrap().is_empty());
}

#[test]
fn a_window_over_64_calls_holds_exactly_the_calls_of_all_threads() {
    counts_exactly::<64>(1_500);
}

#[test]
fn a_window_over_1_024_calls_holds_exactly_the_calls_of_all_threads() {
    counts_exactly::<1_024>(150);
}

#[test]
fn a_window_over_9_calls_which_are_one_word_holds_exactly_the_calls_of_all_threads() {
    counts_exactly::<9>(1_500);
}

#[test]
fn a_window_never_opens_by_a_rate_that_no_two_moments_of_it_had() {
    // Each thread fails once in ten calls, so there are never more than 4 of its failures in 31 calls of its own, and of
    // all calls never more than that share and one failure a thread.
    let clock = ManualClock::new();
    let config = Config::new().failure_rate_threshold(50).minimum_calls(24);
    for _ in 0..20 {
        let rule = CountWindow::<32>::with(config);
        let breaker = CircuitBreaker::with_rule("shared", rule, &clock, Last::default());
        on_threads(4, |_| (0..20_000).for_each(|call| record(&breaker, call % 10 == 0)));
        assert_eq!(breaker.state(), CircuitState::Closed, "{:?}", breaker.observer().0.lock().unwrap());
    }
}

#[test]
fn within_one_bucket_every_call_of_every_thread_is_counted() {
    const EACH: usize = 200_000;
    let clock = ManualClock::new();
    for threads in 2..=4 {
        // One call more than all will make.
        let all = (threads * EACH / 100 * 100) as u32;
        let config = Config::new().failure_rate_threshold(34).minimum_calls(all.min(65_535));
        let rule = TimeWindow::<10>::with(config);
        let breaker = CircuitBreaker::with_rule("shared", rule, &clock, Last::default());
        let failed = on_threads(threads, |thread| {
            // A success first, so that no beginning has a higher rate than the whole.
            (0..EACH)
                .map(|call| call % 3 == 2 && thread < 4)
                .inspect(|fails| record(&breaker, *fails))
                .filter(|fails| *fails)
                .count()
        });
        let failed: usize = failed.iter().sum();
        assert_eq!(breaker.state(), CircuitState::Closed);
        let mut more = 0;
        while breaker.state() == CircuitState::Closed {
            breaker.record_failure();
            more += 1;
        }
        let tally = breaker.observer().0.lock().unwrap()[0].tally.unwrap();
        assert_eq!(tally.calls as usize, threads * EACH + more);
        assert_eq!(tally.failures as usize, failed + more);
    }
}

#[test]
fn across_turns_of_the_buckets_every_call_of_a_window_is_counted() {
    // The clock goes through all but the last of the buckets while the threads record, so nothing is forgotten.
    const EACH: usize = 50_000;
    for round in 0..10 {
        let clock = ManualClock::new();
        let config =
            Config::new().sliding_window(Duration::from_millis(64)).failure_rate_threshold(34).minimum_calls(10);
        let breaker = CircuitBreaker::with_rule("shared", TimeWindow::<16>::with(config), &clock, Last::default());
        // Enough successes that no moment has too high a rate.
        (0..100).for_each(|_| record(&breaker, false));
        let (done, turns) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let failed = on_threads(4, |thread| {
            if thread == 3 {
                // After each share of the calls the clock goes on by a bucket of 4 ms, 15 times less one.
                while turns.load(SeqCst) < 14 {
                    if done.load(SeqCst) >= (turns.load(SeqCst) + 1) * EACH * 3 / 16 {
                        clock.advance(Duration::from_millis(4));
                        turns.fetch_add(1, SeqCst);
                    }
                    thread::yield_now();
                }
                return 0;
            }
            (0..EACH)
                .map(|call| call % 3 == 2)
                .inspect(|fails| {
                    record(&breaker, *fails);
                    done.fetch_add(1, SeqCst);
                })
                .filter(|fails| *fails)
                .count()
        });
        let failed: usize = failed.iter().sum();
        assert_eq!((turns.into_inner(), breaker.state()), (14, CircuitState::Closed), "{round}");
        let mut more = 0;
        while breaker.state() == CircuitState::Closed {
            breaker.record_failure();
            more += 1;
        }
        let tally = breaker.observer().0.lock().unwrap()[0].tally.unwrap();
        assert_eq!((tally.calls as usize, tally.failures as usize), (100 + 3 * EACH + more, failed + more), "{round}");
    }
}

#[test]
fn windows_of_a_table_hold_what_was_recorded_under_each_name() {
    const NAMES: [&str; 4] = ["imu", "gps", "baro", "radio"];
    let clock = ManualClock::new();
    for _ in 0..200 {
        let rule = CountWindow::<256>::with(Config::new().failure_rate_threshold(100).minimum_calls(256));
        let table = BreakerTable::<&ManualClock, 4, &str, (), CountWindow<256>>::with_rule(rule, &clock, ());
        NAMES.iter().for_each(|name| _ = table.register(*name).unwrap().record_success());
        on_threads(4, |thread| {
            for call in 0..200 {
                let entry = table.get(NAMES[(thread + call) % 4]).unwrap();
                let receipt = if call % 2 == 0 { entry.record_failure() } else { entry.record_success() };
                assert_eq!(receipt, Receipt::Recorded);
            }
        });
        // Of each thread every fourth call is of one name, and those are all even or all odd.
        let counts: Vec<u16> = NAMES.iter().map(|name| table.get(name).unwrap().failure_count()).collect();
        assert_eq!(counts, [100; 4]);
    }
}

#[test]
fn probes_that_fail_at_once_are_one_reopening_each_time() {
    let clock = ManualClock::new();
    let second = Duration::from_secs(1);
    let config = Config::new()
        .failure_threshold(1)
        .recovery_timeout(second)
        .recovery_multiplier_percent(200)
        .max_recovery_timeout(1_000 * second)
        .half_open_max_calls(4);
    let rule = Adaptive::<Consecutive>::with(config);
    let breaker = CircuitBreaker::with_rule("shared", rule, &clock, Last::default());
    breaker.record_failure();
    let mut wait = second;
    for reopenings in 1..=9 {
        clock.advance(wait);
        let asked = Barrier::new(4);
        let recorded = on_threads(4, |_| {
            let probe = breaker.try_acquire();
            asked.wait();
            probe.map(|probe| probe.failure() == Receipt::Recorded).unwrap_or(false)
        });
        assert_eq!(recorded.iter().filter(|recorded| **recorded).count(), 1);
        wait *= 2;
        assert_eq!((breaker.reopenings(), breaker.retry_after()), (reopenings, Some(wait)));
    }
}
