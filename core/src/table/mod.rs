//! Many circuits in one `static`: a table of fixed capacity, keyed by operation name, without a heap.
//!
//! ```
//! use halfopen::{BreakerTable, Config, ManualClock, TableError};
//!
//! static CLOCK: ManualClock = ManualClock::new();
//! static SENSORS: BreakerTable<&ManualClock, 2> = BreakerTable::new(Config::new(), &CLOCK);
//!
//! let imu = SENSORS.register("imu")?; // a handle: no search on the hot path
//! if imu.allow_request() {
//!     imu.record_success();
//! }
//! assert_eq!(SENSORS.get("imu").unwrap().failure_count(), 0);
//!
//! SENSORS.register("baro")?;
//! assert_eq!(SENSORS.register("gps").unwrap_err(), TableError::Full);
//! # Ok::<(), TableError>(())
//! ```
//!
//! Names that are made at run time fit into `heapless::String`, or any other text that can be made from a `&str`:
//!
//! ```
//! use halfopen::{BreakerTable, Config, ManualClock, TableError};
//!
//! let clock = ManualClock::new();
//! let devices: BreakerTable<&ManualClock, 8, heapless::String<8>> = BreakerTable::new(Config::new(), &clock);
//! let address = 0x48;
//! devices.register(format!("i2c-{address:02x}").as_str())?;
//! assert!(devices.get("i2c-48").is_some());
//! assert_eq!(devices.register("much too long").unwrap_err(), TableError::NameTooLong);
//! # Ok::<(), TableError>(())
//! ```

mod entry;
mod error;
mod slot;

use core::fmt;
use core::time::Duration;

pub use entry::Entry;
pub use error::TableError;
use slot::{Pin, Seen, Slot};

use crate::atomics::{AcqRel, AtomicU32, Relaxed, Release, const_unless_loom, relax};
use crate::breaker::CircuitBreaker;
use crate::clock::Clock;
use crate::config::CircuitBreakerConfiguration;
use crate::observer::Observer;
use crate::rules::{Checked, Consecutive, Rule};
use crate::snapshot::Snapshot;
use crate::time::{MAX_INTERVAL_MS, ceil_millis, elapsed};

/// At most `N` circuits, found by name through `&self`, from tasks and interrupts.
///
/// Looking up never waits and takes no lock. Registering and retiring exclude one another; where there is no operating
/// system to wait with, the one that comes second gets [`TableError::Busy`].
///
/// `K` holds the names: `&'static str`, or a text such as `heapless::String`. Clock and observer are cloned for each
/// circuit, so let them be references or empty; neither these clones nor the drops of names, clocks and observers may call
/// the table.
pub struct BreakerTable<C, const N: usize, K = &'static str, O = (), R: Rule = Consecutive> {
    slots: [Slot<CircuitBreaker<C, O, K, R>>; N],
    lock: AtomicU32,
    rule: Checked<R>,
    clock: C,
    observer: O,
}

impl<C: Clock + Clone, const N: usize, K: AsRef<str> + Clone> BreakerTable<C, N, K> {
    const_unless_loom! {
        /// An empty table, whose circuits behave as `config` says. A `const fn`: it fits a `static`.
        ///
        /// # Panics
        ///
        /// With the text of the [`ConfigError`](crate::ConfigError) if `config` is invalid; in a `static` that is a
        /// compile error.
        #[track_caller]
        pub fn new(config: CircuitBreakerConfiguration, clock: C) -> Self {
            Self::with_observer(config, clock, ())
        }
    }
}

impl<C: Clock + Clone, const N: usize, K: AsRef<str> + Clone, O: Observer + Clone> BreakerTable<C, N, K, O> {
    const_unless_loom! {
        /// An empty table, whose circuits tell `observer` what happens.
        ///
        /// # Panics
        ///
        /// As [`new`](BreakerTable::new).
        #[track_caller]
        pub fn with_observer(config: CircuitBreakerConfiguration, clock: C, observer: O) -> Self {
            Self::with_rule(Consecutive::with(config), clock, observer)
        }
    }
}

