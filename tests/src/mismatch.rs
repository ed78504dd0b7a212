//! What a shell did wrong, precisely.

use core::fmt;

use halfopen::ConfigError;

use crate::fact::Fact;

/// The first thing that was not as a vector expects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mismatch<'a> {
    /// The name of the vector.
    pub vector: &'a str,
    /// The index of the step, from 0.
    pub step: usize,
    /// How many times the step's action had been done when it happened.
    pub repetition: u16,
    /// What was expected.
    pub expected: Fact<'a>,
    /// What was found.
    pub found: Fact<'a>,
    /// Why the configuration was refused, where that is what is wrong.
    pub refused: Option<ConfigError>,
}

impl fmt::Display for Mismatch<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\", step {}", self.vector, self.step)?;
        if self.repetition > 1 {
            write!(f, ", time {}", self.repetition)?;
        }
        write!(f, ": expected {:?}, found {:?}", self.expected, self.found)?;
        match self.refused {
            Some(error) => write!(f, ": {error}"),
            None => Ok(()),
        }
    }
}

impl core::error::Error for Mismatch<'_> {}
