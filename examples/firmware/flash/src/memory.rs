//! Where the radio's snapshot is kept: in RAM, which stays over a reset, and in flash, which stays without power.

use board::{Nvmc, STORAGE};
use embassy_futures::block_on;
use halfopen::storage::RetainedSnapshot;
use halfopen::{Snapshot, SnapshotError};
use sequential_storage::Error;
use sequential_storage::cache::{Cache, Uncached};
use sequential_storage::map::{MapConfig, MapStorage};

use crate::Radio;

// SAFETY: cortex-m-rt's linker script has this section, in RAM and apart from what Rust initialises. Whatever it holds when
// power comes are values of the atomics in it, and the snapshot is checked when it is loaded.
#[unsafe(link_section = ".uninit.RADIO_IN_RAM")]
static IN_RAM: RetainedSnapshot = RetainedSnapshot::new();

/// The key of the radio's snapshot in flash: one for each circuit.
const RADIO: u8 = 7;

type Map = MapStorage<u8, Nvmc, Cache<Uncached, Uncached, Uncached, u8>>;

/// Both, and what is in flash.
pub struct Memory {
    in_flash: Map,
    stored: u16,
    buffer: [u8; 64],
}

impl Memory {
    /// The whole storage is the map's.
    pub fn new(flash: Nvmc) -> Self {
        let config = const { MapConfig::new(0..STORAGE.end - STORAGE.start) };
        Self { in_flash: MapStorage::new(flash, config, Cache::new_uncached()), stored: 0, buffer: [0; 64] }
    }

    /// At the start. RAM has the later snapshot, if it has one. Where neither has a whole one, the breaker stays fresh.
    pub fn restore(&mut self, radio: &Radio) {
        let Some((place, snapshot)) = self.load_from_ram().or_else(|| self.load_from_flash()) else {
            defmt::info!("nothing is known of the radio");
            return;
        };
        match radio.restore(&snapshot) {
            Ok(()) => defmt::info!("goes on from {=str}, {=u32} ms left", place, snapshot.remaining_ms()),
            Err(error) => defmt::error!("{=str}: {}", place, error),
        }
        self.stored = radio.generation();
    }

    fn load_from_ram(&self) -> Option<(&'static str, Snapshot)> {
        match IN_RAM.load() {
            Ok(snapshot) => return Some(("RAM", snapshot)),
            Err(SnapshotError::Empty) => {} // as after each loss of power
            Err(error) => defmt::error!("RAM: {}", error),
        }
        None
    }

    fn load_from_flash(&mut self) -> Option<(&'static str, Snapshot)> {
        match block_on(self.in_flash.fetch_item(&mut self.buffer, &RADIO)) {
            Ok(found) => found.map(|snapshot| ("flash", snapshot)),
            Err(error) => {
                defmt::error!("flash: {}", error);
                if matches!(error, Error::Corrupted { .. }) {
                    // No map is there, and none could be written.
                    if let Err(error) = block_on(self.in_flash.erase_all()) {
                        defmt::error!("flash: {}", error);
                    }
                }
                None
            }
        }
    }

    /// In each round of the main loop. RAM gets the time that is left, to the millisecond; flash, which wears out, only the
    /// transitions.
    pub fn save(&mut self, radio: &Radio) {
        let snapshot = radio.snapshot();
        IN_RAM.save(&snapshot);
        if radio.generation() != self.stored {
            match block_on(self.in_flash.store_item(&mut self.buffer, &RADIO, &snapshot)) {
                Ok(()) => self.stored = radio.generation(),
                Err(error) => defmt::error!("flash: {}", error),
            }
        }
    }
}

/// What may happen to a device.
impl Memory {
    /// As when the power fails.
    pub fn lose_ram(&mut self) {
        IN_RAM.clear();
    }

    /// A bit of the snapshot in flash is another one. One that changes below the map is noticed by the map itself, which then
    /// has the snapshot before it.
    pub fn damage(&mut self, radio: &Radio) {
        let mut bytes = radio.snapshot().to_bytes();
        bytes[9] ^= 1;
        if let Err(error) = block_on(self.in_flash.store_item(&mut self.buffer, &RADIO, &bytes)) {
            defmt::panic!("flash: {}", error);
        }
    }
}
