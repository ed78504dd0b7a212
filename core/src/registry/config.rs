//! How the circuits of a registry behave: by default, and those that are named.
//!
//! ```
//! use halfopen::{Config, RegistryConfig};
//!
//! let defaults = Config::new().failure_threshold(10);
//! let config = RegistryConfig::new().defaults(defaults).circuit("payments", defaults.failure_threshold(3));
//! assert_eq!(config.of("payments"), &defaults.failure_threshold(3));
//! assert_eq!(config.of("mail"), &defaults);
//! ```

use std::collections::HashMap;
use std::sync::Arc;

use super::MOST_NAME;
use super::error::RegistryError;
use super::factory::BreakerFactory;
use crate::config::CircuitBreakerConfiguration;
use crate::config_error::{ConfigError, Unit};

const DEFAULT_CIRCUITS: u32 = 10_000;
const MOST_CIRCUITS: u64 = 1_000_000;

/// The configuration of a [`CircuitBreakerRegistry`](crate::CircuitBreakerRegistry): defaults, circuits of their own
/// configuration, and how many there can be.
///
/// With the feature `serde` it is read from TOML, JSON and the like, where a circuit says only what differs from the defaults:
///
/// ```
/// # #[cfg(feature = "serde")] {
/// use halfopen::{Config, RegistryConfig};
///
/// let config: RegistryConfig = toml::from_str(
///     r#"
///     max_circuits = 500
///
///     [defaults]
///     failure_threshold = 10
///     recovery_timeout_seconds = 5
///
///     [circuits.payments]
///     failure_threshold = 3
///     "#,
/// )?;
/// let expected = Config::new().failure_threshold(3).recovery_timeout(std::time::Duration::from_secs(5));
/// assert_eq!(config.of("payments"), &expected);
///
/// let error = toml::from_str::<RegistryConfig>("circuits.mail.failure_threshold = 0").unwrap_err();
/// assert!(error.to_string().contains("circuit 'mail': failure_threshold is 0, must be 1 to 1023"));
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct RegistryConfig {
    pub(crate) defaults: CircuitBreakerConfiguration,
    pub(crate) circuits: HashMap<Arc<str>, CircuitBreakerConfiguration>,
    pub(crate) max_circuits: u32,
}

impl RegistryConfig {
    /// The defaults of [`Config`](crate::Config) for every circuit, and at most 10,000 circuits.
    #[must_use]
    pub fn new() -> Self {
        let defaults = CircuitBreakerConfiguration::new();
        Self { defaults, circuits: HashMap::new(), max_circuits: DEFAULT_CIRCUITS }
    }

    /// How circuits behave that have no configuration of their own.
    #[must_use]
    pub fn defaults(mut self, config: CircuitBreakerConfiguration) -> Self {
        self.defaults = config;
        self
    }

    /// How the circuit of this name behaves, when it is made. Nothing is taken from the defaults.
    #[must_use]
    pub fn circuit(mut self, name: impl Into<Arc<str>>, config: CircuitBreakerConfiguration) -> Self {
        self.circuits.insert(name.into(), config);
        self
    }

    /// How many circuits there can be: 1 to 1,000,000, by default 10,000.
    #[must_use]
    pub fn max_circuits(mut self, circuits: u32) -> Self {
        self.max_circuits = circuits;
        self
    }

    /// How a circuit of this name behaves.
    #[must_use]
    pub fn of(&self, name: &str) -> &CircuitBreakerConfiguration {
        self.circuits.get(name).unwrap_or(&self.defaults)
    }

    pub(super) fn capacity(&self) -> usize {
        self.max_circuits as usize
    }

    /// The range of `max_circuits`.
    pub(crate) fn check_size(circuits: u64) -> Option<ConfigError> {
        ConfigError::check("max_circuits", circuits, 1, MOST_CIRCUITS, Unit::Count)
    }

    pub(super) fn check(&self, factory: &impl BreakerFactory) -> Result<(), RegistryError> {
        let of_all = |error| RegistryError::Config { circuit: None, error };
        if let Some(error) = Self::check_size(self.max_circuits.into()) {
            return Err(of_all(error));
        }
        factory.check(&self.defaults).map_err(of_all)?;
        // In an order, so that it is always the same error that is told.
        let mut names: std::vec::Vec<_> = self.circuits.iter().collect();
        names.sort_unstable_by_key(|(name, _)| *name);
        for (name, config) in names {
            match name.len() {
                0 => return Err(RegistryError::EmptyName),
                1..=MOST_NAME => {}
                _ => return Err(RegistryError::NameTooLong),
            }
            factory.check(config).map_err(|error| RegistryError::Config { circuit: Some(Arc::clone(name)), error })?;
        }
        Ok(())
    }
}

impl Default for RegistryConfig {
    fn default() -> Self {
        Self::new()
    }
}
