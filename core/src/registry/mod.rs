//! Many circuits by name on a server: made when they are first asked for, found by many threads at once, bounded in number.
//!
//! ```
//! use halfopen::{CallError, CircuitBreakerRegistry, Config, RegistryConfig};
//!
//! let config = RegistryConfig::new()
//!     .defaults(Config::new().failure_threshold(5))
//!     .circuit("payments", Config::new().failure_threshold(1));
//! let circuits = CircuitBreakerRegistry::try_new(config)?;
//!
//! let payments = circuits.register("payments")?; // made now; found the next time
//! assert!(matches!(payments.call(|| Err::<(), _>("the bank is down")), Err(CallError::Inner(_))));
//! assert!(matches!(circuits.register("payments")?.call(|| Ok::<_, ()>(())), Err(CallError::Open(_))));
//! assert_eq!(circuits.register("mail")?.call(|| Ok::<_, ()>("sent")), Ok("sent"));
//! # Ok::<(), halfopen::RegistryError>(())
//! ```
//!
//! [`RegistryConfig`] is read by serde, where that feature is on. A registry holds breakers of any kind, such as those of a
//! fleet: see [`try_with_factory`](CircuitBreakerRegistry::try_with_factory).
//!
//! In firmware, without a heap, [`BreakerTable`](crate::BreakerTable) is for the same.

mod config;
mod entry;
mod error;
mod factory;
mod shards;

use core::fmt;
use core::time::Duration;
use std::boxed::Box;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::vec::Vec;

pub use config::RegistryConfig;
pub use entry::RegistryEntry;
pub use error::RegistryError;
pub use factory::{BreakerFactory, LocalBreakers};

use crate::breaker::CircuitBreaker;
use crate::clock::{Clock, DefaultClock};
use crate::config::CircuitBreakerConfiguration;
use crate::contract::Breaker;
use crate::observer::Observer;
use crate::rules::Rule;
use crate::snapshot::Snapshot;
use crate::time::ceil_millis;
use entry::Slot;
use shards::Shards;

/// The longest name in bytes: names that come from requests must not fill the memory.
const MOST_NAME: usize = 255;
/// A full registry that found no idle circuit does not search again for so long, lest each unknown name cost a search.
const PAUSE_MS: u64 = 100;

/// Circuit breakers by name.
///
/// Finding one takes a lock that readers share, one of several; making one blocks those alone who look for others in
/// its part, for an insertion. A breaker is used under no lock. On a hot path keep the [`RegistryEntry`].
///
/// There are never more than [`max_circuits`](RegistryConfig::max_circuits). A new one that finds no place takes that of an
/// idle one: CLOSED, with the rules in force, nothing counted, nothing in flight, nobody holding its entry; rather one
/// that nobody has asked for since the last search. Where none is idle there is [`RegistryError::Full`], for at least
/// 100 ms of the registry's clock.
pub struct CircuitBreakerRegistry<B: Breaker = CircuitBreaker<DefaultClock, (), Arc<str>>> {
    shards: Shards<B>,
    factory: Box<dyn BreakerFactory<Breaker = B> + Send + Sync>,
    config: RegistryConfig,
    /// Places that are taken, or about to be.
    taken: AtomicUsize,
    /// When a full registry is searched again.
    search_at: AtomicU64,
    turned_away: AtomicU64,
}

#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
impl CircuitBreakerRegistry {
    /// Breakers of this process by the system's clock and the consecutive rule.
    ///
    /// # Errors
    ///
    /// [`RegistryError::Config`] for the first configuration that is invalid, with the name of its circuit.
    pub fn try_new(config: RegistryConfig) -> Result<Self, RegistryError> {
        Self::try_with_clock(config, crate::system_clock::SystemClock)
    }
}

