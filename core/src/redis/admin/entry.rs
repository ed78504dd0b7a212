//! A key of the prefix: its name, and what is kept under it.

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use super::Record;

/// A key of the prefix.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    key: Vec<u8>,
    prefix: usize,
    kept: Kept,
}

/// What is kept under a key.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Kept {
    /// A HASH: a circuit, whatever it holds.
    Circuit(Box<Record>),
    /// No HASH but what Redis calls by this name. It is in the way of a circuit.
    Other(String),
}

impl Entry {
    pub(super) fn new(key: &[u8], prefix: usize, kept: Kept) -> Self {
        Self { key: key.to_vec(), prefix: prefix.min(key.len()), kept }
    }

    /// The name of the circuit: the key without the prefix. Bytes that are no UTF-8 are shown as `U+FFFD`.
    #[must_use]
    pub fn name(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(self.name_bytes())
    }

    /// The name as it is.
    #[must_use]
    pub fn name_bytes(&self) -> &[u8] {
        &self.key[self.prefix..]
    }

    /// The whole key.
    #[must_use]
    pub fn key(&self) -> &[u8] {
        &self.key
    }

    /// What is kept there.
    #[must_use]
    pub fn kept(&self) -> &Kept {
        &self.kept
    }

    /// The circuit, if it is one.
    #[must_use]
    pub fn record(&self) -> Option<&Record> {
        match &self.kept {
            Kept::Circuit(record) => Some(record),
            Kept::Other(_) => None,
        }
    }

    /// Whether nothing but time has passed between the two.
    #[must_use]
    pub fn is_like(&self, other: &Self) -> bool {
        match (&self.kept, &other.kept) {
            (Kept::Circuit(one), Kept::Circuit(other)) => one.is_like(other),
            (one, other) => one == other,
        }
    }
}
