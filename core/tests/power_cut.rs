//! Power that fails at any byte of a store leaves the old snapshot or the new one, and a breaker that is in one of the two
//! states.

#![cfg(not(halfopen_loom))]
#![cfg(feature = "sequential-storage-v8")]

use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use halfopen::{CircuitBreaker, CircuitState, Config, ManualClock, Receipt, Snapshot, Timestamp};
use sequential_storage::Error;
use sequential_storage::cache::Cache;
use sequential_storage::map::{MapConfig, MapStorage, SerializationError};
use sequential_storage::mock_flash::{MockFlashBase, MockFlashError, WriteCountCheck};

/// Four pages of so many words of so many bytes.
type Flash<const WORD: usize, const WORDS: usize> = MockFlashBase<4, WORD, WORDS>;

const RADIO: u8 = 7;
const MODEM: u8 = 8;

const CONFIG: Config = Config::new().failure_threshold(3).recovery_timeout(Duration::from_secs(10));

type Breaker<'a> = CircuitBreaker<&'a ManualClock>;

/// The flash in memory is ready at once.
fn now<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("a flash in memory does not wait"),
    }
}

/// Stores `kept` while the power lasts for so many bytes; the flash as it was left, and whether the store ended.
fn store<const WORD: usize, const WORDS: usize>(
    mut flash: Flash<WORD, WORDS>,
    key: u8,
    kept: &Snapshot,
    power: Option<u32>,
) -> (Flash<WORD, WORDS>, Result<(), Error<MockFlashError>>) {
    flash.bytes_until_shutoff = power;
    let mut map = MapStorage::<u8, _, _>::new(
        flash,
        MapConfig::new(Flash::<WORD, WORDS>::FULL_FLASH_RANGE),
        Cache::new_uncached(),
    );
    let stored = now(map.store_item(&mut [0; 64], &key, kept));
    let mut flash = map.destroy().0;
    flash.bytes_until_shutoff = None;
    (flash, stored)
}

/// What is there when the power is back. It may repair the flash.
fn fetch<const WORD: usize, const WORDS: usize>(
    flash: Flash<WORD, WORDS>,
    key: u8,
) -> (Flash<WORD, WORDS>, Result<Option<Snapshot>, Error<MockFlashError>>) {
    let mut map = MapStorage::<u8, _, _>::new(
        flash,
        MapConfig::new(Flash::<WORD, WORDS>::FULL_FLASH_RANGE),
        Cache::new_uncached(),
    );
    let kept = now(map.fetch_item(&mut [0; 64], &key));
    (map.destroy().0, kept)
}

/// What a breaker to which this happens leaves behind.
fn kept(happens: fn(&Breaker)) -> Snapshot {
    let clock = ManualClock::new();
    let breaker = CircuitBreaker::with_clock("device", CONFIG, &clock);
    happens(&breaker);
    breaker.snapshot()
}

fn fail(breaker: &Breaker, times: u32) {
    (0..times).for_each(|_| assert_eq!(breaker.record_failure(), Receipt::Recorded));
}

fn counting() -> Snapshot {
    kept(|breaker| fail(breaker, 2))
}

/// OPEN, with 6.679 s before it.
fn open() -> Snapshot {
    kept(|breaker| {
        fail(breaker, 3);
        breaker.clock().advance(Duration::from_millis(3_321));
    })
}

fn isolated() -> Snapshot {
    kept(|breaker| breaker.isolate())
}

/// A breaker after the reset, on a clock that shows this.
fn restored(kept: &Snapshot, at: u64) -> (CircuitState, u16, Option<Duration>) {
    let clock = ManualClock::new();
    clock.set(Timestamp::from_millis(at));
    let breaker = CircuitBreaker::with_clock("device", CONFIG, &clock);
    breaker.restore(kept).unwrap();
    (breaker.state(), breaker.failure_count(), breaker.retry_after())
}

/// What was seen of the cuts.
#[derive(Default)]
struct Seen {
    old: u32,
    new: u32,
    second_cuts: u32,
    longest: u32,
}