impl<C: Clock + Clone + Send + Sync + 'static> CircuitBreakerRegistry<CircuitBreaker<C, (), Arc<str>>> {
    /// The same by a clock of your own.
    ///
    /// # Errors
    ///
    /// As [`try_new`](CircuitBreakerRegistry::try_new).
    pub fn try_with_clock(config: RegistryConfig, clock: C) -> Result<Self, RegistryError> {
        Self::try_with_rule(config, clock, ())
    }
}

impl<C, O, R> CircuitBreakerRegistry<CircuitBreaker<C, O, Arc<str>, R>>
where
    C: Clock + Clone + Send + Sync + 'static,
    O: Observer + Clone + Send + Sync + 'static,
    R: Rule + 'static,
{
    /// Breakers of this process by a rule of your choice, all of which tell `observer` what happens.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use halfopen::rules::CountWindow;
    /// use halfopen::{CircuitBreaker, CircuitBreakerRegistry, Config, OnTransition, RegistryConfig, SystemClock};
    ///
    /// let tell = Arc::new(OnTransition::new(|circuit, transition| println!("{circuit}: {transition}")));
    /// let config = RegistryConfig::new().defaults(Config::new().failure_rate_threshold(50).minimum_calls(10));
    /// let circuits: CircuitBreakerRegistry<CircuitBreaker<_, _, _, CountWindow<64>>> =
    ///     CircuitBreakerRegistry::try_with_rule(config, SystemClock, tell)?;
    /// assert!(circuits.register("search")?.allow_request());
    /// # Ok::<(), halfopen::RegistryError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`try_new`](CircuitBreakerRegistry::try_new).
    pub fn try_with_rule(config: RegistryConfig, clock: C, observer: O) -> Result<Self, RegistryError> {
        Self::try_with_factory(config, LocalBreakers::<C, O, R>::new(clock, observer))
    }
}

impl<B: Breaker> CircuitBreakerRegistry<B> {
    /// Breakers of any kind, made by `factory`.
    ///
    /// # Errors
    ///
    /// [`RegistryError::Config`] for the first configuration that the factory refuses, or for `max_circuits`.
    pub fn try_with_factory(
        config: RegistryConfig,
        factory: impl BreakerFactory<Breaker = B> + Send + Sync + 'static,
    ) -> Result<Self, RegistryError> {
        config.check(&factory)?;
        Ok(Self {
            shards: Shards::new(),
            factory: Box::new(factory),
            config,
            taken: AtomicUsize::new(0),
            search_at: AtomicU64::new(0),
            turned_away: AtomicU64::new(0),
        })
    }

    /// The circuit of this name, made as the configuration says if there is none.
    ///
    /// # Errors
    ///
    /// [`RegistryError`]: full, or the name is empty or too long; or what the factory says.
    pub fn register(&self, name: &str) -> Result<RegistryEntry<B>, RegistryError> {
        match self.get(name) {
            Some(entry) => Ok(entry),
            None => self.make(name, self.config.of(name)),
        }
    }

    /// The circuit of this name, made by a configuration of its own if there is none. One that exists stays as it is.
    ///
    /// # Errors
    ///
    /// As [`register`](Self::register).
    pub fn register_with(
        &self,
        name: &str,
        config: CircuitBreakerConfiguration,
    ) -> Result<RegistryEntry<B>, RegistryError> {
        match self.get(name) {
            Some(entry) => Ok(entry),
            None => self.make(name, &config),
        }
    }

    /// The circuit of this name. Makes none.
    #[inline]
    pub fn get(&self, name: &str) -> Option<RegistryEntry<B>> {
        self.shards.get(name).map(RegistryEntry::used)
    }

    /// Every circuit, in no order. To be looked at here does not count as use, but who holds one keeps it from retiring.
    pub fn entries(&self) -> impl Iterator<Item = RegistryEntry<B>> {
        self.shards.iter().map(RegistryEntry::unused)
    }

    /// Takes the circuit of this name out, whatever its state is. Who still holds it may use it; asked for again, the
    /// registry makes another one.
    pub fn remove(&self, name: &str) -> Option<RegistryEntry<B>> {
        let slot = self.shards.remove(name)?;
        self.taken.fetch_sub(1, Relaxed);
        Some(RegistryEntry::unused(slot))
    }

