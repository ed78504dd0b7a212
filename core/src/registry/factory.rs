//! How the breakers of a registry are made.
//!
//! ```
//! use std::sync::Arc;
//! use halfopen::{BreakerFactory, CircuitBreaker, CircuitBreakerRegistry, Clock, Config, ConfigError, RegistryConfig};
//! use halfopen::{SystemClock, Timestamp};
//!
//! /// Breakers that tell where they are.
//! struct Datacentre(&'static str);
//!
//! impl BreakerFactory for Datacentre {
//!     type Breaker = CircuitBreaker<SystemClock, (), String>;
//!
//!     fn check(&self, config: &Config) -> Result<(), ConfigError> {
//!         config.validate().map(drop)
//!     }
//!
//!     fn make(&self, name: Arc<str>, config: &Config) -> Result<Self::Breaker, ConfigError> {
//!         CircuitBreaker::try_new(format!("{}/{name}", self.0), *config)
//!     }
//!
//!     fn now(&self) -> Timestamp {
//!         SystemClock.now()
//!     }
//! }
//!
//! let circuits = CircuitBreakerRegistry::try_with_factory(RegistryConfig::new(), Datacentre("fra"))?;
//! assert_eq!(circuits.register("mail")?.operation_name(), "fra/mail");
//! # Ok::<(), halfopen::RegistryError>(())
//! ```

use core::fmt;
use core::marker::PhantomData;
use std::sync::Arc;

use crate::breaker::CircuitBreaker;
use crate::clock::Clock;
use crate::config::CircuitBreakerConfiguration;
use crate::config_error::ConfigError;
use crate::contract::Breaker;
use crate::observer::Observer;
use crate::rules::{Checked, Consecutive, Rule};
use crate::time::Timestamp;

/// Makes the breakers of a [`CircuitBreakerRegistry`](crate::CircuitBreakerRegistry).
///
/// An implementation MAY use the registry, which calls it under no lock. Where two threads ask for a name that is new at the
/// same time, both may make a breaker, and one of them is dropped: so it MUST NOT matter that a breaker was made.
pub trait BreakerFactory {
    /// What it makes.
    type Breaker: Breaker;

    /// Whether it could make a breaker by `config`: asked once for the defaults and for each circuit that is named.
    ///
    /// # Errors
    ///
    /// A [`ConfigError`] that names the field, the value and the range.
    fn check(&self, config: &CircuitBreakerConfiguration) -> Result<(), ConfigError>;

    /// Makes a breaker of this name.
    ///
    /// # Errors
    ///
    /// A [`ConfigError`] that names the field, the value and the range.
    fn make(&self, name: Arc<str>, config: &CircuitBreakerConfiguration) -> Result<Self::Breaker, ConfigError>;

    /// The time by which circuits retire.
    fn now(&self) -> Timestamp;
}

impl<F: BreakerFactory + ?Sized> BreakerFactory for Arc<F> {
    type Breaker = F::Breaker;

    fn check(&self, config: &CircuitBreakerConfiguration) -> Result<(), ConfigError> {
        (**self).check(config)
    }

    fn make(&self, name: Arc<str>, config: &CircuitBreakerConfiguration) -> Result<Self::Breaker, ConfigError> {
        (**self).make(name, config)
    }

    fn now(&self) -> Timestamp {
        (**self).now()
    }
}

/// Makes breakers of this process: a clock and an observer, cloned for each, and a rule.
pub struct LocalBreakers<C, O = (), R = Consecutive> {
    clock: C,
    observer: O,
    rule: PhantomData<fn() -> R>,
}

impl<C, O, R> LocalBreakers<C, O, R> {
    /// Breakers that read `clock` and tell `observer`.
    pub const fn new(clock: C, observer: O) -> Self {
        Self { clock, observer, rule: PhantomData }
    }
}

impl<C: Clock + Clone, O: Observer + Clone, R: Rule> BreakerFactory for LocalBreakers<C, O, R> {
    type Breaker = CircuitBreaker<C, O, Arc<str>, R>;

    fn check(&self, config: &CircuitBreakerConfiguration) -> Result<(), ConfigError> {
        Checked::<R>::try_from_config(config).map(drop)
    }

    fn make(&self, name: Arc<str>, config: &CircuitBreakerConfiguration) -> Result<Self::Breaker, ConfigError> {
        let rule = Checked::try_from_config(config)?;
        Ok(CircuitBreaker::with_rule(name, rule, self.clock.clone(), self.observer.clone()))
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }
}

impl<C: fmt::Debug, O, R> fmt::Debug for LocalBreakers<C, O, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalBreakers").field("clock", &self.clock).finish_non_exhaustive()
    }
}
