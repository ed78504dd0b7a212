//! Where a snapshot is kept over a reset: RAM that keeps its content, or flash.
//!
//! A device that resets often, perhaps because of what the breaker guards, begins each time with a breaker that lets
//! everybody through, unless a snapshot was kept.
//!
//! | where | how | survives |
//! | --- | --- | --- |
//! | RAM that the start of the program leaves alone | [`RetainedSnapshot`] | resets, not a loss of power |
//! | flash, by a map of the crate `sequential-storage` 8 | the feature `sequential-storage-v8` | both |
//! | anything else | [`Snapshot::to_bytes`](crate::Snapshot::to_bytes), [`Snapshot::from_bytes`](crate::Snapshot::from_bytes) | |
//!
//! With each, what is damaged is an error, and the breaker that it was meant for stays fresh. Nobody knows how long the
//! device was off, so what was left of an opening when the snapshot was taken is left again: never more than one open
//! time, but all of it each time that the device restarts from the same snapshot.
//!
//! # When to store
//!
//! After a transition, which [`generation`](crate::CircuitBreaker::generation) shows, from one place such as the main loop;
//! never for each call: flash wears out. RAM may be written as often as you like.
//!
//! ```
//! use halfopen::storage::RetainedSnapshot;
//! use halfopen::{CircuitBreaker, CircuitState, Config, ManualClock, SnapshotError};
//!
//! // In firmware with `#[unsafe(link_section = ".uninit.RADIO_KEPT")]`.
//! static KEPT: RetainedSnapshot = RetainedSnapshot::new();
//! static CLOCK: ManualClock = ManualClock::new();
//!
//! // The start of the program.
//! let radio = CircuitBreaker::with_clock("radio", Config::new().failure_threshold(1), &CLOCK);
//! match KEPT.load().and_then(|kept| radio.restore(&kept)) {
//!     Ok(()) => println!("goes on as {}", radio.state()),
//!     Err(SnapshotError::Empty) => println!("begins"),
//!     Err(damage) => println!("begins anew: {damage}"),
//! }
//!
//! // The main loop.
//! let mut stored = radio.generation();
//! radio.record_failure();
//! if radio.generation() != stored {
//!     stored = radio.generation();
//!     KEPT.save(&radio.snapshot());
//! }
//! assert_eq!(KEPT.load()?.state(), CircuitState::Open);
//! # Ok::<(), SnapshotError>(())
//! ```
//!
//! # Flash
//!
//! With the feature `sequential-storage-v8` (Rust 1.87 or later) a snapshot is a value of a map of that crate, under a key
//! of yours, on any flash of `embedded-storage-async`. The map spreads the wear over its pages, and a power cut in the
//! middle of a store leaves the old snapshot or the new one.
//!
//! ```
//! # #[cfg(feature = "sequential-storage-v8")] {
//! use embedded_storage_async::nor_flash::NorFlash;
//! use halfopen::{CircuitBreaker, CircuitState, Clock, Snapshot};
//! use sequential_storage::cache::Cache;
//! use sequential_storage::map::{MapConfig, MapStorage};
//! use sequential_storage::Error;
//!
//! /// The key of the radio's snapshot: one for each circuit.
//! const RADIO: u8 = 7;
//!
//! async fn run<F: NorFlash>(flash: F, radio: &CircuitBreaker<impl Clock>) -> Result<(), Error<F::Error>> {
//!     // The part of the flash that is the map's: two pages or more.
//!     let mut map = MapStorage::<u8, _, _>::new(flash, MapConfig::new(0..0x1000), Cache::new_uncached());
//!     let mut buffer = [0; 64];
//!
//!     // The start of the program.
//!     match map.fetch_item::<Snapshot>(&mut buffer, &RADIO).await {
//!         Ok(Some(kept)) => radio.restore(&kept).expect("it was checked when it was read"),
//!         Ok(None) => (),                             // nothing was stored yet
//!         Err(Error::SerializationError(_)) => (),    // damaged, or of another version
//!         Err(error) => return Err(error),
//!     }
//!     // After a transition.
//!     map.store_item(&mut buffer, &RADIO, &radio.snapshot()).await
//! }
//! # use core::{pin::pin, task::{Context, Poll, Waker}};
//! # use halfopen::{Config, ManualClock};
//! # use sequential_storage::mock_flash::{MockFlashBase, WriteCountCheck};
//! # let clock = ManualClock::new();
//! # let radio = CircuitBreaker::with_clock("radio", Config::new(), &clock);
//! # let flash = MockFlashBase::<4, 4, 256>::new(WriteCountCheck::Twice, None, false);
//! # let ran = pin!(run(flash, &radio)).poll(&mut Context::from_waker(Waker::noop()));
//! # assert!(matches!(ran, Poll::Ready(Ok(()))));
//! # }
//! ```
//!
//! A flash that blocks (`embedded-storage`) is made one that does not by `embassy_embedded_hal::adapter::BlockingAsync`, or by
//! a wrapper such as this one; `pollster` or `embassy_futures::block_on` then runs the map without an executor:
//!
//! ```
//! use embedded_storage::nor_flash as blocking;
//! use embedded_storage_async::nor_flash::{ErrorType, NorFlash, ReadNorFlash};
//!
//! struct Blocking<F>(F);
//!
//! impl<F: blocking::ErrorType> ErrorType for Blocking<F> {
//!     type Error = F::Error;
//! }
//!
//! impl<F: blocking::ReadNorFlash> ReadNorFlash for Blocking<F> {
//!     const READ_SIZE: usize = F::READ_SIZE;
//!
//!     async fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), F::Error> {
//!         self.0.read(offset, bytes)
//!     }
//!
//!     fn capacity(&self) -> usize {
//!         self.0.capacity()
//!     }
//! }
//!
//! impl<F: blocking::NorFlash> NorFlash for Blocking<F> {
//!     const WRITE_SIZE: usize = F::WRITE_SIZE;
//!     const ERASE_SIZE: usize = F::ERASE_SIZE;
//!
//!     async fn erase(&mut self, from: u32, to: u32) -> Result<(), F::Error> {
//!         self.0.erase(from, to)
//!     }
//!
//!     async fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), F::Error> {
//!         self.0.write(offset, bytes)
//!     }
//! }
//! ```

mod retained;
#[cfg(feature = "sequential-storage-v8")]
mod sequential;

pub use retained::RetainedSnapshot;