/// Cuts the power at every byte of a store of `new` over `old`, for so many fill levels of the flash.
fn cut_everywhere<const WORD: usize, const WORDS: usize>(fills: u64, old: &Snapshot, new: &Snapshot) -> Seen {
    let mut seen = Seen::default();
    let mut flash = Flash::<WORD, WORDS>::new(WriteCountCheck::Twice, None, false);
    flash = store(flash, MODEM, &isolated(), None).0;
    for fill in 0..fills {
        let (full, stored) = store(flash, RADIO, old, None);
        assert!(stored.is_ok());
        flash = full;
        for power in 0.. {
            let (cut, stored) = store(flash.clone(), RADIO, new, Some(power));
            if let Err(error) = &stored {
                assert!(matches!(error, Error::Storage { value: MockFlashError::EarlyShutoff(..), .. }), "{error}");
            }
            let (after, found) = fetch(cut.clone(), RADIO);
            let found = found.unwrap().expect("it never vanishes");
            assert!(found == *old || found == *new, "fill {fill}, cut {power}: {found:?}");
            // The last byte may have been written, and the power have failed before anybody said so.
            assert!(found == *new || stored.is_err(), "fill {fill}, cut {power}");
            let expected = match found == *new {
                true => (CircuitState::Open, 3, Some(Duration::from_millis(6_679))),
                false => (CircuitState::Closed, 2, Some(Duration::ZERO)),
            };
            assert_eq!(restored(&found, fill << 25), expected);

            if stored.is_ok() {
                seen.new += 1;
                seen.longest = seen.longest.max(power);
                break;
            }
            let count = if found == *new { &mut seen.new } else { &mut seen.old };
            *count += 1;
            // The rest at some of them only: it takes long.
            if power % 5 != 0 {
                continue;
            }
            assert_eq!(fetch(after, MODEM).1.unwrap(), Some(isolated()), "the other circuit's is as it was");
            // The power fails once more while the flash is repaired and written again, and then it stays.
            let again = power.wrapping_mul(7) % 61;
            let (twice, stored) = store(cut, RADIO, new, Some(again));
            seen.second_cuts += u32::from(stored.is_err());
            let (twice, found) = fetch(twice, RADIO);
            let found = found.unwrap().expect("it never vanishes");
            assert!(found == *new || (found == *old && stored.is_err()), "fill {fill}, cuts {power} and {again}");
            let (whole, stored) = store(twice, RADIO, new, None);
            assert!(stored.is_ok());
            assert_eq!(fetch(whole, RADIO).1.unwrap(), Some(*new));
        }
    }
    seen
}

impl Seen {
    /// Enough for the test to mean something: a store that erases a `page` was cut too.
    fn assert_enough(&self, page: u32) {
        assert!(self.old > 5_000 && self.new >= 100 && self.second_cuts > 1_000 && self.longest > page);
    }
}

#[test]
fn power_that_fails_at_any_byte_of_a_store_leaves_the_old_snapshot_or_the_new_one() {
    cut_everywhere::<4, 128>(200, &counting(), &open()).assert_enough(512);
}

#[test]
fn the_same_in_a_flash_of_single_bytes() {
    cut_everywhere::<1, 256>(100, &counting(), &open()).assert_enough(256);
}

#[test]
fn the_same_in_a_flash_of_words_of_eight_bytes() {
    cut_everywhere::<8, 32>(100, &counting(), &open()).assert_enough(256);
}

#[test]
fn what_somebody_else_stored_under_the_key_is_an_error_and_no_snapshot() {
    let flash = Flash::<4, 64>::new(WriteCountCheck::Twice, None, false);
    let mut map =
        MapStorage::<u8, _, _>::new(flash, MapConfig::new(Flash::<4, 64>::FULL_FLASH_RANGE), Cache::new_uncached());
    assert_eq!(now(map.fetch_item::<Snapshot>(&mut [0; 64], &RADIO)), Ok(None));
    now(map.store_item(&mut [0; 64], &RADIO, &[7_u8; Snapshot::BYTES].as_slice())).unwrap();
    let damaged = Err(Error::SerializationError(SerializationError::InvalidData));
    assert_eq!(now(map.fetch_item::<Snapshot>(&mut [0; 64], &RADIO)), damaged);
    now(map.store_item(&mut [0; 64], &RADIO, &open())).unwrap();
    assert_eq!(now(map.fetch_item::<Snapshot>(&mut [0; 64], &RADIO)), Ok(Some(open())));
}
