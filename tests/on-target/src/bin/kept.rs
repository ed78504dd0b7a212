//! A breaker goes on after resets of the chip, also after those that come in the middle of a save.
#![no_std]
#![no_main]

use core::sync::atomic::{AtomicU32, Ordering::Relaxed};
use core::time::Duration;

use halfopen::storage::RetainedSnapshot;
use halfopen::{CircuitBreaker, CircuitState, Clock, Config, ManualClock, Receipt, Snapshot, SnapshotError, Timestamp};

board::panic_handler!();

struct Uptime;

impl Clock for Uptime {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(board::now_ms().into())
    }
}

const CONFIG: Config = Config::new().failure_threshold(2).recovery_timeout(Duration::from_millis(100));
/// The resets that come while snapshots are saved.
const SHOTS: u32 = 200;

static SENSOR: CircuitBreaker<Uptime> = CircuitBreaker::with_clock("sensor", CONFIG, Uptime);

#[unsafe(link_section = ".uninit.KEPT")]
static KEPT: RetainedSnapshot = RetainedSnapshot::new();

/// How often the chip has started, and how often each of two snapshots was there then. The emulator's RAM begins as zeros.
#[unsafe(link_section = ".uninit.STARTS")]
static STARTS: AtomicU32 = AtomicU32::new(0);
#[unsafe(link_section = ".uninit.FOUND")]
static FOUND: [AtomicU32; 2] = [const { AtomicU32::new(0) }; 2];

#[board::entry]
fn main() -> ! {
    board::start();
    match one_more(&STARTS) {
        0 => open(),
        1 => go_on(),
        2 => {
            assert_eq!(KEPT.load().map(|kept| kept.state()), Ok(CircuitState::Closed));
            KEPT.save(&pair()[0]);
            save_until_reset(0)
        }
        start if start < SHOTS + 2 => {
            find();
            save_until_reset(start - 2)
        }
        start => {
            find();
            let [first, second] = [FOUND[0].load(Relaxed), FOUND[1].load(Relaxed)];
            board::println!(
                "{start} resets, {SHOTS} of them while saving: one snapshot {first} times, the other {second}"
            );
            assert_eq!(first + second, SHOTS);
            assert!(first > SHOTS / 10 && second > SHOTS / 10);
            board::exit(0)
        }
    }
}

/// Nothing was kept. The circuit opens, and the chip is reset 30 ms later.
fn open() -> ! {
    assert_eq!(KEPT.load(), Err(SnapshotError::Empty));
    (0..2).for_each(|_| assert_eq!(SENSOR.record_failure(), Receipt::Recorded));
    board::wait_ms(30);
    KEPT.save(&SENSOR.snapshot());
    board::reset()
}

/// The circuit is OPEN for the 70 ms that were left, and closes by a probe.
fn go_on() -> ! {
    let kept = KEPT.load().expect("a snapshot");
    assert_eq!(kept.failure_count(), 2);
    assert!((68..=70).contains(&kept.remaining_ms()), "{kept:?}");
    let left = Duration::from_millis(kept.remaining_ms().into());
    SENSOR.restore(&kept).expect("it was checked");
    assert_eq!(SENSOR.state(), CircuitState::Open);
    let wait = SENSOR.retry_after().expect("a time");
    assert!(wait <= left && wait + Duration::from_millis(2) >= left, "{wait:?} of {left:?}");
    board::wait_ms(60);
    assert!(!SENSOR.allow_request());
    board::wait_ms(12);
    assert!(SENSOR.allow_request());
    SENSOR.record_success();
    KEPT.save(&SENSOR.snapshot());
    board::reset()
}

/// Saves one snapshot after the other, until an interrupt resets the chip: each time at another moment.
fn save_until_reset(shot: u32) -> ! {
    let [first, second] = pair();
    board::on_tick(100_000 + shot * 1_300, || board::reset());
    loop {
        KEPT.save(&second);
        KEPT.save(&first);
    }
}

/// One of the two is there, whole.
fn find() {
    let kept = KEPT.load().expect("a snapshot");
    let found = pair().iter().position(|one| *one == kept);
    one_more(&FOUND[found.expect("one of the two")]);
}

/// Snapshots that differ in many words.
fn pair() -> [Snapshot; 2] {
    let clock = ManualClock::new();
    let [first, second] = [(); 2].map(|()| CircuitBreaker::with_clock("sensor", CONFIG, &clock));
    first.record_failure();
    clock.advance(Duration::from_millis(1 << 40));
    first.isolate();
    second.trip();
    second.record_failure();
    clock.advance(Duration::from_millis(17));
    [first.snapshot(), second.snapshot()]
}

fn one_more(count: &AtomicU32) -> u32 {
    let before = count.load(Relaxed);
    count.store(before + 1, Relaxed);
    before
}
