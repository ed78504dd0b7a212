//! Why a table did not take a name.
//!
//! ```
//! use halfopen::{BreakerTable, Config, ManualClock, TableError};
//!
//! let clock = ManualClock::new();
//! let table: BreakerTable<&ManualClock, 1> = BreakerTable::new(Config::new(), &clock);
//! assert_eq!(table.register("").unwrap_err(), TableError::EmptyName);
//! ```

use core::fmt;

use crate::config_error::ConfigError;

/// Why a [`BreakerTable`](crate::BreakerTable) did not do what it was asked to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum TableError {
    /// Every place is taken: retire idle ones, or make the table larger.
    Full,
    /// The name is empty.
    EmptyName,
    /// The name does not fit into the table's type of names.
    NameTooLong,
    /// Without `std` only: another registration or retirement is going on, on another core or in the task that this
    /// interrupt has stopped. Try again later.
    Busy,
    /// There are 2^20 - 1 handles to the circuit of this name, which is all that there can be.
    TooManyHandles,
    /// The configuration is invalid.
    Config(ConfigError),
}

impl fmt::Display for TableError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Full => "the table is full: retire idle circuits or make it larger",
            Self::EmptyName => "operation_name is empty, must be at least 1 byte",
            Self::NameTooLong => "operation_name is longer than the table's names can be",
            Self::Busy => "the table is being changed by somebody else: try again later",
            Self::TooManyHandles => "the circuit has 1048575 handles, which is all that there can be",
            Self::Config(error) => return error.fmt(f),
        })
    }
}

impl core::error::Error for TableError {}

impl From<ConfigError> for TableError {
    fn from(error: ConfigError) -> Self {
        Self::Config(error)
    }
}
