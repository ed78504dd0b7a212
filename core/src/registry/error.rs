//! Why a registry did not do what it was asked to.
//!
//! ```
//! use halfopen::{CircuitBreakerRegistry, RegistryConfig, RegistryError};
//!
//! let circuits = CircuitBreakerRegistry::try_new(RegistryConfig::new())?;
//! assert_eq!(circuits.register("").unwrap_err(), RegistryError::EmptyName);
//! # Ok::<(), RegistryError>(())
//! ```

use core::fmt;
use std::sync::Arc;

use crate::config_error::ConfigError;

/// Why a [`CircuitBreakerRegistry`](crate::CircuitBreakerRegistry) did not give a circuit, or was not made.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RegistryError {
    /// Every place is taken, and no circuit is idle: retire some, or allow more.
    Full,
    /// The name is empty.
    EmptyName,
    /// The name is longer than 255 bytes.
    NameTooLong,
    /// A configuration is invalid.
    Config {
        /// Whose it is; `None`: the defaults, or the registry itself.
        circuit: Option<Arc<str>>,
        /// The field, the value and the range.
        error: ConfigError,
    },
}

impl fmt::Display for RegistryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Full => {
                f.write_str("the registry is full and no circuit is idle: allow more circuits, or remove some")
            }
            Self::EmptyName => f.write_str("operation_name is empty, must be 1 to 255 bytes"),
            Self::NameTooLong => f.write_str("operation_name is longer than 255 bytes, must be 1 to 255 bytes"),
            Self::Config { circuit: Some(name), error } => write!(f, "circuit '{name}': {error}"),
            Self::Config { circuit: None, error } => error.fmt(f),
        }
    }
}

impl core::error::Error for RegistryError {}