    /// Takes out the circuits that are idle and that nobody has asked for, or held an entry of, for `older_than`, rounded up
    /// to whole milliseconds. Gives their number; asked for again, a circuit starts anew.
    ///
    /// A use is noted without a look at the clock, so its time counts from the next call of this method, or from the next
    /// search for a place. Call it at an interval of your choice, if memory matters before the registry is full.
    pub fn retire_idle(&self, older_than: Duration) -> usize {
        let (now, age) = (self.now(), ceil_millis(older_than));
        let retired = self.shards.retire(|slot| slot.rested(now) >= age);
        self.taken.fetch_sub(retired, Relaxed);
        retired
    }

    /// How many circuits there are, those included that are being made.
    pub fn len(&self) -> usize {
        self.taken.load(Relaxed)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many circuits there can be.
    pub fn capacity(&self) -> usize {
        self.config.capacity()
    }

    /// How often the registry was full: a sign that `max_circuits` is too small, or that names are made of what differs in
    /// every request.
    pub fn turned_away(&self) -> u64 {
        self.turned_away.load(Relaxed)
    }

    #[cold]
    fn make(&self, name: &str, config: &CircuitBreakerConfiguration) -> Result<RegistryEntry<B>, RegistryError> {
        match name.len() {
            0 => return Err(RegistryError::EmptyName),
            1..=MOST_NAME => {}
            _ => return Err(RegistryError::NameTooLong),
        }
        let now = self.now();
        let place = match self.take_place(now) {
            Ok(place) => place,
            // Or another thread has taken the last one for the same circuit.
            Err(full) => {
                return self.get(name).ok_or_else(|| {
                    self.turned_away.fetch_add(1, Relaxed);
                    full
                });
            }
        };
        let name: Arc<str> = Arc::from(name);
        // Under no lock: the factory is the user's. Where two make the same one, the second is dropped.
        let breaker = self
            .factory
            .make(Arc::clone(&name), config)
            .map_err(|error| RegistryError::Config { circuit: Some(Arc::clone(&name)), error })?;
        let (slot, new) = self.shards.insert(Slot::new(name, breaker, now));
        if new {
            core::mem::forget(place);
        }
        Ok(RegistryEntry::used(slot))
    }

    fn take_place(&self, now: u64) -> Result<Place<'_>, RegistryError> {
        let most = self.capacity();
        let more = |taken: usize| (taken < most).then_some(taken + 1);
        while self.taken.fetch_update(Relaxed, Relaxed, more).is_err() {
            if now < self.search_at.load(Relaxed) {
                return Err(RegistryError::Full);
            }
            let retired = self.shards.make_room(now);
            if retired == 0 {
                self.search_at.store(now.saturating_add(PAUSE_MS), Relaxed);
                return Err(RegistryError::Full);
            }
            self.taken.fetch_sub(retired, Relaxed);
        }
        Ok(Place(&self.taken))
    }

    fn now(&self) -> u64 {
        self.factory.now().as_millis()
    }
}

/// A place that is given back if nothing comes of it, as when the factory panics.
struct Place<'a>(&'a AtomicUsize);

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Relaxed);
    }
}

impl<C, O, R> CircuitBreakerRegistry<CircuitBreaker<C, O, Arc<str>, R>>
where
    C: Clock,
    O: Observer,
    R: Rule,
{
    /// Name and snapshot of every circuit, in no order.
    pub fn snapshots(&self) -> Vec<(Arc<str>, Snapshot)> {
        self.shards.iter().map(|slot| (Arc::clone(slot.name()), slot.breaker().snapshot())).collect()
    }
}

impl<B: Breaker> fmt::Debug for CircuitBreakerRegistry<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let states = self.shards.iter().map(|slot| (Arc::clone(slot.name()), slot.breaker().state()));
        f.debug_map().entries(states).finish()
    }
}
