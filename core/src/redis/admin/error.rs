//! Why an order was not carried out.

use alloc::string::String;
use core::fmt;

use crate::config_error::ConfigError;
use crate::redis::connect::Trouble;
use crate::redis::wire::Order;

/// Why nothing was shown or done.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum AdminError {
    /// The name is empty.
    NoName,
    /// An order is in force, under which nothing but orders counts.
    Forced(Order),
    /// The key holds no HASH but what Redis calls by this name.
    Occupied(String),
    /// An opening cannot be as long or as short as that.
    Opening(ConfigError),
    /// Redis did not do it.
    Redis(Trouble),
}

impl fmt::Display for AdminError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoName => f.write_str("the name of a circuit is empty"),
            Self::Forced(order) => write!(f, "the circuit is forced {}, and stays so until a reset", order.as_str()),
            Self::Occupied(kind) => write!(f, "its key holds a {kind}, which is no circuit"),
            Self::Opening(error) => {
                // There is no configuration here: what is wrong is the argument.
                let text: String = alloc::format!("{error}");
                f.write_str(&text.replace("recovery_timeout_seconds", "the opening in seconds"))
            }
            Self::Redis(trouble) => trouble.fmt(f),
        }
    }
}

impl core::error::Error for AdminError {}

impl From<Trouble> for AdminError {
    fn from(trouble: Trouble) -> Self {
        Self::Redis(trouble)
    }
}
