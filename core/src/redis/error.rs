//! What keeps a fleet from being made: never Redis.
//!
//! ```
//! use halfopen::redis::{Fleet, FleetError, FleetOptions};
//!
//! let error = Fleet::from_url("127.0.0.1:6379", FleetOptions::new()).unwrap_err();
//! assert!(matches!(error, FleetError::Url(_)));
//! assert!(error.to_string().starts_with("wrong Redis URL: the scheme must be redis, "));
//! ```

use core::fmt;

use super::connect::v1::UrlError;
use crate::config_error::ConfigError;

/// Why there is no fleet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FleetError {
    /// An option is out of its range.
    Config(ConfigError),
    /// The URL is wrong.
    Url(UrlError),
    /// No runtime of tokio is entered where a fleet was to be driven by tasks.
    NoRuntime,
}

impl fmt::Display for FleetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Config(error) => error.fmt(f),
            Self::Url(error) => error.fmt(f),
            Self::NoRuntime => f.write_str("no runtime of tokio is entered here, and tasks need one"),
        }
    }
}

impl core::error::Error for FleetError {}

impl From<ConfigError> for FleetError {
    fn from(error: ConfigError) -> Self {
        Self::Config(error)
    }
}

impl From<UrlError> for FleetError {
    fn from(error: UrlError) -> Self {
        Self::Url(error)
    }
}