impl<C: Clock + Clone, const N: usize, K: AsRef<str> + Clone, O: Observer + Clone, R: Rule>
    BreakerTable<C, N, K, O, R>
{
    const_unless_loom! {
        /// An empty table, whose circuits go by a rule of your choice.
        ///
        /// ```
        /// use halfopen::rules::CountWindow;
        /// use halfopen::{BreakerTable, Config, ManualClock};
        ///
        /// static CLOCK: ManualClock = ManualClock::new();
        /// static RADIOS: BreakerTable<&ManualClock, 4, &str, (), CountWindow<64>> =
        ///     BreakerTable::with_rule(CountWindow::<64>::with(Config::new()), &CLOCK, ());
        /// assert!(RADIOS.register("lora").unwrap().allow_request());
        /// ```
        pub fn with_rule(rule: Checked<R>, clock: C, observer: O) -> Self {
            Self { slots: empty(), lock: AtomicU32::new(0), rule, clock, observer }
        }
    }

    /// The circuit of this name, made by the table's configuration if there is none.
    ///
    /// # Errors
    ///
    /// [`TableError`]: full, the name is empty or too long, the table is busy, or the circuit has too many handles.
    pub fn register(&self, name: impl TryInto<K>) -> Result<Entry<'_, C, O, K, R>, TableError> {
        self.register_by(name, self.rule)
    }

    /// The circuit of this name, made by a configuration of its own if there is none. One that exists stays as it is.
    ///
    /// # Errors
    ///
    /// As [`register`](Self::register), and [`TableError::Config`] for an invalid configuration.
    pub fn register_with(
        &self,
        name: impl TryInto<K>,
        config: CircuitBreakerConfiguration,
    ) -> Result<Entry<'_, C, O, K, R>, TableError> {
        self.register_by(name, Checked::try_from_config(&config)?)
    }

    fn register_by(&self, name: impl TryInto<K>, rule: Checked<R>) -> Result<Entry<'_, C, O, K, R>, TableError> {
        let name = name.try_into().map_err(|_| TableError::NameTooLong)?;
        if name.as_ref().is_empty() {
            return Err(TableError::EmptyName);
        }
        if let Some(entry) = self.get(name.as_ref()) {
            return Ok(entry);
        }
        let hash = hash(name.as_ref());
        let _locked = self.lock()?;
        if let Some(pin) = self.find(hash, name.as_ref()) {
            return Ok(Entry { pin, used: true });
        }
        if self.slots.iter().any(|slot| slot.hash() == hash && slot.is_exhausted()) {
            return Err(TableError::TooManyHandles);
        }
        let slot = self.slots.iter().find(|slot| !slot.is_ready()).ok_or(TableError::Full)?;
        let breaker = CircuitBreaker::with_rule(name, rule, self.clock.clone(), self.observer.clone());
        // SAFETY: the lock is held and the slot is not ready.
        #[allow(unsafe_code)]
        unsafe {
            slot.put(hash, breaker);
        }
        slot.pin().map(|pin| Entry { pin, used: true }).ok_or(TableError::Busy)
    }

    /// The circuit of this name.
    pub fn get(&self, name: &str) -> Option<Entry<'_, C, O, K, R>> {
        self.find(hash(name), name).map(|pin| Entry { pin, used: true })
    }

    fn find(&self, hash: u32, name: &str) -> Option<Pin<'_, CircuitBreaker<C, O, K, R>>> {
        let same = |pin: &Pin<'_, CircuitBreaker<C, O, K, R>>| pin.get().operation_name() == name;
        self.slots.iter().filter(|slot| slot.hash() == hash).filter_map(Slot::pin).find(same)
    }

    /// Every circuit, in no order. To be looked at here does not count as use.
    pub fn entries(&self) -> impl Iterator<Item = Entry<'_, C, O, K, R>> {
        self.slots.iter().filter_map(Slot::pin).map(|pin| Entry { pin, used: false })
    }

    /// Name and snapshot of every circuit, in no order.
    pub fn snapshots(&self) -> impl Iterator<Item = (K, Snapshot)> {
        self.entries().map(|entry| (entry.name().clone(), entry.snapshot()))
    }

    /// Removes the circuits that nobody has looked up, or held a handle to, for `older_than` (rounded up to whole
    /// milliseconds, at most 24.8 days). Only those that are CLOSED, with the rules in force and nothing counted. Gives the
    /// number of those removed; registered again, a circuit starts anew.
    ///
    /// Call it more often than every 24.8 days: one that looks unused for longer than that may as well have been used in
    /// the future, before the clock went back, and its time counts from this call.
    ///
    /// # Errors
    ///
    /// [`TableError::Busy`].
    pub fn retire_idle(&self, older_than: Duration) -> Result<usize, TableError> {
        let age = u32::try_from(ceil_millis(older_than)).map_or(MAX_INTERVAL_MS, |age| age.min(MAX_INTERVAL_MS));
        let now = self.clock.now().low();
        let _locked = self.lock()?;
        Ok(self.slots.iter().filter(|slot| retire(slot, age, now)).count())
    }

    /// How many circuits there are.
    pub fn len(&self) -> usize {
        self.slots.iter().filter(|slot| slot.is_ready()).count()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many circuits there can be.
    pub const fn capacity(&self) -> usize {
        N
    }

    fn lock(&self) -> Result<Locked<'_>, TableError> {
        while self.lock.compare_exchange(0, 1, AcqRel, Relaxed).is_err() {
            if !relax() {
                return Err(TableError::Busy);
            }
        }
        Ok(Locked(&self.lock))
    }
}

/// Empties a slot that nobody has used for `age`. The caller holds the table's lock.
#[allow(unsafe_code)]
fn retire<C: Clock, O: Observer, K: AsRef<str>, R: Rule>(
    slot: &Slot<CircuitBreaker<C, O, K, R>>,
    age: u32,
    now: u32,
) -> bool {
    let idle = |breaker: &CircuitBreaker<C, O, K, R>| breaker.is_new();
    let removable = |seen: Seen| {
        let rested = match elapsed(slot.used(), now) {
            Some(passed) => passed >= age,
            None => {
                slot.touch(now);
                false
            }
        };
        // SAFETY: the lock is held, and was when the slot was seen.
        rested && unsafe { slot.peek(seen, idle) } == Some(true) && unsafe { slot.remove(seen, idle) }
    };
    slot.seen_unpinned().is_some_and(removable)
}

#[cfg(not(halfopen_loom))]
const fn empty<T, const N: usize>() -> [Slot<T>; N] {
    [const { Slot::new() }; N]
}

#[cfg(halfopen_loom)]
fn empty<T, const N: usize>() -> [Slot<T>; N] {
    core::array::from_fn(|_| Slot::new())
}

struct Locked<'a>(&'a AtomicU32);

impl Drop for Locked<'_> {
    fn drop(&mut self) {
        self.0.store(0, Release);
    }
}

/// FNV-1a: short, and good enough to skip the names that are others. One copy of it is enough.
#[inline(never)]
fn hash(name: &str) -> u32 {
    name.bytes().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

impl<C: Clock + Clone, const N: usize, K: AsRef<str> + Clone, O: Observer + Clone, R: Rule> fmt::Debug
    for BreakerTable<C, N, K, O, R>
where
    R::Policy: fmt::Debug,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.entries()).finish()
    }
}
